"""Ports meet implementations: guides and the store, by the settings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from crawler.urls import ResourceUrl, resource_url
from guides.ignores import apply_rules
from guides.load import load
from guides.model import Guide, Library
from loccit.settings import FILE, Settings
from review.text import count, one_line

if TYPE_CHECKING:
    from storage.store import Store
    from storage.sync import Synced

Tell: TypeAlias = Callable[[str], None]

SHOWN: Final = 12
"""Guides named one by one."""


def read_guides(settings: Settings, today: date, paths: Sequence[str] = ()) -> Library:
    """The guides of the configuration, or of `paths` where a command line names some."""
    library = load(settings.root, settings.guides, today=today, paths=paths)
    file = settings.file.name if settings.file is not None else FILE
    return apply_rules(library, settings.links.ignore, file=file, complete=not paths)


def open_store(settings: Settings, *, in_memory: bool = False) -> "Store":
    """The configured store, created and migrated where need be. `in_memory`: one that is forgotten (`--no-state`)."""
    # Not at the top: most of a second goes into a database's modules, and what reads guides alone needs none of them.
    from storage.blobs import BlobSettings
    from storage.store import Store

    chosen = settings.store
    if in_memory:
        return Store.open("sqlite://", keep=chosen.keep, root=settings.root)
    away = BlobSettings(address=chosen.blobs, endpoint=chosen.blobs_endpoint, region=chosen.blobs_region)
    return Store.open(chosen.url, keep=chosen.keep, root=settings.root, bucket=away if chosen.blobs else None)


def key_of(raw: str) -> str | None:
    """The resource that a URL in a guide names; None where it names none that can be fetched."""
    parsed = resource_url(raw)
    return parsed.url if isinstance(parsed, ResourceUrl) else None


def _without_ignored(guide: Guide) -> Guide:
    """What the store knows of a guide: what is ignored is neither fetched nor found fault with."""
    if not any(each.ignored for each in guide.citations):
        return guide
    return replace(guide, citations=tuple(each for each in guide.citations if not each.ignored))


def checked_guides(library: Library) -> list[Guide]:
    """The guides as a store knows them."""
    return [_without_ignored(guide) for guide in library.guides]


def sync(store: "Store", library: Library, at: datetime, *, complete: bool = True, tell: Tell | None = None) -> None:
    """Tell the store which guides there are. With `complete`, others are retired, unless some file was unreadable.

    A guide that is broken today is not a guide that was withdrawn: its findings and bases wait for it. `tell` is told
    what editors may want to hear of.
    """
    unreadable = any(problem.fatal for problem in library.problems)
    guides = checked_guides(library)
    done = store.sync(guides, key=key_of, at=at, complete=complete and not unreadable)
    if tell is not None:
        for line in _changed_guides(done):
            tell(line)


def _changed_guides(done: "Synced") -> Iterator[str]:
    """Guides that are there under another id, and gone ones whose findings ended with them."""
    for was, now in done.renamed[:SHOWN]:
        yield f"{one_line(was)} is {one_line(now)} now: its findings and what it was verified against went with it"
    for guide, findings in [each for each in done.gone if each[1]][:SHOWN]:
        yield f"{one_line(guide)} is no longer there: {count(findings, 'open finding')} of it closed"
