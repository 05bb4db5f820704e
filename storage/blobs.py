"""Bodies in a bucket that speaks Amazon S3's protocol, where the settings name one; else they are in the database.

An object is written before the row that refers to it is committed, under a name that nothing else ever gets: the
body's digest and eight random bytes. So whoever is killed leaves at most an object that no row refers to, and one that
is a day old and still not referred to never will be: `prune` takes it away. Nothing is overwritten.
"""

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, select

from storage.errors import BucketError, StoreError
from storage.rows import AnyRow
from storage.tables import Body

T = TypeVar("T")

MARK: Final = "@"
"""Ends the encoding of a row whose bytes are in the bucket; `data` is then the object's tail and its length."""

GRACE: Final = timedelta(days=1)
"""No transaction takes so long: an object that is older and has no row never gets one."""

_OPTION: Final = "loccit_bucket"
_TAIL: Final = 8
_AT_ONCE: Final = 8
_NAME: Final = re.compile(r"[0-9a-f]{2}/([0-9a-f]{64})-([0-9a-f]{16})")
_ADDRESS: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[A-Za-z0-9._/-]*))?")
_SECONDS: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobSettings:
    """Where bodies go. `address`: `s3://bucket/prefix`. Credentials are in the environment (`AWS_ACCESS_KEY_ID` …)."""

    address: str
    endpoint: str = ""
    region: str = ""


def mistake_in(address: str) -> str:
    """What is wrong with a bucket's address; "" where nothing is."""
    return "" if _ADDRESS.fullmatch(address) else f'{address!r} names no bucket; write "s3://bucket/prefix"'


@dataclass(slots=True, kw_only=True)
class Bucket:
    """Objects by name. Raises StoreError where the bucket does not answer or does not let us in."""

    name: str
    _objects: Any = field(repr=False)

    def put(self, name: str, data: bytes) -> None:
        self._asked(lambda obstore: obstore.put(self._objects, name, data))

    def get(self, name: str) -> bytes | None:
        """None where there is no such object."""
        return self._asked(lambda obstore: bytes(obstore.get(self._objects, name).bytes()), gone=True)

    def get_all(self, names: Sequence[str]) -> list[bytes | None]:
        """Several at once: each of them is a journey."""
        if len(names) < 2:
            return [self.get(name) for name in names]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self.get, names))

    def old_objects(self, before: datetime) -> Iterator[list[str]]:
        """Names of our objects that were written before then, in parts."""
        parts: Iterator[Any] = iter(self._asked(lambda obstore: obstore.list(self._objects, chunk_size=1000)) or ())
        while (part := self._asked(lambda _: next(parts, None))) is not None:
            yield [each["path"] for each in part if each["last_modified"] < before and _NAME.fullmatch(each["path"])]

    def delete(self, names: Sequence[str]) -> None:
        if names:
            self._asked(lambda obstore: obstore.delete(self._objects, list(names)))

    def _asked(self, work: Callable[[Any], T], *, gone: bool = False) -> T | None:
        """What `work` gives. With `gone`, None where there is no such object."""
        import obstore
        from obstore.exceptions import BaseError

        try:
            return work(obstore)
        except (BaseError, OSError) as error:
            # A bucket that is not there says the same of every object, and no body is damaged for that.
            if gone and isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error):
                return None
            raise BucketError(f"bucket {self.name}: {_story(error)}") from error


def _story(error: BaseException) -> str:
    # The library tells everything that it tried, over many lines; the kind of the error is what is to be acted on.
    told = f"{type(error).__name__} {error}"
    if "PermissionDenied" in told or "Unauthenticated" in told or "403" in told:
        return "it does not let us in; look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY and at their rights"
    if "NoSuchBucket" in told:
        return "there is no such bucket; make it, or name another one in store.blobs"
    return "it does not answer as it should; nothing was half written: look at store.blobs_endpoint, and run this again"


def connect(settings: BlobSettings) -> Bucket:
    """The bucket of the settings; nothing is asked of it yet. Raises StoreError where it cannot be one."""
    found = _ADDRESS.fullmatch(settings.address)
    if found is None:
        raise StoreError(f"store.blobs: {mistake_in(settings.address)}")
    try:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store
    except ImportError:
        raise StoreError("store.blobs names a bucket, but its client is not installed; install loccit[s3]") from None
    given: dict[str, Any] = {}
    if settings.endpoint:
        given["endpoint"] = settings.endpoint
    if settings.region:
        given["region"] = settings.region
    try:
        objects = S3Store(
            found["bucket"],
            prefix=(found["prefix"] or "").strip("/") or None,
            client_options={"allow_http": settings.endpoint.startswith("http://"), "timeout": _SECONDS},
            retry_config={"max_retries": 4, "retry_timeout": 2 * _SECONDS},
            **given,
        )
    except (BaseError, ValueError, OSError):
        raise StoreError("store.blobs: the bucket's settings cannot be used; look at store.blobs_endpoint") from None
    return Bucket(name=settings.address, _objects=objects)


# ---------------------------------------------------------------- rows that refer to objects


def attach(engine: Engine, bucket: Bucket) -> Engine:
    """The same engine, whose connections know the bucket."""
    return engine.execution_options(**{_OPTION: bucket})


def of(connection: Connection) -> Bucket | None:
    return connection.get_execution_options().get(_OPTION)


def moved_out(bucket: Bucket | None, digest: str, encoding: str, data: bytes) -> tuple[str, bytes]:
    """What a row holds of these bytes: all of them, or where they are once they have been written to the bucket."""
    if bucket is None:
        return encoding, data
    tail = secrets.token_bytes(_TAIL)
    bucket.put(_named(digest, tail), data)
    return encoding + MARK, tail + len(data).to_bytes(8)


def fetched(connection: Connection, rows: Sequence[AnyRow]) -> list[tuple[str, bytes | None]]:
    """Encoding and bytes of each row (`digest`, `encoding`, `data`); None where the object is gone."""
    away = [row for row in rows if row.encoding.endswith(MARK)]
    bucket = of(connection)
    if away and bucket is None:
        raise StoreError("bodies of this store are in a bucket; name it in store.blobs")
    names = [_named(row.digest, bytes(row.data)[:_TAIL]) for row in away]
    there = iter(bucket.get_all(names) if bucket is not None else ())
    return [
        (row.encoding.removesuffix(MARK), next(there) if row.encoding.endswith(MARK) else bytes(row.data))
        for row in rows
    ]


def stored_bytes(encoding: str, size: int, beginning: bytes) -> int:
    """What a body takes, wherever it is: `size` and `beginning` are those of the row's data."""
    return int.from_bytes(beginning[_TAIL : _TAIL + 8]) if encoding.endswith(MARK) else size


def sweep(connection: Connection, now: datetime, *, dry: bool) -> int:
    """Take away the objects that no row refers to and none will; gives how many there are."""
    bucket = of(connection)
    if bucket is None:
        return 0
    number = 0
    for part in bucket.old_objects(now - GRACE):
        gone = _unreferred(connection, part)
        number += len(gone)
        if not dry:
            bucket.delete(gone)
    return number


def _unreferred(connection: Connection, names: Sequence[str]) -> list[str]:
    wanted = {name: found for name in names if (found := _NAME.fullmatch(name)) is not None}
    digests = sorted({found[1] for found in wanted.values()})
    query = select(Body.digest, Body.data).where(Body.digest.in_(digests), Body.encoding.endswith(MARK))
    kept = {_named(row.digest, bytes(row.data)[:_TAIL]) for row in connection.execute(query)}
    return [name for name in wanted if name not in kept]


def _named(digest: str, tail: bytes) -> str:
    return f"{digest[:2]}/{digest}-{tail.hex()}"
