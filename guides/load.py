"""Guides from disk: the only module of this package that reads files for the rest of loccit."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path

from guides.files import Found, find_files
from guides.model import Guide, GuideId, GuideProblem, Library
from guides.read import read_file, too_large
from guides.settings import GuideSettings

_MANY_FILES = 500


def load(root: Path, settings: GuideSettings, *, today: date, paths: Sequence[str] = ()) -> Library:
    """Every guide below `root` that the settings name, and every problem; nothing that a file holds is raised.

    `paths` are files, folders or globs from a command line, relative to the working directory or to `root`; they
    stand in for `settings.paths`.
    """
    root = Path(os.path.normpath(Path.cwd() / root))
    files, problems = find_files(root, settings, paths)
    libraries = _read_all(files, settings, today)
    guides, doubles = _distinct(guide for library in libraries for guide in library.guides)
    found = [problem for library in libraries for problem in library.problems]
    return Library(guides=tuple(guides), problems=(*problems, *found, *doubles))


def _read_all(files: Sequence[Found], settings: GuideSettings, today: date) -> list[Library]:
    """One library a file, in order. Many files are read by several processes."""
    read = partial(_read, settings=settings, today=today)
    if len(files) < _MANY_FILES:
        return [read(file) for file in files]
    # Only here: most projects are small, and this takes its time to import.
    from concurrent.futures.process import BrokenProcessPool

    from guides.parallel import rare_collection, read_in_parallel, workers

    with rare_collection():
        if workers() > 1:
            # No processes to be had (a sandbox, a limit, one that was killed): slower, but no worse.
            with suppress(OSError, BrokenProcessPool):
                return list(read_in_parallel(read, files))
        return [read(file) for file in files]


def _read(file: Found, settings: GuideSettings, today: date) -> Library:
    data = read_bytes(file.path, file.name, settings.max_bytes)
    if isinstance(data, GuideProblem):
        return Library(problems=(data,))
    return read_file(file.name, data, settings, today=today)


def read_bytes(path: Path, name: str, limit: int) -> bytes | GuideProblem:
    """A file's bytes, or why it was not read. Devices, pipes and folders are never opened."""
    try:
        if path.is_dir():
            return GuideProblem(file=name, message="a folder, not a file", hint="rename it, or add it to `ignore`")
        if path.is_symlink() and not path.exists():
            return GuideProblem(file=name, message="a link that leads nowhere", hint="correct or remove the link")
        if not path.is_file():
            return GuideProblem(file=name, message="not a regular file", hint="add it to `ignore`")
        size = path.stat().st_size
        if size > limit:
            return too_large(name, size, limit)
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except PermissionError:
        return GuideProblem(file=name, message="no permission to read it", hint="make it readable, or `ignore` it")
    except OSError as error:
        reason = error.strerror or str(error)
        return GuideProblem(file=name, message=f"cannot be read: {reason}", hint="check the file and its disk")
    return data if len(data) <= limit else too_large(name, len(data), limit)


def _distinct(guides: Iterable[Guide]) -> tuple[list[Guide], list[GuideProblem]]:
    """Guides by their ids, the first of each; the others are problems that name both files."""
    first: dict[GuideId, Guide] = {}
    kept: list[Guide] = []
    problems: list[GuideProblem] = []
    for guide in guides:
        other = first.setdefault(guide.id, guide)
        if other is guide:
            kept.append(guide)
            continue
        problems.append(
            GuideProblem(
                file=guide.file,
                line=guide.line,
                message=f"the id “{guide.id}” is taken by {other.file}:{other.line}; this guide is left out",
                hint="give one of them an `id` of its own, or add one of the files to `ignore`",
            )
        )
    return kept, problems
