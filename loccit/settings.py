"""Settings: default < file < environment < argument.

The file is the nearest `loccit.toml`, or the nearest `pyproject.toml` with a `[tool.loccit]` table, going up from
the working directory. `LOCCIT_SECTION__KEY` overrides one key; its value is TOML (`["a"]`, `5`, `true`) or plain text.
"""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from crawler.policy import CrawlSettings, NetworkSettings, Policy, Schedule
from guides.settings import GuideSettings, Ignore, LinkSettings
from guides.settings import Mapping as GuideMapping
from loccit.errors import SettingsError
from loccit.ranges import mistakes
from review.settings import NotifySettings, ReviewSettings

T = TypeVar("T")

FILE = "loccit.toml"

DURATIONS = tuple(item.name for item in dataclasses.fields(Schedule) if item.type is timedelta)
"""The keys of [schedule] that are lengths of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    url: str = "sqlite:///.loccit/loccit.db"
    """Where everything is kept: a file of SQLite (paths start at the folder of loccit.toml), or PostgreSQL:
    `postgresql+psycopg://user@host/database`.
    """
    keep: str = "texts"
    """`texts`: a page's body is kept whenever its visible text is new; `all`: every distinct body."""
    whole_days: int = 180
    """`prune` leaves what is younger alone."""
    thin_days: int = 30
    """… and of older snapshots keeps one in so many days, besides all that something refers to; 0: all of them."""
    looks_days: int = 730
    """Of older looks, those at which something changed are kept; 0: all of them."""
    blobs: str = ""
    """`s3://bucket/prefix`: new bodies go there; "": into the database. Credentials: `AWS_ACCESS_KEY_ID` and so on."""
    blobs_endpoint: str = ""
    """Of a bucket that is not Amazon's: `https://s3.example.org`."""
    blobs_region: str = ""
    """Of that bucket, where it has one: `eu-central-1`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSettings:
    memento: str = "https://web.archive.org/web/"
    """The TimeGate (RFC 7089) that is asked for pages as they were, and for copies of dead ones; "" asks none."""
    budget: int = 60
    """Requests to the archive in one run, at most; what is left is asked in the next one. 0: `crawl` asks nothing."""
    delay: float = 2.0
    """Seconds between two requests to the archive; there is never more than one under way."""
    time_limit: float = 180.0
    """Seconds that a run may go on asking, at most."""
    max_distance_days: int = 90
    """A copy that is farther from the verified day is of no use."""
    suggest: int = 12
    """Requests to the host of a dead page, to find where the page is now; 0: it is not looked for."""
    save: bool = False
    """Whether the archive is asked to save newly cited pages."""
    save_url: str = "https://web.archive.org/save/"
    """Prefix by which a page is saved (Save Page Now)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSettings:
    file: str = "loccit-baseline.json"
    """Relative to the configuration's folder."""
    days: int = 90
    """How long a failure that is written into it is borne with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. `root` is the folder of the file (else the working directory): paths start there."""

    root: Path
    file: Path | None = None
    guides: GuideSettings = field(default_factory=GuideSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    crawl: CrawlSettings = field(default_factory=CrawlSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    policy: Policy = field(default_factory=Policy)
    schedule: Schedule = field(default_factory=Schedule)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    links: LinkSettings = field(default_factory=LinkSettings)
    baseline: BaselineSettings = field(default_factory=BaselineSettings)
    review: ReviewSettings = field(default_factory=ReviewSettings)
    notify: NotifySettings = field(default_factory=NotifySettings)


SECTIONS: dict[str, type[Any]] = {
    "guides": GuideSettings,
    "store": StoreSettings,
    "crawl": CrawlSettings,
    "network": NetworkSettings,
    "policy": Policy,
    "schedule": Schedule,
    "archive": ArchiveSettings,
    "links": LinkSettings,
    "baseline": BaselineSettings,
    "review": ReviewSettings,
    "notify": NotifySettings,
}


def load(start: Path, environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """The settings that hold in `start`; `file` names the file instead of looking for it. Raises SettingsError."""
    found = file if file is not None else find(start)
    tables: dict[str, Any] = {}
    text = ""
    if found is not None:
        text, tables = _read(found)
    where = _Where(name=_shown(found, start), text=text)
    _check_keys("", tables, SECTIONS, where)
    tables = {name: dict(_table(name, table, where)) for name, table in tables.items()}
    origins = _environment(tables, environ)
    made: dict[str, Any] = {}
    for name, kind in SECTIONS.items():
        table = tables.get(name, {})
        _check_keys(name, table, {item.name: None for item in dataclasses.fields(kind)}, where)
        made[name] = _section(name, kind, table, where, origins)
    root = found.resolve().parent if found is not None else start.resolve()
    settings = Settings(root=root, file=found, **made)
    for mistake in mistakes(settings):
        place = origins.get((mistake.section, mistake.key)) or where.line(mistake.section, mistake.key)
        raise SettingsError(f"{place}: [{mistake.section}] {mistake.key}: {mistake.message}", mistake.hint)
    return settings


def find(start: Path) -> Path | None:
    """The nearest loccit.toml, or pyproject.toml with a [tool.loccit] table, going up from `start`."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / FILE).is_file():
            return folder / FILE
        pyproject = folder / "pyproject.toml"
        if pyproject.is_file():
            try:
                if "loccit" in tomllib.loads(pyproject.read_text("utf-8")).get("tool", {}):
                    return pyproject
            except (OSError, ValueError):
                continue
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where:
    """The file that a mistake is in, to name the line of a key."""

    name: str
    text: str

    def line(self, section: str, key: str) -> str:
        current = ""
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := re.match(r"\s*\[+\s*(?:tool\.loccit\.?)?([\w.-]*)\s*\]+", line):
                current = header.group(1)
                if key == current and not section:
                    return f"{self.name}:{number}"
            elif current in (section, f"{section}.mapping", f"{section}.ignore") and re.match(
                rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line
            ):
                return f"{self.name}:{number}"
        return self.name


def _shown(file: Path | None, start: Path) -> str:
    if file is None:
        return FILE
    try:
        return str(file.resolve().relative_to(start.resolve()))
    except ValueError:
        return str(file)


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(f"{file}: there is no such file", "Write one with `loccit init`.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not UTF-8 text", "TOML files are UTF-8; save it again as such.") from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+), column (\d+)", str(error))
        place = f"{file}:{at.group(1)}:{at.group(2)}" if at else str(file)
        raise SettingsError(f"{place}: not valid TOML: {re.sub(r' [(]at .*[)]$', '', str(error))}") from None
    if file.name == "pyproject.toml":
        tables = tables.get("tool", {}).get("loccit", {})
    return text, tables


def _table(name: str, table: object, where: _Where) -> Mapping[str, Any]:
    if not isinstance(table, dict):
        raise SettingsError(f"{where.line('', name)}: `{name}` is a table: write [{name}]")
    return table


def _check_keys(section: str, table: Mapping[str, Any], known: Mapping[str, Any], where: _Where) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            named = f"[{section}] {key}" if section else f"[{key}]"
            hint = f"Did you mean `{near[0]}`?" if near else f"Known are: {', '.join(known)}."
            raise SettingsError(f"{where.line(section, key)}: unknown setting {named}", hint)


def _environment(tables: dict[str, Any], environ: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Lay the environment over the tables; gives the variable that each overridden key came from."""
    origins: dict[tuple[str, str], str] = {}
    for variable, value in environ.items():
        if not variable.startswith("LOCCIT_") or "__" not in variable:
            continue
        section, key = variable.removeprefix("LOCCIT_").lower().split("__", 1)
        keys = {item.name: item for item in dataclasses.fields(SECTIONS[section])} if section in SECTIONS else {}
        if key not in keys:
            near = difflib.get_close_matches(key, keys or SECTIONS, n=1, cutoff=0.5)
            hint = f"Did you mean `{near[0]}`?" if near else f"Sections are: {', '.join(SECTIONS)}."
            raise SettingsError(f"environment variable {variable}: unknown setting", hint)
        tables.setdefault(section, {})[key] = _parse(value, plain=keys[key].type is str)
        origins[section, key] = variable
    return origins


def _parse(value: str, *, plain: bool) -> Any:
    if plain:
        return value
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


def _section(name: str, kind: type[T], table: dict[str, Any], where: _Where, origins: Mapping[Any, str]) -> T:
    values = dict(table)
    for key, value in values.items():
        place = origins.get((name, key)) or where.line(name, key)
        if kind is Schedule and key in DURATIONS:
            values[key] = duration(value, f"{place}: [{name}] {key}")
        elif name == "guides" and key == "mapping" and isinstance(value, list):
            known = {item.name: None for item in dataclasses.fields(GuideMapping)}
            for entry in value:
                _check_keys("guides.mapping", entry if isinstance(entry, dict) else {}, known, where)
            values[key] = [_listed(entry) for entry in value]
        elif name == "links" and key == "ignore" and isinstance(value, list):
            known = {item.name: None for item in dataclasses.fields(Ignore)}
            for entry in value:
                _check_keys("links.ignore", entry if isinstance(entry, dict) else {}, known, where)
        try:
            field_kind = next(item.type for item in dataclasses.fields(kind) if item.name == key)  # type: ignore[arg-type]
            values[key] = msgspec.convert(values[key], type=field_kind)
        except msgspec.ValidationError as error:
            raise SettingsError(f"{place}: [{name}] {key}: {_human(str(error))}") from None
    return kind(**values)


def _listed(entry: object) -> object:
    """A mapping's `url` and `text` may be one name instead of a list."""
    if not isinstance(entry, dict):
        return entry
    return {
        key: [value] if key in ("url", "text") and isinstance(value, str) else value for key, value in entry.items()
    }


def _human(message: str) -> str:
    names = {
        "`int`": "a whole number",
        "`float`": "a number",
        "`str`": "text",
        "`array`": "a list",
        "`bool`": "true or false",
    }
    for word, plain in names.items():
        message = message.replace(word, plain)
    return re.sub(r" - at `\$(.*?)`$", lambda at: f" (in {at.group(1)})" if at.group(1) else "", message).replace(
        "Expected", "expected"
    )


def duration(value: object, what: str) -> timedelta:
    """`"6h"`, `"30d"`, `"90m"`, `"45s"`, `"1d12h"`, or a number of seconds. Raises SettingsError naming `what`."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        return timedelta(seconds=value)
    if isinstance(value, str) and re.fullmatch(r"(\d+(\.\d+)?[smhdw]\s*)+", value.strip()):
        seconds = sum(float(n) * units[u] for n, _, u in re.findall(r"(\d+(\.\d+)?)([smhdw])", value))
        if 0 < seconds < 10**9:
            return timedelta(seconds=seconds)
    raise SettingsError(f'{what}: {value!r} is not a length of time; write "12h", "30d" or "90m"')
