"""Bodies in a bucket that speaks Amazon S3's protocol, where the settings name one; else they are in the database.

An object is written before the row that refers to it is committed, under a name that nothing else ever gets: the
body's digest and eight random bytes. So whoever is killed leaves at most an object that no row refers to, and one that
is a day old and still not referred to never will be: `prune` takes it away. Nothing is overwritten.

A bucket (or the part of it under the prefix) belongs to one store, whose name is in an object of its own, written at
the first use. It is read before anything else is: in a bucket that is another store's, or none's, every page of this
one would seem to be lost, and every page of the other one to be left over.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, func, select

from storage import marks
from storage.errors import BucketError, StoreError, WrongBucketError
from storage.rows import AnyRow
from storage.tables import Body, Resource

T = TypeVar("T")

MARK: Final = "@"
"""Ends the encoding of a row whose bytes are in the bucket; `data` is then the object's tail and its length."""

GRACE: Final = timedelta(days=1)
"""No transaction takes so long: an object that is older and has no row never gets one."""

SIGN: Final = "loccit-store.json"
"""The object that tells whose bucket it is."""

_OPTION: Final = "loccit_bucket"
_SAMPLE: Final = 32
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
    vouched: str = ""
    """The store that this bucket was found to belong to."""

    def put(self, name: str, data: bytes) -> None:
        self._asked(lambda obstore: obstore.put(self._objects, name, data))

    def get(self, name: str) -> bytes | None:
        """None where there is no such object."""
        return self._asked(lambda obstore: bytes(obstore.get(self._objects, name).bytes()), gone=True)

    def put_new(self, name: str, data: bytes) -> None:
        """Write an object unless there is one of this name."""

        def work(obstore: Any) -> None:
            from obstore.exceptions import AlreadyExistsError, NotSupportedError, PreconditionError

            try:
                obstore.put(self._objects, name, data, mode="create")
            except (AlreadyExistsError, PreconditionError):
                return
            except NotSupportedError:
                # Not every server knows of it; whoever reads it back sees who was last.
                obstore.put(self._objects, name, data)

        self._asked(work)

    def put_all(self, objects: Sequence[tuple[str, bytes]]) -> None:
        """Several at once: each of them is a journey."""
        if len(objects) < 2:
            for name, data in objects:
                self.put(name, data)
            return
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for done in [pool.submit(self.put, name, data) for name, data in objects]:
                done.result()

    def get_all(self, names: Sequence[str]) -> list[bytes | None]:
        """Several at once: each of them is a journey."""
        if len(names) < 2:
            return [self.get(name) for name in names]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self.get, names))

    def old_objects(self, before: datetime | None = None) -> Iterator[list[str]]:
        """Names of objects that hold bodies, in parts; those that were written before then, where that is given."""
        parts: Iterator[Any] = iter(self._asked(lambda obstore: obstore.list(self._objects, chunk_size=1000)) or ())
        while (part := self._asked(lambda _: next(parts, None))) is not None:
            mine = [each for each in part if _NAME.fullmatch(each["path"])]
            yield [each["path"] for each in mine if before is None or each["last_modified"] < before]

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


def is_attached(engine: Engine) -> bool:
    """Whether bodies go into a bucket."""
    return engine.get_execution_options().get(_OPTION) is not None


def of(connection: Connection) -> Bucket | None:
    """Where bodies go, if not into the database. Raises BucketError where that is not this store's bucket."""
    bucket: Bucket | None = connection.get_execution_options().get(_OPTION)
    if bucket is not None and not bucket.vouched:
        _vouch(connection, bucket)
    return bucket


def _vouch(connection: Connection, bucket: Bucket) -> None:
    mine = marks.store_name(connection)
    sign = bucket.get(SIGN)
    if sign is None:
        has_pages = _refuse_strange(connection, bucket)
        # Who may only read need not sign what is known by its pages.
        with suppress(BucketError) if has_pages else nullcontext():
            bucket.put_new(SIGN, _sign(mine))
        sign = bucket.get(SIGN) or (_sign(mine) if has_pages else None)
    if sign is None or _signed_by(sign) != mine:
        raise WrongBucketError(
            f"bucket {bucket.name}: it belongs to another store ({SIGN} in it says so); nothing was read or changed: "
            "name this store's own bucket and prefix in store.blobs, or an empty prefix for new pages of a store that "
            "has none in a bucket yet"
        )
    bucket.vouched = mine


def _refuse_strange(connection: Connection, bucket: Bucket) -> bool:
    """A bucket without sign is this store's where some of its pages are there (True), or where neither has any."""
    query = select(Body.digest, Body.data).where(Body.encoding.endswith(MARK)).limit(_SAMPLE)
    wanted = [_named(row.digest, bytes(row.data)[:_TAIL]) for row in connection.execute(query)]
    if wanted:
        if any(each is not None for each in bucket.get_all(wanted)):
            return True
        raise WrongBucketError(
            f"bucket {bucket.name}: it holds none of this store's pages ({len(wanted)} were looked for); nothing was "
            "read or changed: name the bucket and prefix in store.blobs that they were written to, or bring its "
            "objects back; if they are lost for good, loccit fsck --repair --accept-loss goes on without them"
        )
    if any(bucket.old_objects()):
        raise WrongBucketError(
            f"bucket {bucket.name}: it holds pages of another store; nothing was read or changed: name an empty prefix "
            "in store.blobs"
        )
    return False


def claim(connection: Connection) -> None:
    """Go on with a bucket that holds none of this store's pages any more. Raises BucketError where it is another's."""
    bucket: Bucket | None = connection.get_execution_options().get(_OPTION)
    if bucket is not None and not bucket.vouched and not any(bucket.old_objects()):
        bucket.put_new(SIGN, _sign(marks.store_name(connection)))


def _sign(store: str) -> bytes:
    return json.dumps({"store": store, "note": "Pages of this loccit store are here; do not remove this."}).encode()


def _signed_by(sign: bytes) -> str:
    try:
        told = json.loads(sign)
    except ValueError:
        return ""
    return str(told.get("store", "")) if isinstance(told, dict) else ""


def moved_out(bucket: Bucket | None, digest: str, encoding: str, data: bytes) -> tuple[str, bytes]:
    """What a row holds of these bytes: all of them, or where they are once they have been written to the bucket."""
    if bucket is None:
        return encoding, data
    row, name, data = to_move({"digest": digest, "encoding": encoding, "data": data})
    bucket.put(name, data)
    return row["encoding"], row["data"]


def to_move(row: Mapping[str, Any]) -> tuple[dict[str, Any], str, bytes]:
    """The row of a body as it is once its bytes are in the bucket; the name of the object and the bytes."""
    tail, data = secrets.token_bytes(_TAIL), row["data"]
    moved = {**row, "encoding": row["encoding"] + MARK, "data": tail + len(data).to_bytes(8)}
    return moved, _named(row["digest"], tail), data


def fetched(connection: Connection, rows: Sequence[AnyRow]) -> list[tuple[str, bytes | None]]:
    """Encoding and bytes of each row (`digest`, `encoding`, `data`); None where the object is gone."""
    away = [row for row in rows if row.encoding.endswith(MARK)]
    bucket = of(connection) if away else None
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
    """Take away the objects that no row refers to and none will; gives how many there are.

    What was written after this store's last look stays: the store may be an old copy of the one that goes on.
    """
    bucket = of(connection)
    last = connection.execute(select(func.max(Resource.checked))).scalar()
    if bucket is None or last is None:
        return 0
    number = 0
    for part in bucket.old_objects(min(now, last) - GRACE):
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
