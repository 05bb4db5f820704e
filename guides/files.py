"""Finding guide files below a folder: globs, ignored folders, symbolic links that lead in circles."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from guides.model import GuideProblem
from guides.read import KNOWN, matches
from guides.settings import DEFAULT_PATHS, GuideSettings

NEVER = frozenset({"__pycache__", ".git", ".hg", ".svn", "node_modules", ".venv", "venv", ".tox", ".loccit"})
_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read: its name relative to the project's root, and where it is."""

    name: str
    path: Path


def name_of(path: Path, root: Path) -> str:
    """A path as it is shown: relative to the root with `/` where it lies below it, else whole."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return Path(os.path.relpath(path, root)).as_posix()


def find_files(
    root: Path, settings: GuideSettings, paths: Sequence[str] = ()
) -> tuple[list[Found], list[GuideProblem]]:
    """The files that `settings.paths` and its mappings name, or the explicit `paths`, each once, in name order."""
    found: dict[str, Found] = {}
    problems: list[GuideProblem] = []
    seen: set[tuple[int, int]] = set()
    mapped = tuple(mapping.path for mapping in settings.mapping)
    wanted = [pattern.replace(os.sep, "/") for pattern in (paths or (*settings.paths, *mapped))]
    for pattern in dict.fromkeys(wanted):
        matched = 0
        for path in _expand(root, pattern, explicit=bool(paths)):
            matched += 1
            name = name_of(path, root)
            if name in found or any(matches(name, glob) for glob in settings.ignore):
                continue
            key = _identity(path)
            if key is not None and key in seen:
                continue
            seen.update([key] if key else [])
            found[name] = Found(name, path)
        # Who maps files and leaves `paths` as it was has no guides of the default kind, and need not be told so.
        if not matched and not (mapped and pattern in DEFAULT_PATHS):
            problems.append(_nothing(root, pattern, explicit=bool(paths)))
    return sorted(found.values(), key=lambda file: file.name), problems


def _identity(path: Path) -> tuple[int, int] | None:
    """What a path leads to, whatever it is called: a file behind a symbolic link is read once."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _nothing(root: Path, pattern: str, *, explicit: bool) -> GuideProblem:
    if explicit:
        return GuideProblem(
            file=pattern, message="no such file, folder or match", hint="check the path; globs with ** need quotes"
        )
    return GuideProblem(
        file=pattern,
        message=f"no guide matches this pattern of `paths` or of a mapping below {root.name or root}",
        hint="correct it in [guides] of loccit.toml",
        fatal=False,
    )


def _expand(root: Path, pattern: str, *, explicit: bool) -> Iterator[Path]:
    if explicit:
        for base in dict.fromkeys((Path.cwd(), root)):
            path = Path(os.path.normpath(base / pattern))
            if os.path.lexists(path):
                yield from _folder(path) if path.is_dir() and not pattern.lower().endswith(KNOWN) else (path,)
                return
            matched = list(_glob(base, pattern))
            if matched:
                yield from matched
                return
        return
    yield from _glob(root, pattern)


def _folder(path: Path) -> Iterator[Path]:
    return (file for file in walk(path) if file.name.lower().endswith(KNOWN))


def _glob(root: Path, pattern: str) -> Iterator[Path]:
    """Files (and folders named like a guide, which are reported) that match; its fixed front is not walked."""
    parts = PurePosixPath(pattern).parts
    fixed = next((i for i, part in enumerate(parts) if _WILD & set(part)), len(parts))
    base = Path(os.path.normpath(root.joinpath(*parts[:fixed])))
    rest = "/".join(parts[fixed:])
    if not rest:
        if os.path.lexists(base):
            yield from _folder(base) if base.is_dir() and not base.name.lower().endswith(KNOWN) else (base,)
        return
    deep = None if "**" in rest else rest.count("/")
    for path in walk(base, folders=True, deep=deep):
        if matches(path.relative_to(base).as_posix(), rest) and (
            not path.is_dir() or path.name.lower().endswith(KNOWN)
        ):
            yield path


def walk(top: Path, *, folders: bool = False, deep: int | None = None) -> Iterator[Path]:
    """Every file below a folder, in name order, depth first, following links but no folder twice.

    A folder that cannot be opened counts as empty. `folders`: folders too; `deep`: no further down than this.
    """
    visited: set[tuple[int, int]] = set()
    stack: list[tuple[Path, int]] = [(top, 0)]
    while stack:
        path, level = stack.pop()
        if path != top and not path.is_dir():
            yield path
            continue
        if folders and path != top:
            yield path
        key = _identity(path)
        if key is None or key in visited or (deep is not None and level > deep):
            continue
        visited.add(key)
        try:
            children = sorted(path.iterdir(), reverse=True)
        except OSError:
            continue
        stack += [(child, level + 1) for child in children if child.name not in NEVER]
