"""How guides are found and read: the `[guides]` table of loccit.toml."""

from dataclasses import dataclass
from typing import Final

DEFAULT_PATHS: Final = ("guides/**/*.md",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Which fields of a many-in-one YAML or JSON file are a guide's.

    `path` is a glob like those of `paths`, and need not be among them. `items` is the dotted path to the list (or
    object of objects) that holds the guides, "" for the file itself; `*` steps through every value. The other
    fields name a key of an entry (dotted for nested ones) or are a template such as "Delete your {name} account".
    A template or key that an entry lacks gives an empty field, and an entry without `url` is a guide without
    citations.
    `$key` is the key of an entry of an object, or the number (from 1) of an entry of a list. A `url` or `text`
    key may end in `*`: `url_*` stands for every key that begins with `url_`.
    """

    path: str
    """A glob of the files that this is about; they need not be among `paths`."""
    items: str = ""
    """Dotted path to the list, or object of objects, that holds the guides; "" for the file itself, `*` for every
    value.
    """
    id: str = "id"
    """The field that names a guide; `$key`: its key or its number."""
    title: str = "title"
    """A field, or a template: `"Delete your {name} account"`."""
    url: tuple[str, ...] = ("url",)
    """Fields with cited addresses; `url_*` for all that begin so."""
    text: tuple[str, ...] = ()
    """Fields with the guide's own statements."""
    service: str = ""
    """The field with the service that it is about."""
    difficulty: str = ""
    """The field with the difficulty."""
    verified: str = ""
    """The field with the verified date."""
    tags: str = ""
    """The field with the tags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Links that are left unchecked, and why. `url` is a glob over the whole URL as written (`*` also passes `/`),
    `host` a host or `*.example.org`; with both, both must match.
    """

    reason: str
    """Why; the next editor has to know whether it still holds."""
    url: str = ""
    """A glob over the whole address as written (`*` also passes `/`)."""
    host: str = ""
    """A host, or `*.example.org`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """The `[links]` table."""

    ignore: tuple[Ignore, ...] = ()
    """Links that are left unchecked: tables of `reason` (required) with `url`, a glob over the address, or `host`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideSettings:
    """`inline = false` leaves links in a guide's body out; `ignore` are globs of files to leave out."""

    paths: tuple[str, ...] = DEFAULT_PATHS
    """Globs of the guides' files, from the folder of loccit.toml: Markdown, YAML, JSON, HTML."""
    ignore: tuple[str, ...] = ()
    """Globs of files that are no guides."""
    inline: bool = True
    """Whether links in a guide's body are citations."""
    mapping: tuple[Mapping, ...] = ()
    """Files that hold many guides, and which of their fields is what: see below."""
    max_bytes: int = 5_000_000
    """A file larger than this is no guide: it is reported and not read."""
