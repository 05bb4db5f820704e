"""What is masked has been seen to move by itself; what an author edits again and again is not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from crawler_looks import Reader

from crawler.model import DriftKind
from review.model import OpenFinding

HEAD = "<h1>Delete your account</h1><p>Open the settings and choose Delete account, then confirm your choice.</p>"
TAIL = "<h2>Help</h2><p>Our people answer within one working day, on the telephone and by e-mail.</p>"
DAY = timedelta(days=1)


def steady(reader: Reader, middle: str, days: int) -> list[OpenFinding]:
    """Daily looks at one state."""
    ops = [op for _ in range(days) for op in reader.look(HEAD + middle + TAIL, after=DAY)]
    return [op for op in ops if isinstance(op, OpenFinding)]


def test_a_passage_edited_again_and_again_is_told_each_time() -> None:
    reader = Reader()
    steady(reader, "<p>We keep your data for 30 days after that.</p>", 5)
    for days in (25, 21, 14, 10, 7, 3):
        assert steady(reader, f"<p>We keep your data for {days} days after that.</p>", 6), days


def test_edits_that_are_seen_only_because_the_page_changed_are_no_restlessness() -> None:
    # A page whose bytes are the same between the edits: nothing is learned from those looks but that it stood.
    reader = Reader()
    for edit in range(7):
        text = f"{HEAD}<p>Rule number {'abcdefgh'[edit] * 4} holds for all who ask for it.</p>{TAIL}"
        told = []
        for _ in range(4):
            told += [op for op in reader.look(text, nonce=edit + 1, after=DAY) if isinstance(op, OpenFinding)]
        assert told or edit == 0


@pytest.mark.parametrize(
    "line",
    ["<p>{n} people online</p>", "<p>Tip of the day: {w}, and there is more of that.</p>"],
    ids=["label", "slot"],
)
def test_what_is_another_at_every_look_is_masked(line: str) -> None:
    reader = Reader()
    told = []
    for look in range(14):
        text = HEAD + line.format(n=1000 + 7 * look, w="abcdefghijklmnop"[look] * 6) + TAIL
        told += [op for op in reader.look(text, after=DAY / 2) if isinstance(op, OpenFinding)]
    assert not told
    assert reader.last.cited[0].drift in (DriftKind.UNCHANGED, DriftKind.COSMETIC)


def test_a_number_in_a_sentence_is_never_a_counter() -> None:
    reader = Reader()
    for look in range(8):
        reader.look(
            HEAD + f"<ul><li>Fee: {look + 5} euros a month, to be paid in advance.</li><li>Tax</li></ul>" + TAIL,
            after=DAY,
        )
    assert reader.last.memory["counters"]
    steady(reader, "<ul><li>Fee: 90 euros a month, to be paid in advance.</li><li>Tax</li></ul>", 3)
    assert reader.last.cited[0].drift is DriftKind.MATERIAL


def test_what_an_older_version_learned_is_learned_anew() -> None:
    """An upgrade neither forgets what comes and goes nor takes the old notes for its own."""
    reader = Reader()
    banner = "<p>Our new app for your telephone is here, and it is better than ever before.</p>"
    for shown in ("", banner, "", banner, ""):
        reader.look(HEAD + shown + TAIL)
    learned = reader.known.memory
    reader.known = replace(reader.known, memory={"algorithm": "blocks-0", "blocks": 7, "order": "?"})
    ops = [op for _ in range(4) for op in reader.look(HEAD + banner + TAIL)]
    assert not ops
    assert set(learned["blocks"]) <= set(reader.known.memory["blocks"])
    assert reader.known.memory["began"] == learned["began"]
