"""Many files read by several processes, and what they hold brought back in order.

What comes back is packed by hand: dataclasses that are frozen and have slots pickle several times slower on their own.
"""

import gc
import io
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

from guides import model

_In = TypeVar("_In")
_MOST_WORKERS = 4
_CHUNK = 50
"""Files that a process is given at a time."""
_YOUNG = 50_000
"""Objects made before the collector looks for circles; guides have none, and looking through all of them takes long."""
_VALUES: tuple[type[Any], ...] = (
    *(model.Library, model.Guide, model.GuideProblem, model.Citation, model.Claim, model.Statement),
    *(model.Outline, model.InnerLink, model.NumberMark, model.NoteMark),
    *(model.MainContent, model.Css, model.XPath, model.Heading, model.Quote, model.Anchor, model.TextRange),
)
_SLOTS = {cls: tuple(getattr(cls, field.name) for field in fields(cls)) for cls in _VALUES}


def read_in_parallel(read: Callable[[_In], model.Library], files: Sequence[_In]) -> Iterator[model.Library]:
    """What `read` makes of each file, in order. `read` and the files must be such as can be pickled.

    Raises OSError or BrokenProcessPool where no processes are to be had, or one of them was ended.
    """
    # Only here: most projects are small, and this takes its time to import.
    from concurrent.futures import ProcessPoolExecutor

    chunks = [files[at : at + _CHUNK] for at in range(0, len(files), _CHUNK)]
    pool = ProcessPoolExecutor(workers(), initializer=_begin)
    try:
        with _uninterrupted():
            results = pool.map(partial(_read_chunk, read), chunks)
        for packed in results:
            yield from unpack(packed)
    finally:
        pool.shutdown(cancel_futures=True)


def workers() -> int:
    """How many processes may read. One: a process of its own would gain nothing, or must not be forked."""
    forked = multiprocessing.get_start_method() == "fork"
    if forked and threading.active_count() > 1:
        return 1  # what another thread holds at that moment stays locked in the fork for ever
    return min(_MOST_WORKERS, os.cpu_count() or 1)


@contextmanager
def rare_collection() -> Iterator[None]:
    """While very many objects are made that all stay: the collector looks at them less often."""
    usual = gc.get_threshold()
    gc.set_threshold(_YOUNG, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until the processes have begun. They inherit this, and so it never reaches them: it is for the one
    that asked.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """In each process: without the one that asked there is nobody to read for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    gc.freeze()
    gc.set_threshold(_YOUNG)


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read_chunk(read: Callable[[_In], model.Library], files: Sequence[_In]) -> bytes:
    return pack([read(file) for file in files])


def pack(libraries: Iterable[model.Library]) -> bytes:
    """Libraries as bytes that `unpack` reads."""
    out = io.BytesIO()
    pickler = pickle.Pickler(out, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCED
    pickler.dump(list(libraries))
    return out.getvalue()


def unpack(data: bytes) -> list[model.Library]:
    """What `pack` made, in another process of this same program."""
    libraries: list[model.Library] = pickle.loads(data)  # noqa: S301 (our own process wrote it)
    return libraries


def _reducer(cls: type[Any]) -> Callable[[Any], tuple[Callable[..., Any], tuple[Any, ...]]]:
    names = [field.name for field in fields(cls)]
    if len(names) < 2:
        return lambda value: (_made, (cls, *(getattr(value, name) for name in names)))
    read = attrgetter(*names)
    return lambda value: (_made, (cls, *read(value)))


def _made(cls: type[Any], *values: Any) -> Any:
    """A value with its fields set as they were: past `__init__`, which would set them one by one and slowly."""
    made: Any = object.__new__(cls)
    for slot, value in zip(_SLOTS[cls], values, strict=True):
        slot.__set__(made, value)
    return made


_REDUCED = {cls: _reducer(cls) for cls in _VALUES}
