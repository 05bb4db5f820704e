"""The machine itself: Python and packages, disk and permissions, the guides' files."""

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from guides.model import Library
from loccit.doctor.report import Check, bad, ok, warn
from loccit.settings import Settings
from review.text import count

OURS: Final = ("guides", "crawler", "review", "storage", "loccit")
LEAST_FREE: Final = 100_000_000
"""Bytes below which a crawl may fill the disk before it is done."""
LITTLE_FREE: Final = 1_000_000_000


def python_check() -> Iterator[Check]:
    """Python, the packages that loccit needs, and whether another package stands in for one of ours."""
    version = ".".join(map(str, sys.version_info[:3]))
    missing = _missing()
    if missing:
        yield bad("python", f"Python {version}, without {', '.join(missing)}", "pip install --force-reinstall loccit")
    else:
        yield ok("python", f"Python {version}, loccit {_version('loccit')}, all packages are there")
    for name, owner in _strangers():
        yield bad("python", f"{owner} brings a package {name!r}, too", "install loccit into an environment of its own")


def _missing() -> list[str]:
    """Distributions that are required and not installed."""
    try:
        wanted = metadata.requires("loccit") or []
    except metadata.PackageNotFoundError:
        return []
    names = [re.split(r"[\s<>=!~;\[(]", line, maxsplit=1)[0] for line in wanted if "extra ==" not in line]
    return [name for name in names if _version(name) == ""]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _strangers() -> list[tuple[str, str]]:
    """Packages of ours that another distribution brings as well: the one installed last has overwritten the other."""
    owners = metadata.packages_distributions()
    return [(name, owner) for name in OURS for owner in owners.get(name, []) if owner != "loccit"]


def extras_check(settings: Settings) -> Iterator[Check]:
    """Optional packages that the settings call for."""
    wanted = (
        ("notify", "apprise", bool(settings.notify.targets), "messages are to be sent"),
        ("s3", "obstore", bool(settings.store.blobs), "bodies are kept in a bucket"),
        (
            "postgres",
            "psycopg",
            settings.store.url.startswith(("postgres://", "postgresql")),
            "the store is PostgreSQL",
        ),
    )
    for extra, module, used, why in wanted:
        if used and importlib.util.find_spec(module) is None:
            yield bad("packages", f"{why}, but {module} is not installed", f"pip install 'loccit[{extra}]'")


def guides_check(settings: Settings, library: Library) -> Iterator[Check]:
    """The settings, the guides that they name, and whether decisions can be written into them."""
    file = settings.file.name if settings.file is not None else "no loccit.toml: the defaults hold"
    if not library.guides:
        yield warn("guides", f"none were found ({file})", "see `paths` under [guides], or run loccit init")
        return
    said = f"{count(len(library.guides), 'guide')} ({file})"
    wrong = [problem for problem in library.problems if problem.wrong]
    if wrong:
        yield warn("guides", f"{said}, {count(len(wrong), 'mistake')} in them", f"loccit check shows them: {wrong[0]}")
    else:
        yield ok("guides", said)
    files = sorted({guide.file for guide in library.guides})
    locked = [name for name in files if not os.access(settings.root / name, os.R_OK | os.W_OK)]
    if locked:
        what = f"{count(len(locked), 'file')} of guides cannot be written: {locked[0]}"
        yield warn("permissions", what, "stet sets the verified date there; give loccit the right to write them")
    else:
        yield ok("permissions", f"{count(len(files), 'file')} of guides can be read and written")


def disk_check(settings: Settings, file: Path | None) -> Iterator[Check]:
    """Whether the store's folder can be written, and has room."""
    folder = (file or settings.root / "x").parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    writes = [folder, *([file] if file is not None and file.exists() else [])]
    locked = [place for place in writes if not os.access(place, os.W_OK)]
    if locked and file is not None:
        yield bad(
            "permissions", f"the store's {locked[-1]} cannot be written", "give loccit the right to, or see store.url"
        )
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e9:.1f} GB free at {folder}"
    if free < LEAST_FREE:
        yield bad("disk", said, "make room: a full disk stops every crawl")
    elif free < LITTLE_FREE:
        yield warn("disk", said, "make room, or let old evidence go with loccit prune")
    else:
        yield ok("disk", said)
