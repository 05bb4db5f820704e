"""The text of a first page is read once: when something is learned of it, beside another page."""

from dataclasses import replace

from crawler_looks import Reader, body

from crawler.model import Digest, SnapshotId
from crawler.observe import text_digest
from crawler.page import Page
from crawler.page import read as read_page

_TEXT = "<h1>Delete it</h1><p>Open the settings, choose to delete the account, and confirm it within 30 days.</p>"
_WALL = b"<title>Just a moment...</title><p>Checking your browser before accessing help.example</p><script>x</script>"


def digest_of(content: bytes) -> str:
    return text_digest(read_page(content, content_type="text/html"))


def test_it_is_told_with_the_second_good_page_and_no_other() -> None:
    source = Reader()
    source.look(_TEXT)
    first = source.known.newest
    assert (source.last.text_digest, source.last.earlier_text) == ("", None)
    source.look(_TEXT, nonce=1)  # the same bytes
    assert (source.last.text_digest, source.last.earlier_text) == ("", None)
    source.look(_TEXT, nonce=7)
    assert source.last.text_digest == digest_of(body(_TEXT, 7))
    assert source.last.earlier_text == (first, digest_of(body(_TEXT, 1)))
    source.look(_TEXT, nonce=8)
    assert source.last.text_digest and source.last.earlier_text is None


def test_a_wall_asks_for_nothing_that_is_stored() -> None:
    class Damaged(Reader):
        def page(self, snapshot: object) -> Page:
            raise AssertionError("a stored page was read")

    source = Damaged()
    source.look(_TEXT)
    source.look("", content=_WALL)
    assert source.last.verdict.kind == "blocked" and source.last.earlier_text is None


def test_a_basis_out_of_an_archive_does_not_hide_it() -> None:
    source = Reader()
    source.look(_TEXT)
    first = source.known.newest
    assert first is not None
    source.bodies[90] = body(_TEXT, 90)
    older = replace(first, id=SnapshotId(90), digest=Digest("90"))
    source.known = replace(source.known, cited=(replace(source.known.cited[0], basis=older),))
    source.look(_TEXT, nonce=1)  # the same bytes, measured against the basis: something is learned
    assert source.known.memory
    assert source.last.earlier_text == (first, digest_of(body(_TEXT, 1)))
