"""Ports meet implementations: guides and the store, by the settings."""

from collections.abc import Sequence
from datetime import date, datetime

from crawler.urls import ResourceUrl, resource_url
from guides.load import load
from guides.model import Library
from loccit.settings import Settings
from storage.store import Store


def read_guides(settings: Settings, today: date, paths: Sequence[str] = ()) -> Library:
    """The guides of the configuration, or of `paths` where a command line names some."""
    return load(settings.root, settings.guides, today=today, paths=paths)


def open_store(settings: Settings, *, in_memory: bool = False) -> Store:
    """The configured store, created and migrated where need be. `in_memory`: one that is forgotten (`--no-state`)."""
    url = "sqlite://" if in_memory else settings.store.url
    return Store.open(url, keep=settings.store.keep, root=settings.root)


def key_of(raw: str) -> str | None:
    """The resource that a URL in a guide names; None where it names none that can be fetched."""
    parsed = resource_url(raw)
    return parsed.url if isinstance(parsed, ResourceUrl) else None


def sync(store: Store, library: Library, at: datetime, *, complete: bool = True) -> None:
    """Tell the store which guides there are. With `complete`, others are retired, unless some file was unreadable.

    A guide that is broken today is not a guide that was withdrawn: its findings and bases wait for it.
    """
    unreadable = any(problem.fatal for problem in library.problems)
    store.sync(library.guides, key=key_of, at=at, complete=complete and not unreadable)
