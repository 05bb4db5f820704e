"""Searching by an index gives what reading every text gives, for any list of items that shares the index."""

import random
from dataclasses import dataclass

from review.search import Index, Texts


@dataclass(frozen=True, slots=True)
class Item:
    text: str


def _read(items: list[Item], words: list[str]) -> list[Item]:
    return [item for item in items if all(word in item.text for word in words)]


def test_an_index_finds_what_reading_finds_while_items_come_and_go() -> None:
    chance = random.Random(6)
    made = ["days", "30", "https://host12.example/help/7", "guide-12", "ﬁnanzamt", "löschen", "x", "1230", "a" * 500]
    queue = [Item("\n".join([*chance.choices(made, k=4), f"service {n}"])) for n in range(300)]
    index: Index[Item] = Index()
    lists = []
    for _ in range(5):
        lists.append((queue, Texts(queue, index)))
        queue = [item for item in queue if chance.random() < 0.6]
        queue += [Item(" ".join(chance.choices(made, k=3))) for _ in range(40)]
        chance.shuffle(queue)
    asked = [["days"], ["30"], ["0"], ["ay", "x"], ["guide-1", "service"], ["host12", "30", "x"], ["nothing"], ["200"]]
    for words in (*asked, [], ["days", "days"], ["öschen"], ["a" * 400]):
        for items, texts in (*lists, *reversed(lists)):
            assert texts.having(words) == _read(items, words), words


def test_an_index_that_is_mostly_of_no_use_begins_anew_and_older_lists_are_still_searched() -> None:
    index: Index[Item] = Index()
    long = [Item(f"service {n}") for n in range(1_300)]
    short = [Item("service 12"), Item("other 12")]
    of_long, of_short = Texts(long, index), Texts(short, index)
    assert of_long.having(["service"]) == long
    age = index.age
    assert of_short.having(["service"]) == short[:1] and index.age is not age
    assert of_long.having(["1299"]) == long[1299:]
    assert Texts[Item](()).having(["service"]) == []
