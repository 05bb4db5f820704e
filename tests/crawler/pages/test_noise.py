"""Properties: noise never changes a fingerprint, one digit in a sentence always does."""

import random

from crawler_pages import page
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.drift import measure
from crawler.fingerprint import fingerprint
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
    return fingerprint(section)


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
