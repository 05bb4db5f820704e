"""Where a link leads is cosmetic, but for whom it lets people write to or call."""

import pytest
from crawler_pages import drift

from crawler.model import DriftKind

BODY = (
    "<h2>Deletion</h2><p>We delete your data within 30 days of your request, and tell you so.</p>"
    "<h2>Contact</h2><p>For questions <a href='{0}'>write to us</a> at any time, and we will answer.</p>"
)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("mailto:a@example.org", "mailto:dpo@example.com", DriftKind.MATERIAL),
        ("tel:+49 30 1234567", "tel:+49 30 7654321", DriftKind.MATERIAL),
        ("MAILTO:A@Example.org?subject=Hello%20there", "mailto:a%40example.org?subject=Bye", DriftKind.UNCHANGED),
        ("tel:+49301234567", "tel:+49-30-123-4567", DriftKind.UNCHANGED),
        ("/contact", "/kontakt?utm_source=x", DriftKind.UNCHANGED),
        ("/contact", "mailto:a@example.org", DriftKind.UNCHANGED),
        ("mailto:", "mailto:%00%ff", DriftKind.UNCHANGED),
    ],
)
def test_targets(old: str, new: str, kind: DriftKind) -> None:
    found = drift(BODY.format(old), BODY.format(new))
    assert found.kind is kind
    if kind is DriftKind.MATERIAL:
        assert found.reason.startswith("whom to contact: ")
        assert " → " in found.reason
        assert found.changes[0].heading == "Contact"


def test_other_punctuation_hides_no_other_address() -> None:
    after = BODY.format("mailto:dpo@example.com").replace("at any time, and", "at any time — and")
    assert drift(BODY.format("mailto:a@example.org"), after).kind is DriftKind.MATERIAL


def test_an_address_that_stands_in_the_text_counts_by_the_text() -> None:
    text = "<p>Write to <a href='mailto:{0}'>a@example.org</a> with any question that you have.</p>"
    assert drift(text.format("a@example.org"), text.format("a@example.org?body=x")).kind is DriftKind.UNCHANGED
