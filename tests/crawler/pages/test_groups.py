"""Many pages that change in the same way share a group; one page alone has none."""

from crawler_pages import drift

from crawler.groups import groups, signatures
from crawler.model import Drift, DriftKind

HOST = "help.example"
ARTICLES = {
    name: f"<p>To {name} your Chirper account, open Chirper and choose {name}.</p><p>It takes {n} days to {name}.</p>"
    for n, name in enumerate(("close", "export", "rename", "merge"), start=3)
}


def renamed() -> dict[str, tuple[str, Drift]]:
    return {name: (HOST, drift(text, text.replace("Chirper", "Wren"))) for name, text in ARTICLES.items()}


def test_a_renamed_product_is_one_group() -> None:
    found = groups(renamed())
    assert len(set(found.values())) == 1
    assert found["close"].startswith(HOST)


def test_another_change_is_no_part_of_it() -> None:
    pages = renamed()
    text = "<p>The fee for closing an account is 10 euros, to be paid once.</p>"
    pages["fee"] = (HOST, drift(text, text.replace("10 euros", "20 euros")))
    found = groups(pages)
    assert found["fee"] == ""
    assert found["close"]


def test_a_new_sentence_everywhere_is_one_group() -> None:
    note = "<p>From May on, a fee of 5 euros is charged for each request.</p>"
    found = groups({name: (HOST, drift(text, text + note)) for name, text in ARTICLES.items()})
    assert len(set(found.values())) == 1
    assert found["close"]


def test_hosts_and_small_numbers_are_kept_apart() -> None:
    pages = dict(list(renamed().items())[:2])
    pages.update({f"other {name}": ("other.example", one) for name, (_, one) in list(renamed().items())[:2]})
    assert set(groups(pages).values()) == {""}


def test_places_lost_by_a_redesign_are_one_group() -> None:
    lost = Drift(kind=DriftKind.UNLOCATED, algorithm="x", reason="nothing matches")
    assert len(set(groups(dict.fromkeys(range(5), (HOST, lost))).values())) == 1
    assert signatures(Drift(kind=DriftKind.UNCHANGED, algorithm="x")) == frozenset()
