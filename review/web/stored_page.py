"""A stored page, shown as it looked and unable to do anything: no script, no network, no form, no frame, no link."""

from base64 import b64encode
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from crawler.model import SnapshotId
from review.cleaning import cleaned
from review.passages import Row, compare_pages
from review.web.site import site_of
from review.web.source_page import stored_page

POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, max-age=3600",
    "X-Robots-Tag": "noindex",
}


def stored(request: Request) -> Response:
    """The page of a snapshot; with `against`, the passages that differ from that one are marked."""
    site = site_of(request)
    number = SnapshotId(request.path_params["number"])
    found = stored_page(site, number)
    if found is None:
        return _plain("The bytes of this page are no longer kept.", 404)
    snapshot, page, _ = found
    differing: frozenset[str] = frozenset()
    against = request.query_params.get("against", "")
    if against.isascii() and against.isdigit() and len(against) < 16:
        other = stored_page(site, SnapshotId(int(against)))
        if other is not None:
            rows = [
                part for part in compare_pages(other[1], page).parts if isinstance(part, Row) and part.kind != "same"
            ]
            differing = frozenset("".join(mark.text for mark in row.marks if mark.kind != "deleted") for row in rows)
    if page.kind not in ("html", "xml"):
        return _text([block.text for block in page.blocks], differing)
    shown = cleaned(page.source, differing, base=snapshot.final_url)
    return HTMLResponse(_with_picture(shown, site.bench.snapshot_picture(number)), headers=HEADERS)


def _with_picture(document: str, picture: bytes | None) -> str:
    """The document, and below it how the browser showed the page."""
    if picture is None:
        return document
    source = b64encode(picture).decode("ascii")
    figure = (
        "<hr><figure><figcaption>As the browser showed it</figcaption>"
        f'<img alt="Picture of the page in the browser" style="max-width:100%" src="data:image/jpeg;base64,{source}">'
        "</figure>"
    )
    start, end, rest = document.rpartition("</body>")
    return f"{start}{figure}{end}{rest}"


def _plain(words: str, status: int) -> Response:
    return HTMLResponse(cleaned(f"<p>{words}</p>", frozenset(), base=""), status, headers=HEADERS)


def _text(blocks: list[str], differing: frozenset[str]) -> Response:
    """What is no HTML (a PDF, plain text) as its passages."""
    from markupsafe import escape

    markup = "".join(f"<p>{escape(block)}</p>" for block in blocks[:20_000])
    return HTMLResponse(cleaned(markup, differing, base=""), headers=HEADERS)
