"""Which of many texts hold some words: found by way of the different words that they are made of, not by reading them.

A word is found wherever it stands, also within a longer one; so what is looked through are the texts' own words (each
once, however many texts have it), and of these only the ones that share three letters in a row with what is asked.
"""

from array import array
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from threading import Lock
from typing import Final, Generic, Protocol, TypeVar

GRAM: Final = 3
"""Letters in a row by which words are found."""
_SPARE: Final = 1_000


class Worded(Protocol):
    """What has a text: lower case, words parted by white space."""

    @property
    def text(self) -> str: ...


Item = TypeVar("Item", bound=Worded)


class Index(Generic[Item]):
    """Items by the words of their texts, for many lists of them that have most in common (see `Texts`).

    It only grows; when most of it is of no use any more it begins anew. Items are told apart by identity, and are held
    for as long as they are in it. Safe for many threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._begin()

    def _begin(self) -> None:
        self.age = object()
        self._items: list[Item] = []
        self._taken: set[int] = set()
        self._words: list[str] = []
        self._numbers: dict[str, int] = {}
        self._holders: list[array[int]] = []
        self._grams: dict[str, array[int]] = {}

    def take(self, items: Sequence[Item]) -> object:
        """Know these as well; gives the age of the index, which is another one when it has begun anew."""
        with self._lock:
            if len(self._items) > 2 * len(items) + _SPARE:
                self._begin()
            for item in items:
                if id(item) not in self._taken:
                    self._taken.add(id(item))
                    self._add(item)
            return self.age

    def holding(self, words: Collection[str], age: object) -> tuple[str, list[Item]] | None:
        """The rarest of these words, and every item that is known to hold it; None where `age` is over.

        The words are at least `GRAM` long, with no space in them.
        """
        with self._lock:
            if age is not self.age:
                return None
            own = {word: self._within(word) for word in words}
            rarest = min(words, key=lambda word: sum(len(self._holders[each]) for each in own[word]))
            numbers = set().union(*(self._holders[each] for each in own[rarest]))
            return rarest, [self._items[number] for number in numbers]

    def _within(self, word: str) -> list[int]:
        """The numbers of the texts' words that have this one in them."""
        none: array[int] = array("I")
        likely = min((self._grams.get(gram, none) for gram in _grams(word)), key=len)
        return [number for number in likely if word in self._words[number]]

    def _add(self, item: Item) -> None:
        place = len(self._items)
        self._items.append(item)
        for word in set(item.text.split()):
            number = self._numbers.get(word)
            if number is None:
                number = self._numbers[word] = len(self._words)
                self._words.append(word)
                self._holders.append(array("I"))
                for gram in _grams(word):
                    self._grams.setdefault(gram, array("I")).append(number)
            self._holders[number].append(place)


class Texts(Generic[Item]):
    """A list of items that is searched by way of an index. The list never changes; the index is others' as well."""

    def __init__(self, items: Sequence[Item], index: Index[Item] | None = None) -> None:
        self._items = items
        self._index: Index[Item] = index or Index()
        self._age: object = None
        self._places: dict[int, int] = {}

    def ready(self) -> None:
        """Make ready for the first search: of very many texts, that takes a second."""
        if not self._places:
            self._places = {id(item): place for place, item in enumerate(self._items)}
        # Last: who sees the age looks up places.
        self._age = self._index.take(self._items)

    def having(self, words: Iterable[str]) -> list[Item]:
        """The items whose texts hold each of the words, in their order. The words have no space in them."""
        asked = set(words)
        long = [word for word in asked if len(word) >= GRAM]
        if not long or not self._items:
            return [item for item in self._items if all(word in item.text for word in asked)]
        while (known := self._index.holding(long, self._age)) is None:
            self.ready()
        rarest, found = known
        asked.discard(rarest)
        places = self._places
        mine = [(place, item) for item in found if (place := places.get(id(item))) is not None]
        for word in asked:
            mine = [each for each in mine if word in each[1].text]
        return [item for _, item in sorted(mine, key=itemgetter(0))]


def _grams(word: str) -> set[str]:
    return {word[at : at + GRAM] for at in range(len(word) - GRAM + 1)}
