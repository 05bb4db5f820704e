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
    items: str = ""
    id: str = "id"
    title: str = "title"
    url: tuple[str, ...] = ("url",)
    text: tuple[str, ...] = ()
    service: str = ""
    difficulty: str = ""
    verified: str = ""
    tags: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Links that are left unchecked, and why. `url` is a glob over the whole URL as written (`*` also passes `/`),
    `host` a host or `*.example.org`; with both, both must match.
    """

    reason: str
    url: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """The `[links]` table."""

    ignore: tuple[Ignore, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideSettings:
    """`inline = false` leaves links in a guide's body out; `ignore` are globs of files to leave out."""

    paths: tuple[str, ...] = DEFAULT_PATHS
    ignore: tuple[str, ...] = ()
    inline: bool = True
    mapping: tuple[Mapping, ...] = ()
    max_bytes: int = 5_000_000
    """A file larger than this is no guide: it is reported and not read."""
