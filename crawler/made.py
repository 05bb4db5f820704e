"""How a page's text was come by: as it was served, out of the JSON in it, or by running its scripts in a browser.

Pages that were made in different ways differ in menus, order and markup although their source says the same: they are
never compared with each other.
"""

from enum import StrEnum

from crawler.htmlpage import HtmlPage

RENDERED_TYPE = "text/html; charset=utf-8; loccit=rendered"
"""The content type under which what a browser made is kept, so that whoever reads it again knows."""


class Made(StrEnum):
    PLAIN = "plain"
    EMBEDDED = "embedded"
    RENDERED = "rendered"


IN_WORDS = {
    Made.PLAIN: "as the server sends it",
    Made.EMBEDDED: "from the data that its scripts are given",
    Made.RENDERED: "as a browser shows it",
}


class EmbeddedPage(HtmlPage):
    """A page whose text was found in its embedded JSON; `source` is a document made of that text."""

    __slots__ = ()

    @property
    def made(self) -> str:
        return Made.EMBEDDED


class RenderedPage(HtmlPage):
    """What a browser made of a page."""

    __slots__ = ()

    @property
    def made(self) -> str:
        return Made.RENDERED


def is_rendered(content_type: str) -> bool:
    """Whether this is the content type of what a browser made."""
    return "loccit=rendered" in content_type.replace(" ", "").lower()
