"""Values of tables and definition lists that changed places: every word still stands there, under another label. Pure.

"Standard: 30 days, Premium: 14 days" that became "Standard: 14 days, Premium: 30 days" is no reordering.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crawler.blocks import CELLS, Block

_LABELS = CELLS | {"dt"}
ANSWERS = frozenset(
    "yes no ja nein oui non sí si no sì nee sim não tak nie はい いいえ 是 否 да нет none ✓ ✗".split()  # noqa: SIM905
)
"""What the cell of a table says by itself."""
_MAX_VALUE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Under one label another value: the places of label and value in the old and in the new blocks."""

    label: int
    old: int
    new: int


_Slot = tuple[str, int]
_Values = Mapping[_Slot, tuple[int, int]]


def exchanged(before: Sequence[Block], after: Sequence[Block]) -> list[Exchange]:
    """The labels whose values were exchanged among themselves, in the order of the old blocks.

    A value is a cell with a number or an answer; its label is the nearest cell before it that is no value. Rows that
    moved with their values, and columns that changed places with their heads, are left out: there the values of a
    label stay. Labels that stand there more than once say nothing, nor do the numbers of rows.
    """
    old, new = _values(before), _values(after)
    keys = {
        slot: (before[at[1]].key, after[new[slot][1]].key)
        for slot, at in old.items()
        if slot in new and before[at[1]].key != after[new[slot][1]].key
    }
    # What is new or gone as well is told as a change of its own; here only what every block's words leave unsaid.
    while common := Counter(one for one, _ in keys.values()) & Counter(other for _, other in keys.values()):
        kept = {slot: pair for slot, pair in keys.items() if pair[0] in common and pair[1] in common}
        if len(kept) == len(keys):
            break
        keys = kept
    else:
        return []
    if _columns_moved(keys, before, after):
        return []
    return [Exchange(label=old[slot][0], old=old[slot][1], new=new[slot][1]) for slot in keys]


def _columns_moved(keys: Mapping[_Slot, tuple[str, str]], before: Sequence[Block], after: Sequence[Block]) -> bool:
    """Whether each row kept its values in another order, and the heads of the columns did likewise."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for (label, _), pair in keys.items():
        rows.setdefault(label, []).append(pair)
    if any(sorted(one for one, _ in row) != sorted(other for _, other in row) for row in rows.values()):
        return False
    old, new = _labels(before), _labels(after)
    both = set(old) & set(new)
    return [key for key in old if key in both] != [key for key in new if key in both]


def _labels(blocks: Sequence[Block]) -> list[str]:
    return [block.key for block in blocks if block.kind in _LABELS and not _is_value(block)]


def _values(blocks: Sequence[Block]) -> _Values:
    """(label, how many values after it) → the places of label and value, where that names one value only."""
    found: dict[_Slot, tuple[int, int]] = {}
    twice: set[str] = set()
    labels: set[str] = set()
    label, offset = -1, 0
    for at, block in enumerate(blocks):
        if block.kind not in _LABELS:
            label = -1
        elif not _is_value(block):
            label, offset = at, 0
            twice |= {block.key} & labels
            labels.add(block.key)
        elif label >= 0:
            offset += 1
            found[blocks[label].key, offset] = (label, at)
    counted = _row_numbers(blocks)
    return {slot: at for slot, at in found.items() if slot[0] not in twice and at[1] not in counted}


def _row_numbers(blocks: Sequence[Block]) -> frozenset[int]:
    """Cells that count the rows: whole numbers, each before a label, that go up by one."""
    numbers = [
        at
        for at, block in enumerate(blocks[:-1])
        if block.kind in CELLS
        and block.text.isdecimal()
        and len(block.text) <= 6
        and blocks[at + 1].kind in _LABELS
        and not _is_value(blocks[at + 1])
    ]
    values = [int(blocks[at].text) for at in numbers]
    if len(values) >= 2 and values == list(range(values[0], values[0] + len(values))):
        return frozenset(numbers)
    return frozenset()


def _is_value(block: Block) -> bool:
    if block.kind not in CELLS or len(block.text) > _MAX_VALUE:
        return False
    return block.key in ANSWERS or any(map(str.isdigit, block.text))
