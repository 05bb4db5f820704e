"""PDF: text page by page, in a child process that may die without harm."""

import time
import zlib

import pytest

from crawler.drift import measure
from crawler.model import DriftKind
from crawler.page import Page, read
from guides.model import MainContent, Quote

BODY = [
    "Retention of data",
    "We delete your data within 30 days of your request, and",
    "tell you so by e-mail.",
    "You may cancel the request before it takes effect.",
    "Contact",
    "Write to privacy@example.org with any question.",
]


def pdf(pages: list[list[str]], *, stream: bytes | None = None) -> bytes:
    """A PDF of one font, one line of text after another."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for lines in pages:
        shown = "".join(
            f"1 0 0 1 50 {780 - 20 * at} Tm ({line.replace('(', '').replace(')', '')}) Tj "
            for at, line in enumerate(lines)
        )
        content = zlib.compress(f"BT /F1 11 Tf {shown} ET".encode("latin-1")) if stream is None else stream
        objects.append(b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(content), content))
        kids.append(len(objects) + 1)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>"
            % len(objects)
        )
    objects[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))
    parts, offsets, at = [b"%PDF-1.5\n"], [], 9
    for number, one in enumerate(objects, start=1):
        offsets.append(at)
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, one))
        at += len(parts[-1])
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(objects) + 1, table))
    parts.append(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, at))
    return b"".join(parts)


def document(*lines: str) -> Page:
    return read(pdf([list(lines)]), content_type="application/pdf")


def test_lines_are_joined_to_paragraphs() -> None:
    texts = [block.text for block in document(*BODY).blocks]
    assert "We delete your data within 30 days of your request, and tell you so by e-mail." in texts
    assert "Contact" in texts


def test_drift_is_measured_as_on_any_page() -> None:
    before = document(*BODY)
    after = document(*[line.replace("30 days", "14 days") for line in BODY])
    found = measure(before, after, MainContent(), {})
    assert (found.kind, found.reason) == (DriftKind.MATERIAL, "30 days → 14 days")
    assert measure(before, before, Quote(quote="within 30 days of your request"), {}).kind is DriftKind.UNCHANGED


def test_running_heads_and_page_numbers_are_no_text() -> None:
    pages = [
        ["Example Ltd, terms of use", f"The fee of step {n} is {70 * n} euros, as the terms say.", f"{n} / 4"]
        for n in range(1, 5)
    ]
    texts = [block.text for block in read(pdf(pages)).blocks]
    assert texts == [f"The fee of step {n} is {70 * n} euros, as the terms say." for n in range(1, 5)]


def test_a_scan_says_so_and_is_never_a_change() -> None:
    empty, other = read(pdf([[]])), read(pdf([[], []]))
    assert empty.kind == "pdf"
    assert "no text layer" in empty.head.unread
    found = measure(empty, other, MainContent(), {})
    assert found.kind is DriftKind.UNLOCATED
    assert "no text layer" in found.reason
    assert measure(empty, read(pdf([[]])), MainContent(), {}).kind is DriftKind.UNCHANGED


BOMB = zlib.compress(zlib.compress(b"\0" * 300_000_000)[:-4], 1)


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-",
        b"%PDF-1.7\n%%EOF",
        pdf([BODY])[:-300],
        pdf([BODY]).replace(b"Kids[5", b"Kids[1"),
        pdf([BODY], stream=zlib.compress(b"q " * 20_000_000)),
        pdf([BODY], stream=BOMB),
        b"%PDF-1.4\n" + b"1 0 obj<<" * 100_000,
    ],
    ids=["head", "empty", "cut", "circle", "bomb", "nested-bomb", "nested"],
)
def test_hostile_documents_end_in_a_page(body: bytes) -> None:
    started = time.monotonic()
    page = read(body, content_type="application/pdf")
    assert page.kind == "pdf"
    assert page.blocks or page.head.unread
    assert time.monotonic() - started < 40
