"""Ports meet implementations: guides and the store, by the settings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from crawler.urls import ResourceUrl, resource_url
from guides.ignores import apply_rules
from guides.load import load
from guides.model import Guide, Library
from loccit.settings import FILE, Settings
from storage.store import Store


def read_guides(settings: Settings, today: date, paths: Sequence[str] = ()) -> Library:
    """The guides of the configuration, or of `paths` where a command line names some."""
    library = load(settings.root, settings.guides, today=today, paths=paths)
    file = settings.file.name if settings.file is not None else FILE
    return apply_rules(library, settings.links.ignore, file=file, complete=not paths)


def open_store(settings: Settings, *, in_memory: bool = False) -> Store:
    """The configured store, created and migrated where need be. `in_memory`: one that is forgotten (`--no-state`)."""
    url = "sqlite://" if in_memory else settings.store.url
    return Store.open(url, keep=settings.store.keep, root=settings.root)


def key_of(raw: str) -> str | None:
    """The resource that a URL in a guide names; None where it names none that can be fetched."""
    parsed = resource_url(raw)
    return parsed.url if isinstance(parsed, ResourceUrl) else None


def _without_ignored(guide: Guide) -> Guide:
    """What the store knows of a guide: what is ignored is neither fetched nor found fault with."""
    if not any(each.ignored for each in guide.citations):
        return guide
    return replace(guide, citations=tuple(each for each in guide.citations if not each.ignored))


def sync(store: Store, library: Library, at: datetime, *, complete: bool = True) -> None:
    """Tell the store which guides there are. With `complete`, others are retired, unless some file was unreadable.

    A guide that is broken today is not a guide that was withdrawn: its findings and bases wait for it.
    """
    unreadable = any(problem.fatal for problem in library.problems)
    guides = [_without_ignored(guide) for guide in library.guides]
    store.sync(guides, key=key_of, at=at, complete=complete and not unreadable)
