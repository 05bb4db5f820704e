"""Basis to now: what is raised, how far, and what is not."""

from datetime import timedelta

import pytest
from crawler_pages import drift, learned, page

from crawler.drift import measure
from crawler.model import DriftKind
from guides.model import Anchor, Css, Heading, MainContent, Quote

BODY = (
    "<p>To delete your account, open the settings and choose Delete account.</p>"
    "<h2>Retention</h2><p>We delete your data within 30 days of your request.</p>"
    "<p>You may cancel the request at any time before it takes effect, and we will tell you by e-mail.</p>"
    "<h2>Contact</h2><p>Write to privacy@example.org with questions about your data and its deletion.</p>"
)


@pytest.mark.parametrize(
    ("old", "new", "kind", "reason"),
    [
        ("30 days", "14 days", DriftKind.MATERIAL, "30 days → 14 days"),
        ("You may cancel", "You may not cancel", DriftKind.MATERIAL, "not"),
        ("You may cancel", "You must cancel", DriftKind.MATERIAL, "may → must"),
        ("privacy@example.org", "dpo@example.org", DriftKind.MATERIAL, "dpo@example.org"),
        ("takes effect", "becomes effective", DriftKind.WORDING, "→"),
        ("We delete your data within 30 days of your request.", "", DriftKind.MATERIAL, "removed"),
    ],
)
def test_kinds_of_change(old: str, new: str, kind: DriftKind, reason: str) -> None:
    found = drift(BODY, BODY.replace(old, new))
    assert found.kind is kind
    assert reason in found.reason
    assert found.before_print != found.now_print


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>Il faut attendre 30 jours.</p>", "<p>Il faut attendre 14 jours.</p>"),
        ("<p>Sie können Ihr Konto löschen.</p>", "<p>Sie können Ihr Konto nicht löschen.</p>"),
        ("<p>アカウントを削除できます。</p>", "<p>アカウントを削除できません。</p>"),
        ("<p>您可以在30天内取消。</p>", "<p>您可以在14天内取消。</p>"),
        ("<p>Możesz usunąć konto.</p>", "<p>Nie możesz usunąć konta.</p>"),
        ("<p>30 Tage Wartezeit gelten hier.</p>", "<p>14 Tage Wartezeit gelten hier.</p>"),
        ("<p>3. Mai ist der letzte Tag dafür.</p>", "<p>9. Mai ist der letzte Tag dafür.</p>"),
        ("<p>Es dauert zwei Wochen.</p>", "<p>Es dauert vier Wochen.</p>"),
        ("<p>It takes 30 days.</p>", "<p>It takes 30 hours.</p>"),
        ("<p>30 days after you ask it is erased.</p>", "<p>14 days after you ask it is erased.</p>"),
        ("<ul><li>$5 per month</li></ul>", "<ul><li>$9 per month</li></ul>"),
        ("<table><tr><td>Wait<td>30 days</table>", "<table><tr><td>Wait<td>14 days</table>"),
        ("<table><tr><td>Devices<td>30</table>", "<table><tr><td>Devices<td>14</table>"),
        ("<table><tr><td>Restore<td>Yes</table>", "<table><tr><td>Restore<td>No</table>"),
        ("<dl><dt>Kept<dd>90 days</dl>", "<dl><dt>Kept<dd>30 days</dl>"),
    ],
)
def test_what_a_reader_must_do_is_material_in_other_languages(before: str, after: str) -> None:
    assert drift(BODY + before, BODY + after).kind is DriftKind.MATERIAL


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>Last updated: 3 May 2024</p>", "<p>Last updated: 7 June 2025</p>"),
        ("<p>Dernière mise à jour : 3 mai 2024</p>", "<p>Dernière mise à jour : 7 juin 2025</p>"),
        ("<p>1. Your data belongs to you.</p>", "<p>2. Your data belongs to you.</p>"),
        ("<h2>3 Your data</h2>", "<h2>4 Your data</h2>"),
        ("<p>3.1 Your data belongs to you.</p>", "<p>4.1 Your data belongs to you.</p>"),
        ("<table><tr><td>Last updated<td>3 May 2024</table>", "<table><tr><td>Last updated<td>4 May 2024</table>"),
        ("<p>As section 14 says, so it is.</p>", "<p>As section 15 says, so it is.</p>"),
        ("<p>First part here.</p><p>Second part here.</p>", "<p>Second part here.</p><p>First part here.</p>"),
    ],
)
def test_cosmetic(before: str, after: str) -> None:
    assert drift(BODY + before, BODY + after).kind is DriftKind.COSMETIC


def test_menus_and_footers_are_not_the_document() -> None:
    after = page(BODY, around="<aside>Related: how to win 100 prizes in 3 days</aside><nav><a href=x>New</a></nav>")
    assert measure(page(BODY), after, MainContent(), {}).kind is DriftKind.UNCHANGED


def test_a_split_paragraph_is_no_change() -> None:
    after = BODY.replace("open the settings", "</p><p>open the settings")
    assert drift(BODY, after).kind is DriftKind.UNCHANGED


def test_another_page_is_broken_not_changed() -> None:
    other = "".join(f"<p>Cook the {what} slowly in a pan with butter and herbs.</p>" for what in ("fish", "egg") * 5)
    found = measure(page(BODY * 2), page(other, title="Recipes"), MainContent(), {})
    assert found.kind is DriftKind.BROKEN
    assert "Recipes" in found.reason


def test_an_error_page_is_broken() -> None:
    assert drift(BODY, "").kind in (DriftKind.BROKEN, DriftKind.MATERIAL)
    shell = page("<p>Sorry.</p>", title="Page not found")
    assert measure(page(BODY), shell, MainContent(), {}).kind is DriftKind.BROKEN


def test_places_see_only_their_part() -> None:
    after = BODY.replace("30 days", "14 days")
    assert drift(BODY, after, place=Heading(heading="Contact")).kind is DriftKind.UNCHANGED
    assert drift(BODY, after, place=Heading(heading="Retention")).kind is DriftKind.MATERIAL
    assert drift(BODY, after, place=Css(css=".none")).kind is DriftKind.UNLOCATED


def test_quoted_words_that_are_gone_are_material() -> None:
    after = BODY.replace("within 30 days of your request", "as soon as it is convenient for us")
    found = drift(BODY, after, place=Quote(quote="within 30 days of your request"))
    assert found.kind is DriftKind.MATERIAL
    assert "gone" in found.reason


def test_a_place_that_moved_is_found_again() -> None:
    before = page(f'<div class="a">{BODY}</div>' + "<p>Other text of the page, and more of it.</p>" * 20)
    after = page(f'<div class="b">{BODY}</div>' + "<p>Other text of the page, and more of it.</p>" * 20)
    found = measure(before, after, Css(css=".a"), {})
    assert found.relocated is not None
    assert found.kind is not DriftKind.UNLOCATED


def test_a_missing_fragment_falls_back_to_the_main_content() -> None:
    assert drift(BODY, BODY, place=Anchor(id="none")).kind is DriftKind.UNCHANGED


def test_what_comes_and_goes_is_learned() -> None:
    banner = "<p>We have a new app for your telephone, and you should try it.</p>"
    plain, with_banner = page(BODY), page(banner + BODY)
    memory = learned([plain, with_banner, plain, with_banner])
    assert measure(plain, with_banner, MainContent(), memory).kind is DriftKind.UNCHANGED
    assert measure(with_banner, plain, MainContent(), memory).kind is DriftKind.UNCHANGED


def test_a_counter_is_learned_and_a_term_is_not() -> None:
    counts = [page(BODY + f"<p>{n} people read this page</p>") for n in (1201, 1377, 1502, 1698, 1733)]
    assert measure(counts[0], counts[4], MainContent(), learned(counts)).kind is DriftKind.UNCHANGED
    terms = [page(BODY.replace("30 days", f"{n} days")) for n in (30, 30, 14)]
    assert measure(terms[0], terms[2], MainContent(), learned(terms)).kind is DriftKind.MATERIAL


def test_a_change_stays_raised_however_often_it_is_seen() -> None:
    before, after = page(BODY), page(BODY.replace("30 days", "14 days"))
    memory = learned([before, *[after] * 60], every=timedelta(days=2))
    assert measure(before, after, MainContent(), memory).kind is DriftKind.MATERIAL


def test_a_flapper_that_settled_is_raised() -> None:
    before, after = page(BODY), page(BODY.replace("30 days", "14 days"))
    memory = learned(
        [
            before,
            after,
            before,
            after,
            *[page(BODY.replace("30 days", "14 days") + f"<p>Note the {n}th addition.</p>") for n in range(40)],
        ],
        every=timedelta(days=2),
    )
    assert measure(before, after, MainContent(), memory).kind is DriftKind.MATERIAL


def test_a_memory_of_another_algorithm_is_not_used() -> None:
    banner = "<p>We have a new app for your telephone, and you should try it.</p>"
    memory = {**learned([page(BODY), page(banner + BODY), page(BODY)]), "algorithm": "older"}
    assert measure(page(BODY), page(banner + BODY), MainContent(), memory).kind is DriftKind.MATERIAL
    assert learned([page(BODY)])["algorithm"] != "older"


def test_five_thousand_blocks_are_compared_quickly() -> None:
    import time

    blocks = [
        f"<p>Paragraph number {n} of a long document says something of its own {n * 7919}.</p>" for n in range(5000)
    ]
    before = page("".join(blocks))
    after = page("".join([*blocks[100:2000], *blocks[:100], *(b.replace("says", "states") for b in blocks[2000:])]))
    started = time.process_time()
    measure(before, after, MainContent(), {})
    assert time.process_time() - started < 10


@pytest.mark.parametrize("kind", ["text/html", "text/plain", "text/markdown", "application/json"])
def test_the_end_of_a_very_long_text_is_compared_too(kind: str) -> None:
    from crawler.page import read

    text = "word " * 200_000
    before, after = (
        read(f'"{text}{days} days"'.encode() if "json" in kind else f"{text}{days} days".encode(), content_type=kind)
        for days in (30, 14)
    )
    assert measure(before, after, MainContent(), {}).kind is DriftKind.MATERIAL


def test_the_end_of_a_page_with_very_many_blocks_is_compared_too() -> None:
    blocks = "<p>a</p>" * 120_000
    found = drift(blocks + "<p>It takes 30 days.</p>", blocks + "<p>It takes 14 days.</p>")
    assert found.kind is DriftKind.MATERIAL


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ("<p>[terms]: /policies/terms#part)</p>", DriftKind.COSMETIC),
        ("<p>4 F</p>", DriftKind.COSMETIC),
        ("<ul><li>No</li></ul>", DriftKind.WORDING),
        ("<p>[1]: we keep it for 30 days</p>", DriftKind.MATERIAL),
    ],
)
def test_left_over_characters_say_nothing(more: str, kind: DriftKind) -> None:
    after = BODY.replace("<h2>Contact", more + "<h2>Contact")
    assert drift(BODY, after).kind is kind
