"""A newer algorithm over a stored history: both sides are read anew from raw bytes, and nothing is raised for it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from crawler_looks import Reader

from crawler import drift, fingerprint, observe
from crawler.blocks import Block
from guides.model import Heading, MainContent, Place
from review.model import FindingState

TEXT = (
    "<h1>Delete your account</h1><p>Open the settings and choose Delete account, then confirm your choice.</p>"
    "<h2>Retention</h2><p>We delete your data within 30 days of your request, and tell you so by e-mail.</p>"
    "<p>You may cancel the request at any time before it takes effect, which is what many people do.</p>"
)
BANNER = "<p>Our new app for your telephone is here, and it is better than ever before.</p>"


def whole_page(blocks: Sequence[Block]) -> list[bool]:
    """Another way to find the main content, as a newer version may have one."""
    return [bool(block.text) for block in blocks]


def upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (fingerprint, drift, observe):
        monkeypatch.setattr(module, "ALGORITHM", "blocks-next")
    monkeypatch.setattr(drift, "main_region", whole_page)


@pytest.mark.parametrize("place", [MainContent(), Heading(heading="Retention")])
def test_a_newer_algorithm_raises_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(place)
    for main in (TEXT, TEXT, BANNER + TEXT, TEXT, BANNER + TEXT, TEXT):
        assert not reader.look(main)
    before = fingerprint.print_of(reader.page(reader.known.newest).blocks) if reader.known.newest else ""
    upgrade(monkeypatch)
    assert fingerprint.print_of(reader.page(reader.known.newest).blocks) != before if reader.known.newest else False
    for main in (TEXT, TEXT, BANNER + TEXT, BANNER + TEXT, BANNER + TEXT, TEXT, TEXT):
        assert not reader.look(main)


def test_what_was_dismissed_stays_dismissed(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(MainContent())
    changed = TEXT.replace("30 days", "14 days")
    raised = [op for main in (TEXT, changed, changed, changed, changed) for op in reader.look(main)]
    assert raised
    reader.findings = [replace(one, state=FindingState.DISMISSED) for one in reader.findings]
    upgrade(monkeypatch)
    for _ in range(5):
        assert not reader.look(changed)


def test_a_change_after_the_upgrade_is_still_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(MainContent())
    for _ in range(3):
        assert not reader.look(TEXT)
    upgrade(monkeypatch)
    assert any(reader.look(TEXT.replace("30 days", "14 days")) for _ in range(5))
