"""`loccit export`: snapshots as WARC or WACZ, and each guide's verification status for a site generator."""

import argparse
import hashlib
import json
import os
import re
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import IO, Final

from guides.model import GuideId
from loccit.app import App
from loccit.badges import badge, status_of
from loccit.errors import LoccitError
from loccit.exits import Exit
from loccit.reporting import report_now
from loccit.wiring import key_of, open_store, read_guides, sync
from review.text import count
from storage.store import Store

FILES: Final = {"warc": "loccit.warc.gz", "wacz": "loccit.wacz"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("warc", "wacz", "status"))
    parser.add_argument(
        "--output",
        metavar="PATH",
        help=f"warc, wacz: the file (default {', '.join(FILES.values())}); "
        "status: a folder for status.json and badges (else JSON here)",
    )


def run(options: argparse.Namespace, app: App) -> Exit:
    if options.what == "status":
        return _status(options.output, app)
    return _archive(options.output or FILES[options.what], options.what, app)


def _archive(name: str, what: str, app: App) -> Exit:
    target = app.cwd / name
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_store(app.settings) as store, draft.open("wb") as out:
            told = _write(store, out, what, app)
        draft.replace(target)
    except OSError as error:
        raise LoccitError(f"{name}: cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    app.say(f"wrote {name}: {told}")
    return Exit.OK


def _write(store: Store, out: IO[bytes], what: str, app: App) -> str:
    """Write the archive; gives what is in it, in words."""
    program, user_agent = f"loccit {version('loccit')}", app.settings.crawl.user_agent
    # Neither at the top: status does not need them.
    if what == "warc":
        from loccit.warc import write_warc

        return count(write_warc(store, out, program=program, user_agent=user_agent), "record")
    from loccit.wacz import write_wacz

    made, pages = write_wacz(store, out, program=program, user_agent=user_agent, now=app.clock.now())
    return f"{count(made, 'record')}, {count(pages, 'page')}"


def _status(folder: str | None, app: App) -> Exit:
    library = read_guides(app.settings, app.today())
    app.problems(library.problems)
    with open_store(app.settings) as store:
        sync(store, library, app.clock.now(), tell=app.say)
        report = report_now(app, store, library)
        newest = store.evidence()
    told = status_of(report, lambda url: newest.get(key_of(url) or ""))
    rendered = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    if folder is None or folder == "-":
        with app.output(None) as out:
            out.write(rendered)
        return Exit.OK
    root = Path(folder)
    with app.output(str(app.cwd / root / "status.json")) as out:
        out.write(rendered)
    for line in report.lines:
        with app.output(str(app.cwd / root / "badges" / f"{_file_name(line.view.guide.id)}.svg")) as out:
            out.write(badge(line))
    app.say(f"wrote {folder}: status.json and {count(len(report.lines), 'badge')}")
    return Exit.OK


def _file_name(guide: GuideId) -> str:
    """The guide's id where that is a plain file name; else what is left of it and a digest of all of it."""
    if re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", guide):
        return guide
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", guide)[:60].strip("-")
    return f"{plain or 'guide'}-{hashlib.sha256(guide.encode('utf-8', 'replace')).hexdigest()[:8]}"
