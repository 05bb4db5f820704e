"""Which words of a passage are marked as deleted and added."""

import pytest
import review_builders as make
from hypothesis import given
from hypothesis import strategies as st

from review.formats import html
from review.formats.marks import marks


def told(before: str, after: str) -> str:
    signs = {"same": "{}", "deleted": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(signs[m.kind].format(m.text) for m in marks(make.change(before, after)))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("within 30 days", "within 14 days", "within[- 30-]{+ 14+} days"),
        ("same", "same", "same"),
        ("", "new words", "{+new words+}"),
        ("old words", "", "[-old words-]"),
        ("", "", ""),
        ("$1,000.50 a year", "$1,200.50 a year", "$[-1,000.50-]{+1,200.50+} a year"),
        ("三十日以内に削除", "十四日以内に削除", "[-三-]十{+四+}日以内に削除"),
        ("You may cancel.", "You may not cancel.", "You may{+ not+} cancel."),
    ],
)
def test_marks(before: str, after: str, expected: str) -> None:
    assert told(before, after) == expected


@given(st.text("ab .3-日", max_size=60), st.text("ab .3-日", max_size=60))
def test_marks_give_both_sides_back(before: str, after: str) -> None:
    found = marks(make.change(before, after))
    # Only the spacing of words that stayed is the later text's.
    assert "".join("".join(m.text for m in found if m.kind != "added").split()) == "".join(before.split())
    assert "".join("".join(m.text for m in found if m.kind != "deleted").split()) == "".join(after.split())
    assert all(m.text == m.lead + m.core + m.tail for m in found)


def test_marks_of_a_huge_passage_come_at_once() -> None:
    same = "the same words " * 100_000
    found = marks(make.change(same + "30 days" + same, same + "14 days" + same))
    assert [m.core for m in found if m.kind != "same"] == ["30", "14"]
    assert sum(len(m.text) for m in found) < 110_000
    changes = (make.change("old " * 200_000, "new words " * 200_000),) * 3
    assert len(html.render_report(make.report(make.view([make.finding(changes=changes)])))) > 1000
