"""Properties: noise never changes a fingerprint, one digit in a sentence always does."""

import random

from crawler_pages import page
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.drift import measure
from crawler.fingerprint import print_of
from crawler.model import DriftKind
from crawler.page import Page
from crawler.sections import Section, locate
from guides.model import MainContent

WORDS = [
    "account",
    "delete",
    "the",
    "of",
    "your",
    "data",
    "keep",
    "we",
    "request",
    "under",
    "fee",
    "months",
    "notice",
    "refund",
    "plan",
    "email",
    "within",
    "days",
]
sentences = st.builds(
    lambda words, number, unit: " ".join(words).capitalize() + f" {number} {unit} later.",
    st.lists(st.sampled_from(WORDS), min_size=4, max_size=14),
    st.integers(1, 9999),
    st.sampled_from(("days", "euros", "months", "%", "copies")),
)
documents = st.lists(sentences, min_size=3, max_size=12, unique=True)


def printed(one: Page) -> str:
    section = locate(one, MainContent())
    assert isinstance(section, Section)
    return print_of(section.blocks)


def paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def disturb(text: str, chance: random.Random) -> str:
    noise = (
        lambda t: t.replace(" ", "\n\t  "),
        lambda t: t.replace(" ", " \u200b"),
        lambda t: t[:3] + "\u00ad" + t[3:],
        lambda t: t.replace("later.", "<b>later</b>."),
        lambda t: t.replace(" later", ' <a href="/x?utm_source=y">later</a>'),
        lambda t: f"“{t}”",
        lambda t: t.replace(".", " ."),
        lambda t: f'<span class="k{chance.random()}">{t}</span>',
        lambda t: t.upper(),
    )
    return chance.choice(noise)(text)


@settings(max_examples=60, deadline=None)
@given(documents, st.randoms(use_true_random=False))
def test_noise_never_changes_the_fingerprint(texts: list[str], chance: random.Random) -> None:
    before = page(paragraphs(texts))
    after = page(paragraphs([disturb(text, chance) for text in texts]))
    assert printed(before) == printed(after)
    assert measure(before, after, MainContent(), {}).kind is DriftKind.UNCHANGED


@settings(max_examples=80, deadline=None)
@given(documents, st.data())
def test_one_digit_in_a_sentence_is_always_seen(texts: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(texts) - 1))
    places = [index for index, character in enumerate(texts[at]) if character.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != texts[at][place]]))
    changed = [*texts]
    changed[at] = texts[at][:place] + digit + texts[at][place + 1 :]
    before, after = page(paragraphs(texts)), page(paragraphs(changed))
    if len(set(changed)) == len(changed):
        assert printed(before) != printed(after)
        assert measure(before, after, MainContent(), {}).kind in (DriftKind.MATERIAL, DriftKind.WORDING)


# What stands beside a document on one day and not on another.
BESIDE = st.sampled_from(
    (
        "<nav><a href='/{n}'>Menu {n}</a><a href='/x'>Prices</a></nav>",
        "<header><a href='/'>Example {n}</a></header>",
        "<footer><p>© {n} Example Ltd, all rights reserved.</p></footer>",
        "<div class='cookie-banner'><p>We use {n} cookies to make this better.</p><button>Accept all</button></div>",
        "<div id='onetrust-consent'><p>Your choices: {n} partners.</p><button>Reject</button></div>",
        "<dialog open><p>Subscribe to our letter and save {n} euros today.</p></dialog>",
        "<div role='dialog'><p>Rate this article with up to {n} stars.</p></div>",
        "<div class='modal fade'><p>Log in to see {n} more articles of ours.</p></div>",
        "<aside><h3>Related</h3><a href='/{n}'>How to win {n} prizes</a></aside>",
        "<div class='share'><a href='https://social.example/?id={n}'>Share</a></div>",
        "<a class='skip-link' href='#main'>Skip to content {n}</a>",
        "<div style='display:none'>Hidden text number {n}.</div>",
        "<p hidden>Hidden paragraph number {n}.</p>",
        "<div class='language-picker'><a href='?l={n}'>Deutsch</a><a href='?l=fr'>Français</a></div>",
        "<script nonce='{n}'>var token = '{n}';</script>",
        "<style>.a{n} {{ color: red }}</style>",
        "<img src='https://cdn{n}.example/logo.png' alt=''>",
        "<input type='hidden' name='csrf' value='{n}'>",
        "<!-- rendered in {n} ms -->",
    )
)
# What stands in a document with another value in every answer.
WITHIN = st.sampled_from(
    (
        "<p>Updated {n} minutes ago</p>",
        "<p>{n} views</p>",
        "<p>Il y a {n} jours</p>",
        "<p>{n} of {n} people found this helpful</p>",
        "<p>© {n} Example Ltd</p>",
        "<p>Request {hex}</p>",
        "<p>Session 3f2504e0-4f89-41d3-9a0c-{hex12}</p>",
        "<p><a href='/x?utm_source={n}&sid={n}'>The same words</a> in a sentence with a link.</p>",
        "<p>Write to <a class='__cf_email__' data-cfemail='{mail}'>[email&#160;protected]</a> about it.</p>",
        "<p class='c{n}' data-id='{n}'>The same paragraph with other attributes.</p>",
    )
)


def filled(markup: str, number: int) -> str:
    key = number % 256
    mail = bytes([key, *(byte ^ key for byte in b"help@example.org")]).hex()
    return markup.format(n=number, hex=f"{number:07d}abcdef{number:07d}", hex12=f"{number:06d}abcdef", mail=mail)


@settings(max_examples=80, deadline=None)
@given(documents, BESIDE, st.booleans(), st.integers(1, 9999))
def test_what_stands_beside_is_not_in_the_fingerprint(texts: list[str], beside: str, within: bool, number: int) -> None:
    before = page(paragraphs(texts))
    plain = paragraphs(texts)
    # A header, footer or aside within the marked main part is the document's own; skip links stand at the top.
    inside = within and not beside.startswith(("<header", "<footer", "<aside", "<a "))
    after = page(plain + filled(beside, number)) if inside else page(plain, around=filled(beside, number))
    assert printed(before) == printed(after)
    assert measure(before, after, MainContent(), {}).kind is DriftKind.UNCHANGED


@settings(max_examples=80, deadline=None)
@given(documents, WITHIN, st.integers(1, 9999), st.integers(1, 9999))
def test_what_a_server_makes_anew_is_not_in_the_fingerprint(
    texts: list[str], within: str, first: int, second: int
) -> None:
    before, after = (page(paragraphs(texts) + filled(within, number)) for number in (first, second))
    assert printed(before) == printed(after)
    assert measure(before, after, MainContent(), {}).kind is DriftKind.UNCHANGED


@settings(max_examples=60, deadline=None)
@given(documents, st.randoms(use_true_random=False))
def test_reordering_alone_is_cosmetic(texts: list[str], chance: random.Random) -> None:
    shuffled = [*texts]
    chance.shuffle(shuffled)
    found = measure(page(paragraphs(texts)), page(paragraphs(shuffled)), MainContent(), {})
    assert found.kind in (DriftKind.UNCHANGED, DriftKind.COSMETIC)
