"""A link has moved only where the new page is the same page."""

import pytest
from crawler_pages import page
from crawler_visits import NOW, URL, visited
from crawler_visits import page as answered

from crawler.judge import judge
from crawler.model import LinkHistory, Verdict, VerdictKind
from crawler.moves import replaced, settle_move
from crawler.policy import Policy

TEXT = "".join(f"<p>Step {n}: open the settings and choose what is to be deleted, then confirm it twice.</p>" for n in range(9))  # fmt: skip # noqa: E501
OTHER = "".join(f"<p>Our offices in city number {n} welcome visitors on every weekday morning.</p>" for n in range(9))


def moved(*targets: str) -> Verdict:
    visit = visited(answered(200, hops=tuple((301, target) for target in targets)))
    return judge(visit, LinkHistory(), Policy(), NOW, on_the_spot=True)


def test_the_same_content_is_a_move_whatever_the_address() -> None:
    verdict = moved("https://help.example/a/77", "https://other.example/b/91")
    settled = settle_move(verdict, url=URL, before=page(TEXT), now=page(TEXT + "<p>One more.</p>"))
    assert settled == verdict
    assert [hop.target for hop in settled.hops] == ["https://help.example/a/77", "https://other.example/b/91"]
    assert settled.replacement == "https://other.example/b/91"


def test_other_content_is_no_move_and_not_dead() -> None:
    verdict = moved("https://help.example/offices")
    settled = settle_move(verdict, url=URL, before=page(TEXT), now=page(OTHER, title="Offices"))
    assert (settled.kind, settled.reason, settled.replacement) == (VerdictKind.OK, "http-200", None)
    assert "not to the same page" in settled.detail
    assert settled.hops == verdict.hops


@pytest.mark.parametrize(
    ("target", "title", "kind"),
    [
        ("https://help.example/new/delete-account", "Help", VerdictKind.MOVED),
        ("https://help.example/kb/4711", "Delete account", VerdictKind.MOVED),
        ("https://help.example/kb/4711", "Knowledge", VerdictKind.MOVED),  # nobody can tell: as the server says
        ("https://help.example/articles", "Articles", VerdictKind.OK),
        ("https://help.example/articles", "How to delete your account", VerdictKind.MOVED),
    ],
)
def test_an_unknown_page_by_title_and_address(target: str, title: str, kind: VerdictKind) -> None:
    settled = settle_move(moved(target), url=URL, before=None, now=page(TEXT, title=title))
    assert settled.kind is kind
    assert (settled.replacement == target) is (kind is VerdictKind.MOVED)


def test_other_verdicts_are_left_alone() -> None:
    verdict = judge(visited(answered(200)), LinkHistory(), Policy(), NOW)
    assert settle_move(verdict, url=URL, before=page(TEXT), now=page(OTHER)) is verdict


class TestEditions:
    ENGLISH = "".join(
        f"<p>{n}. You can ask us for the data that we have of you, and we will answer within {n * 7} days, or as the "
        f'law says. See <a href="https://example.org/{n}">this page</a>.</p>'
        for n in range(1, 9)
    )
    FRENCH = "".join(
        f"<p>{n}. Vous pouvez nous demander les données que nous avons sur vous, et nous vous répondrons dans les "
        f'{n * 7} jours ou selon la loi. Voir <a href="https://example.org/{n}">cette page</a>.</p>'
        for n in range(1, 9)
    )
    ANOTHER = "".join(
        "<p>Nous fabriquons des vélos pour les enfants et les parents, dans une usine qui est près de la mer, avec le "
        "soin que vous connaissez.</p>"
        for _ in range(9)
    )

    def test_the_same_document_in_another_language_is_no_other_page(self) -> None:
        assert replaced(page(self.ENGLISH), page(self.FRENCH, title="Supprimer votre compte", language="fr")) == ""

    def test_another_text_in_another_language_is(self) -> None:
        assert replaced(page(self.ENGLISH), page(self.ANOTHER, title="Nos vélos", language="fr"))
