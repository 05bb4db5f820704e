"""The schema of a guide's keys: front matter, and guides in YAML and JSON. Each mistake is told with its place."""

import difflib
from dataclasses import dataclass
from datetime import date

from guides.dates import parse_date
from guides.links import Keys, is_spaced
from guides.model import Citation, Claim, Render, Role, Statement, StatementKind
from guides.nodes import Listing, Node, Scalar, Table, named, repeated, shorten
from guides.places import read_place
from guides.source import Problems, Source

DIFFICULTIES = ("easy", "medium", "hard", "impossible")
STATEMENT_KEYS = {
    "steps": StatementKind.STEP,
    "tips": StatementKind.TIP,
    "warnings": StatementKind.WARNING,
    "alternatives": StatementKind.TEXT,
    "faq": StatementKind.TEXT,
}
GUIDE_KEYS = (
    *("id", "title", "service", "difficulty", "time", "verified", "updated", "method", "tags"),
    *("official", "citations", "inline", *STATEMENT_KEYS),
)
CITATION_KEYS = ("id", "title", "url", "supports", "place", "render")
_VERY_CLOSE = 0.84
_MOST_STATEMENTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """What a guide's keys say; "" and () where they say nothing."""

    id: str = ""
    title: str = ""
    service: str = ""
    difficulty: str = ""
    time: str = ""
    verified: date | None = None
    updated: date | None = None
    method: str = ""
    tags: tuple[str, ...] = ()
    inline: bool | None = None
    citations: tuple[Citation, ...] = ()
    statements: tuple[Statement, ...] = ()


class KeyReader:
    """Reads one guide's table of keys. Mistakes go to `problems`; nothing is raised."""

    def __init__(self, source: Source, problems: Problems, *, today: date, keys: Keys) -> None:
        self.source = source
        self.problems = problems
        self.today = today
        self.keys = keys

    def read(self, table: Table) -> Keyed:
        for key in repeated(table):
            self.problems.warn(key.start, f"`{key.text}` stands twice: the last one counts", "remove one of them")
        self._look_alikes(table, GUIDE_KEYS)
        verified = table.get("verified")
        day = self.day(verified, "verified")
        if day is not None and day > self.today and verified is not None:
            self.problems.warn(
                verified.start, f"verified on {day}, which is in the future", f"today is {self.today}: correct the date"
            )
        return Keyed(
            id=self.text(table, "id"),
            title=self.text(table, "title"),
            service=self.text(table, "service"),
            difficulty=self.difficulty(table.get("difficulty")),
            time=self.text(table, "time"),
            verified=day,
            updated=self.day(table.get("updated"), "updated"),
            method=self.text(table, "method"),
            tags=self.tags(table.get("tags")),
            inline=self._truth(table, "inline"),
            citations=(*self._citations(table, Role.OFFICIAL), *self._citations(table, Role.CITATION)),
            statements=self.statements(table),
        )

    def text(self, table: Table, key: str) -> str:
        node = table.get(key)
        if node is None:
            return ""
        if isinstance(node, Scalar):
            return "" if node.is_null else " ".join(node.text.split())
        self.problems.warn(node.start, f"`{key}` must be text, not {named(node)}", f"write `{key}: …` on one line")
        return ""

    def day(self, node: Node | None, key: str) -> date | None:
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return None
        day = parse_date(node.text) if isinstance(node, Scalar) else None
        if day is None:
            self.problems.warn(
                node.start, f"`{key}` is not a date: {named(node)}", f"write it as `{key}: {self.today.isoformat()}`"
            )
        return day

    def difficulty(self, node: Node | None) -> str:
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return ""
        word = node.text.strip() if isinstance(node, Scalar) else ""
        if word.lower() in DIFFICULTIES:
            return word.lower()
        self.problems.warn(node.start, f"`difficulty` is {named(node)}", "use easy, medium, hard or impossible")
        return shorten(word, 40)

    def tags(self, node: Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        if isinstance(node, Scalar):
            return () if node.is_null else tuple(part.strip() for part in node.text.split(",") if part.strip())
        if isinstance(node, Table):
            self.problems.warn(node.start, "`tags` must be a list", "write `tags: [one, two]`")
            return ()
        for item in node.items:
            if not isinstance(item, Scalar):
                self.problems.warn(item.start, f"a tag must be a word, not {named(item)}", "write `tags: [one, two]`")
        return tuple(item.text.strip() for item in node.items if isinstance(item, Scalar) and not item.is_null)

    def statements(self, table: Table) -> tuple[Statement, ...]:
        found: list[Statement] = []
        for key, kind in STATEMENT_KEYS.items():
            node = table.get(key)
            for item in node.items if isinstance(node, Listing) else (node,) if node is not None else ():
                text = spoken(item)
                if text:
                    found.append(Statement(text=text, line=self.source.line_of(item.start), kind=kind))
        found.sort(key=lambda statement: statement.line)
        return tuple(found[:_MOST_STATEMENTS])

    def _truth(self, table: Table, key: str) -> bool | None:
        node = table.get(key)
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return None
        if isinstance(node, Scalar) and node.truth is not None:
            return node.truth
        self.problems.warn(node.start, f"`{key}` must be true or false, not {named(node)}", f"write `{key}: false`")
        return None

    def _look_alikes(self, table: Table, known: tuple[str, ...]) -> None:
        """Keys that are nearly ours. Other unknown ones belong to the site generator and are none of our business."""
        present = {key.text for key, _ in table.entries}
        for key, _ in table.entries:
            if key.text in known or len(key.text) > 30:
                continue
            near = difflib.get_close_matches(key.text.lower(), known, n=1, cutoff=_VERY_CLOSE)
            if near and near[0] not in present:
                self.problems.warn(key.start, f"unknown key `{shorten(key.text)}`", f"did you mean `{near[0]}`?")

    def _citations(self, table: Table, role: Role) -> tuple[Citation, ...]:
        name = "official" if role is Role.OFFICIAL else "citations"
        node = table.get(name)
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return ()
        seen: set[str] = set()
        items = node.items if isinstance(node, Listing) else (node,)
        read = (self._citation(item, number, role, seen) for number, item in enumerate(items, 1))
        return tuple(citation for citation in read if citation is not None)

    def _citation(self, node: Node, number: int, role: Role, seen: set[str]) -> Citation | None:
        if isinstance(node, Scalar) and not node.is_null:
            return self._cite(node, role, number if role is Role.CITATION else None, None)
        url = node.get("url") if isinstance(node, Table) else None
        if not isinstance(node, Table) or not isinstance(url, Scalar) or url.is_null or not url.text.strip():
            at = node.start if url is None else url.start
            self.problems.warn(at, f"{role} {number} has no url, and is left out", "add `url: https://…`, or remove it")
            return None
        self._look_alikes(node, CITATION_KEYS)
        for key in repeated(node):
            self.problems.warn(key.start, f"`{key.text}` stands twice: the last one counts", "remove one of them")
        ident = self.text(node, "id")
        if ident in seen and ident:
            self.problems.warn(
                node.start, f"two entries of `{role}` have the id {shorten(ident)}", "give each an id of its own"
            )
        seen.add(ident)
        count = int(ident) if ident.isascii() and ident.isdigit() and len(ident) < 7 else number
        return self._cite(url, role, count if role is Role.CITATION else None, node)

    def _cite(self, url: Scalar, role: Role, number: int | None, node: Table | None) -> Citation:
        address = url.text.strip()
        offset = url.at + len(url.text) - len(url.text.lstrip())
        if is_spaced(address):
            self.problems.warn(offset, f"a space stands in the URL {shorten(address)}", "write it as %20, or remove it")
        line, column = self.source.position(offset)
        ident = self.text(node, "id") if node is not None else ""
        place = node.get("place") if node is not None else None
        return Citation(
            key=self.keys.name(role, shorten(ident) if ident else address),
            url=address,
            role=role,
            line=line,
            column=column,
            number=number,
            title=self.text(node, "title") if node is not None else "",
            place=None if place is None else read_place(place, self.problems),
            claim=self._claim(node.get("supports")) if node is not None else None,
            render=self._render(node.get("render")) if node is not None else Render.AUTO,
        )

    def _claim(self, node: Node | None) -> Claim | None:
        text = spoken(node) if node is not None else ""
        if not text or node is None:
            return None
        offset = node.at if isinstance(node, Scalar) else node.start
        return Claim(text=text, line=self.source.line_of(offset))

    def _render(self, node: Node | None) -> Render:
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return Render.AUTO
        if isinstance(node, Scalar) and node.text.strip().lower() in list(Render):
            return Render(node.text.strip().lower())
        self.problems.warn(node.start, f"`render` is {named(node)}", "use never, auto or always")
        return Render.AUTO


def spoken(node: Node, depth: int = 3) -> str:
    """The words in a node: a text, or the texts within a list or object, in order (three levels, 10,000 characters)."""
    if isinstance(node, Scalar):
        return "" if node.is_null else " ".join(node.text.split())[:10_000]
    if depth == 0:
        return ""
    children = node.items if isinstance(node, Listing) else tuple(value for _, value in node.entries)
    return " ".join(filter(None, (spoken(child, depth - 1) for child in children[:50])))[:10_000]
