"""What keeps a store in order, each as transactions of its own: checking, mending, thinning."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, func, select

from storage import blobs, fsck, marks, pictures, repair, retention
from storage.engine import Database
from storage.tables import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was looked at, and what was found."""

    bodies: int
    snapshots: int
    damages: tuple[fsck.Damage, ...]
    audit_end: tuple[int, str] | None = None
    """Entries in the audit log, and the hash of the last: noted elsewhere, it proves later what the log held."""
    refused: str = ""
    """Why nothing was mended, though it was asked for."""

    @property
    def whole(self) -> bool:
        """Whether nothing is damaged any more."""
        return all(each.repaired for each in self.damages)


def check(database: Database, *, mend: bool, accept_loss: bool, at: datetime) -> Checked:
    """See `Store.fsck`."""
    if mend and accept_loss:
        database.read(blobs.claim)
    checked = database.read(_checked)
    if not mend or checked.whole:
        return checked
    # Only where there is something to mend is anybody kept from writing for as long as that takes.
    return database.write(partial(_mended, at=at, accept_loss=accept_loss))


def _checked(connection: Connection) -> Checked:
    kept, snapshots = fsck.counts(connection)
    damages = tuple(fsck.damages(connection))
    return Checked(bodies=kept, snapshots=snapshots, damages=damages, audit_end=marks.audit_end(connection))


def _mended(connection: Connection, *, at: datetime, accept_loss: bool) -> Checked:
    found = _checked(connection)
    away = select(func.count()).select_from(Body).where(Body.encoding.endswith(blobs.MARK))
    in_bucket = connection.execute(away).scalar_one()
    if not accept_loss and (why := repair.too_much(found.damages, kept=found.bodies, in_bucket=in_bucket)):
        return replace(found, refused=why)
    mended = repair.repair(connection, list(found.damages), at)
    told = tuple(replace(each, repaired=number in mended) for number, each in enumerate(found.damages))
    return replace(found, damages=told)


def prune(database: Database, rule: retention.Retention, *, now: datetime, dry: bool) -> retention.Pruned:
    """See `Store.prune`."""
    with database.reading() as connection:
        every = retention.resources(connection)
    done = retention.Pruned()
    for resource in every:
        done += database.write(partial(retention.prune, resource=resource, rule=rule, now=now, dry=dry))
    if not dry:
        database.write(pictures.sweep)
    swept = database.read(lambda connection: blobs.sweep(connection, now, dry=dry))
    return done + retention.Pruned(objects=swept)
