"""Changes judged together: consent boxes, lone headings, menus, other editions and languages, and what stays."""

import pytest
from crawler_pages import drift, page

from crawler.drift import measure
from crawler.language import differ, guess
from crawler.model import DriftKind
from guides.model import Css, MainContent

BODY = (
    "<p>To delete your account, open the settings and choose Delete account.</p>"
    "<h2>Retention</h2><p>We delete your data within 30 days of your request.</p>"
    "<p>You may cancel the request at any time before it takes effect, and we will tell you by e-mail.</p>"
)
QUIET = (DriftKind.UNCHANGED, DriftKind.COSMETIC)


@pytest.mark.parametrize(
    "extra",
    [
        "<p>We use cookies to remember what you prefer.</p><p>Accept all cookies</p><p>Reject</p>",
        "<p>Nous utilisons des cookies pour mesurer l'audience.</p><p>Tout accepter</p>",
        "<p>Wir verwenden Cookies, um Ihnen mehr zu bieten.</p><p>Alle akzeptieren</p>",
        "<h2>Related articles</h2><p><a href=/a>How to win</a></p><p><a href=/b>How to lose</a></p>",
        "<p>Was this article helpful to you and your team?</p><p>Yes</p><p>No</p>",
        "<p>© 2026 Example Ltd, all rights reserved</p>",
        "<p>mis à jour le 26 octobre 2022</p>",
        "<div class='modal'><h3>Forgotten password</h3><p>We send you a letter within 2 days.</p></div>",
    ],
    ids=["consent", "consent-fr", "consent-de", "related", "feedback", "copyright", "date", "modal"],
)
def test_what_comes_and_goes_beside_the_text_is_quiet(extra: str) -> None:
    assert drift(BODY, BODY + extra).kind in QUIET
    assert drift(BODY + extra, BODY).kind in QUIET


@pytest.mark.parametrize(
    "extra",
    [
        "<p>We use cookies to count visits, and keep them for 13 months.</p>",
        "<h2>Fees</h2><p>Closing an account costs 10 euros.</p>",
        "<p>Can I come back?</p><p>Yes, within 30 days of your request.</p>",
    ],
    ids=["about-cookies", "section", "question-and-answer"],
)
def test_what_the_text_says_anew_is_material(extra: str) -> None:
    assert drift(BODY, BODY + extra).kind is DriftKind.MATERIAL


def test_a_menu_in_the_main_part_is_no_content() -> None:
    menu = "".join(f"<li><a href=/{n}>Entry number {n}</a></li>" for n in range(20))
    label, more = "<li>Commands</li>", "<li><a href=/new>A new entry</a></li>"
    assert drift(f"<ul>{menu}</ul>{BODY}", f"<ul>{menu}{label}{more}{menu}</ul>{BODY}").kind in QUIET


def test_a_list_of_links_that_is_the_document_counts() -> None:
    rows = "".join(f"<li><a href=/{n}>Processor {n} Ltd, hosting</a></li>" for n in range(12))
    new = "<li><a href=/x>Processor Ten Ltd, payments</a></li>"
    assert drift(f"<ul>{rows}</ul>", f"<ul>{rows}{new}</ul>").kind in (DriftKind.MATERIAL, DriftKind.WORDING)


def test_a_heading_alone_is_at_most_wording() -> None:
    assert drift(BODY, BODY.replace("<h2>Retention", "<h2>Keeping data")).kind is DriftKind.WORDING


def test_another_regional_edition_is_cosmetic() -> None:
    british = BODY + "<p>We recognise that an authorised organisation may ask for its mailing list.</p>"
    american = BODY + "<p>We recognize that an authorized organization may ask for the mailing list.</p>"
    assert drift(british, american).kind in QUIET
    assert drift(british, american.replace("30 days", "14 days")).kind is DriftKind.MATERIAL


def test_a_passage_in_another_language_is_no_change_of_the_source() -> None:
    english = BODY + "<p>You can ask us for a copy of your data, and we will send it to you by e-mail.</p>"
    french = BODY + "<p>Vous pouvez nous demander une copie de vos données, et nous vous les envoyons par courriel.</p>"
    found = drift(english, french)
    assert found.kind is DriftKind.COSMETIC
    assert "another language" in found.reason


def test_a_clause_under_a_new_number_is_cosmetic() -> None:
    before = BODY + "<p>1. Overview. We give you permission to use the service.</p><p>2. Taxes are not included.</p>"
    after = before.replace("<p>1. Over", "<p>A.1. Over").replace("<p>2. Taxes", "<p>A.2.b. Taxes")
    assert drift(before, after).kind is DriftKind.COSMETIC


def test_a_paragraph_that_grew_is_told_as_such() -> None:
    found = drift(BODY, BODY.replace("of your request.", "of your request. We charge 5 euros for it."))
    assert found.kind is DriftKind.MATERIAL
    assert found.changes[0].before
    assert "5 euros" in found.reason


def test_a_place_that_was_never_there_tells_what_the_page_changed() -> None:
    found = measure(page(BODY), page(BODY.replace("30 days", "14 days")), Css(css=".none"), {})
    assert found.kind is DriftKind.UNLOCATED
    assert found.changes[0].reason == "30 days → 14 days"
    assert measure(page(BODY), page(BODY), MainContent(), {}).kind is DriftKind.UNCHANGED


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("You can ask us for a copy of the data that we hold about you.", "en"),
        ("Vous pouvez nous demander une copie de vos données à tout moment.", "fr"),
        ("Sie können eine Kopie der Daten verlangen, die wir über Sie haben.", "de"),
        ("Puede pedir una copia de los datos que tenemos de usted en la cuenta.", "es"),
        ("Puoi chiedere una copia dei dati che abbiamo e della tua richiesta.", "it"),
        ("アカウントを削除するには設定を開いてください。", "ja"),
        ("您可以随时向我们索取您的数据副本和账户信息。", "zh"),
        ("계정을 삭제하려면 설정을 열고 삭제를 선택하세요.", "ko"),
        ("Delete account", ""),
        ("", ""),
    ],
)
def test_languages(text: str, code: str) -> None:
    assert guess(text) == code
    assert differ(text, text) is None
