"""What a guide claims: the values that every reader produces and the rest of loccit works on."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NewType, TypeAlias

GuideId = NewType("GuideId", str)
CitationKey = NewType("CitationKey", str)


class Role(StrEnum):
    """How a guide uses a source."""

    OFFICIAL = "official"
    CITATION = "citation"
    INLINE = "inline"


class Render(StrEnum):
    """Whether a source needs a real browser to be read."""

    NEVER = "never"
    AUTO = "auto"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class MainContent:
    """The page's main content: the place of a citation that names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Css:
    """The elements that a CSS selector matches, less what `remove` matches inside them.

    With `until` or `through` it is what stands between two elements: from the first that `css` matches to the next one
    that the other matches, without it or with it.
    """

    css: str
    remove: tuple[str, ...] = ()
    until: str = ""
    through: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class XPath:
    """The elements that an XPath 1.0 expression matches, less what the CSS selectors in `remove` match."""

    xpath: str
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The section under the heading with this text, down to the next heading of its rank."""

    heading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A quotation with what stands before and after it (W3C Web Annotation, TextQuoteSelector)."""

    quote: str
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The element that a URL's `#fragment` names (`id`, or `name` of an `a`)."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRange:
    """One text directive of a URL's `#:~:text=prefix-,start,end,-suffix` (WICG Text Fragments)."""

    start: str
    end: str = ""
    prefix: str = ""
    suffix: str = ""


Place: TypeAlias = MainContent | Css | XPath | Heading | Quote | Anchor | TextRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the guide says on the strength of a source, and where it says so (line counted from 1)."""

    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One use of a source by one guide.

    `url` is as written in the guide, fragment included; it may be malformed (the crawler says so).
    `key` identifies the citation within its guide and does not depend on its line: editing the text
    around a citation must not make it another one. `line` and `column` (in characters) count from 1
    and point at the URL itself.
    """

    key: CitationKey
    url: str
    role: Role
    line: int
    column: int
    number: int | None = None
    title: str = ""
    place: Place | None = None
    claim: Claim | None = None
    render: Render = Render.AUTO
    ignored: str = ""
    """Why it is left unchecked on purpose; "" where it is checked."""


class StatementKind(StrEnum):
    STEP = "step"
    TIP = "tip"
    WARNING = "warning"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A passage of the guide's own text that may rest on a source (line counted from 1)."""

    text: str
    line: int
    kind: StatementKind = StatementKind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerLink:
    """A link within the site, as written."""

    url: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberMark:
    """A citation's number in the text."""

    number: int
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteMark:
    """A footnote's label, where it is referred to or defined."""

    label: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a guide's text offers to other guides (`anchors`, in lower case) and refers to. `body` is the line where
    the text begins, below the front matter.
    """

    body: int
    anchors: frozenset[str] = frozenset()
    links: tuple[InnerLink, ...] = ()
    numbers: tuple[NumberMark, ...] = ()
    lost_notes: tuple[NoteMark, ...] = ()
    """References to footnotes that are not defined."""
    unused_notes: tuple[NoteMark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """A page that an editorial team publishes. `file` is relative to the project's root, with `/`."""

    id: GuideId
    title: str
    file: str
    line: int = 1
    """Where the guide begins in its file (many-in-one files hold more than one)."""
    service: str = ""
    difficulty: str = ""
    time: str = ""
    verified: date | None = None
    updated: date | None = None
    method: str = ""
    tags: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    statements: tuple[Statement, ...] = ()
    outline: Outline | None = field(default=None, compare=False)
    """Of Markdown only; what `check --offline` goes by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideProblem:
    """Something wrong in a guide's file, told to the person who can mend it.

    `fatal` means that no guide could be made of it (the others go on); otherwise the guide was read
    and the problem is a warning.
    """

    file: str
    message: str
    hint: str = ""
    line: int | None = None
    column: int | None = None
    fatal: bool = True
    fails: bool = False
    """The guide was read, but this is a mistake of its own that fails a check (a link that leads nowhere)."""

    @property
    def wrong(self) -> bool:
        """An error, not a warning."""
        return self.fatal or self.fails

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{where}: {self.message}" + (f" ({self.hint})" if self.hint else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Every guide that could be read, and every problem met on the way, both in file order."""

    guides: tuple[Guide, ...] = ()
    problems: tuple[GuideProblem, ...] = ()
