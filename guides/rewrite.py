"""Writing to guides' files: whole or not at all, and never over somebody else's change."""

import os
import stat
import tempfile
from contextlib import suppress
from datetime import date
from pathlib import Path

from guides.load import read_bytes
from guides.model import Guide, GuideProblem
from guides.read import mapping_for, read_file
from guides.settings import GuideSettings
from guides.writeback import WritebackError, set_verified

_ATTEMPTS = 5


def write_verified(root: Path, guide: Guide, day: date, settings: GuideSettings) -> None:
    """Set the guide's verified date in its file.

    A file that changes meanwhile is read again. WritebackError says why the file was left as it is.
    """
    path = (root / guide.file).resolve()
    mapping = mapping_for(guide.file, settings) if guide.file.lower().endswith((".json", ".yaml", ".yml")) else None
    for _ in range(_ATTEMPTS):
        before = _read(path, guide, settings)
        after = set_verified(guide.file, before, guide, day, mapping=mapping)
        if after == before:
            return
        _prove(after, guide, day, settings)
        try:
            if _swap(path, before, after):
                return
        except OSError as error:
            raise WritebackError(f"{guide.file}: cannot be written: {error.strerror or error}") from None
    raise WritebackError(f"{guide.file}: it keeps changing while it is written; try again when nobody edits it")


def _prove(data: bytes, guide: Guide, day: date, settings: GuideSettings) -> None:
    """What is about to be written must read as the guide, verified on the day: else the file is left alone."""
    again = read_file(guide.file, data, settings, today=day).guides
    if not any(other.id == guide.id and other.verified == day for other in again):
        raise WritebackError(f"{guide.file}: the date cannot be set safely here; set `verified: {day}` by hand")


def _read(path: Path, guide: Guide, settings: GuideSettings) -> bytes:
    data = read_bytes(path, guide.file, settings.max_bytes)
    if isinstance(data, GuideProblem):
        raise WritebackError(str(data))
    return data


def _swap(path: Path, before: bytes, after: bytes) -> bool:
    """Put `after` in the place of `before`, unless the file holds something else by now."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if not os.access(path, os.W_OK):
        raise PermissionError(13, "no permission to write it")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        if path.read_bytes() != before:
            return False
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    _sync_folder(path.parent)
    return True


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can open folders."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def replace_bytes(root: Path, name: str, before: bytes, after: bytes) -> None:
    """Put `after` in the place of the file's bytes `before`. WritebackError: it holds something else, or cannot be."""
    path = (root / name).resolve()
    try:
        done = _swap(path, before, after)
    except OSError as error:
        raise WritebackError(f"{name}: cannot be written: {error.strerror or error}") from None
    if not done:
        raise WritebackError(f"{name}: it was changed meanwhile and is left as it is; try again")
