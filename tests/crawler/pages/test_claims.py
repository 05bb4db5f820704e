"""Which sentences of the guide rest on what changed."""

from crawler.claims import touched
from crawler.compare import word_changes
from crawler.model import Change, DriftKind
from guides.model import Claim, Statement

CHANGE = Change(
    before="We delete your data within 30 days of your request.",
    after="We delete your data within 14 days of your request.",
    drift=DriftKind.MATERIAL,
)
STATEMENTS = (
    Statement(text="Download your certificates first.", line=10),
    Statement(text="Wait: deletion of your data takes up to 30 days after the request.", line=12),
    Statement(text="Cancel subscriptions under My Purchases.", line=14),
)


def test_the_sentence_with_the_number_comes_first() -> None:
    assert [one.line for one in touched((CHANGE,), None, STATEMENTS)][:1] == [12]


def test_the_citations_own_claim_comes_before_all() -> None:
    own = Claim(text="Deletion takes 30 days", line=3)
    assert [one.line for one in touched((CHANGE,), own, STATEMENTS)][:2] == [3, 12]


def test_nothing_shared_is_nothing_touched() -> None:
    other = Claim(text="Zertifikate herunterladen", line=3)
    assert touched((CHANGE,), other, STATEMENTS[:1]) == ()
    assert touched((), other, STATEMENTS) == ()


def test_words() -> None:
    changes = word_changes("within 30 days of it", "within 14 days of it")
    assert changes == [
        ("equal", ["within"], ["within"]),
        ("replace", ["30"], ["14"]),
        ("equal", ["days", "of", "it"], ["days", "of", "it"]),
    ]
    assert word_changes("", "") == []
    assert word_changes("a", "") == [("delete", ["a"], [])]
