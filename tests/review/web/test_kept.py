"""What is dear to count is counted once, until something changes or time has passed."""

from itertools import count

from markupsafe import Markup

from guides.model import Citation, CitationKey, Guide, GuideId, Role
from review.web.board import Board
from review.web.site import Drawn, Kept


def test_an_answer_is_kept_for_its_key_and_its_time() -> None:
    numbers = count()
    kept: Kept[int] = Kept(life=60)
    assert [kept.get(key, lambda: next(numbers)) for key in (1, 1, 2, 2, 1)] == [0, 0, 1, 1, 2]
    short: Kept[int] = Kept(life=-1)
    assert [short.get(1, lambda: next(numbers)) for _ in range(2)] == [3, 4]


def test_parts_of_pages_are_kept_while_there_is_room() -> None:
    drawn = Drawn(most=20_000)
    made: list[int] = []

    def part(number: int) -> tuple[Markup, ...]:
        made.append(number)
        return (Markup("x" * 5_000),)

    def ask(number: int) -> None:
        assert drawn.get(number, lambda: part(number)) == (Markup("x" * 5_000),)

    for number in (1, 2, 3, 1, 4, 1, 2):
        ask(number)
    assert made == [1, 2, 3, 4, 2]
    assert drawn.get("large", lambda: (Markup("y" * 50_000),)) == (Markup("y" * 50_000),)
    ask(1)
    assert made == [1, 2, 3, 4, 2, 1]


def test_hosts_are_counted_by_guide_and_again_when_the_guides_change() -> None:
    board = Board(None, None)  # type: ignore[arg-type]
    cited = [_cited("https://a.example/1"), _cited("https://www.a.example/2"), _cited("http://b.example/")]
    guides = {GuideId(name): Guide(id=GuideId(name), title="", file="", citations=tuple(cited)) for name in "xy"}
    assert board.hosts(guides) == {"a.example": 2, "b.example": 2}
    assert board.hosts(guides) is board.hosts(guides)
    assert board.hosts({}) == {}


def _cited(url: str) -> Citation:
    return Citation(key=CitationKey(url), url=url, role=Role.INLINE, line=1, column=1)
