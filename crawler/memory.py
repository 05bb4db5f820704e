"""What was learned of a page's volatility from its own history, so that it need not be told to anybody.

Three things, none with a threshold to set by hand (and each masks only what has been seen to move before):
a *flapper* is a block that went away and came back; a *counter* is a label of which only the number keeps changing
(never a sentence); a *slot* is a place between two steady neighbours where something new stands every time.
A block that merely changed once is never masked. Nor is what an author edits again and again: lines and slots are
volatile only while they are found changed at nearly every look, and looks have been days apart at most.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from crawler.blocks import Block, Page, visible_blocks
from crawler.compare import Gap, gaps
from crawler.text import skeleton, words

LEARNED_BY = "blocks-3"
"""Changes when blocks, their keys or what is kept of them do. What other keys taught is learned anew from the stored
snapshots (see `learned_anew`), so that an upgrade neither forgets nor misreads."""

_MAX_BLOCKS = 20_000
_MAX_STATES = 300
_MAX_MOVERS = 400
_SLOT_SIZE = 12
_VALUES = 3
_CHANGES = 4
_NEARLY_EVERY = 0.75
"""At this share of the looks since its first change, a line or a slot that moves by itself is found changed."""
_RESTLESS = 4 * 24 * 60
"""Mean minutes between two changes up to which a line or a slot may be volatile."""
_LABEL_WORDS = 8
_SETTLED = 14 * 24 * 60
"""A block that used to flap and has now stood (or been away) this long, and 3 times longer than before, has settled."""

# A block's life: when it was first seen, when its present run began, when it went (-1: it is there), how often it
# came back, and the longest it was away. Minutes since 1970.
FIRST, SINCE, UNTIL, RETURNS, AWAY = range(5)


def short_hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def state_of(keys: Sequence[str]) -> str:
    """One state of a page: its blocks, whatever their order."""
    return short_hash("\n".join(sorted(keys)))


def is_current(memory: Mapping[str, Any]) -> bool:
    """Whether a memory can be gone on with: it is empty, or was learned by the present keys."""
    return not memory or (memory.get("algorithm") == LEARNED_BY and isinstance(memory.get("blocks"), dict))


def learned_anew(past: Iterable[tuple[datetime, Page]]) -> Mapping[str, Any]:
    """What a history of looks teaches, oldest first."""
    memory: Mapping[str, Any] = {}
    for at, page in past:
        memory = learn(memory, page, at)
    return memory


def learn(memory: Mapping[str, Any], page: Page, at: datetime, *, stood: bool = False) -> Mapping[str, Any]:
    """What is known after a look at a good page. What other keys were learned by is forgotten.

    `stood`: the page as it was before this look had been served more than once. The result can be written as JSON,
    and its size is bounded.
    """
    minute = int(at.timestamp() // 60)
    shown = visible_blocks(page.blocks)
    now = [short_hash(block.key) for block in shown]
    if memory.get("algorithm") != LEARNED_BY or not isinstance(memory.get("blocks"), dict):
        lives = {key: [minute, minute, -1, 0, 0] for key in now[:_MAX_BLOCKS]}
        return _made(lives, {state_of(now): minute}, {}, {}, now, _skeletons(shown), minute, minute, 1)
    looks = memory.get("looks", 1) + (2 if stood else 1)
    states = dict(memory["states"])
    states.setdefault(state_of(now), minute)
    skeletons = _skeletons(shown)
    before, before_skeletons = memory["order"], memory["skeletons"]
    if before == now:
        return {**memory, "states": _bounded(states, _MAX_STATES), "at": minute, "looks": looks}
    return _made(
        _lives(memory["blocks"], now, minute),
        states,
        _counters(memory["counters"], before, now, before_skeletons, skeletons, minute, looks),
        _slots(memory["slots"], before, now, minute, looks),
        now,
        skeletons,
        minute,
        memory["began"],
        looks,
    )


def _made(
    lives: dict[str, list[int]],
    states: dict[str, int],
    counters: dict[str, Any],
    slots: dict[str, Any],
    order: list[str],
    skeletons: dict[str, str],
    minute: int,
    began: int,
    looks: int,
) -> Mapping[str, Any]:
    if len(lives) > _MAX_BLOCKS:
        newest = sorted(lives.items(), key=lambda item: (item[1][UNTIL] < 0, item[1][UNTIL]), reverse=True)
        lives = dict(newest[:_MAX_BLOCKS])
    return {
        "algorithm": LEARNED_BY,
        "began": began,
        "at": minute,
        "looks": looks,
        "blocks": lives,
        "states": _bounded(states, _MAX_STATES),
        "counters": _bounded(counters, _MAX_MOVERS),
        "slots": _bounded(slots, _MAX_MOVERS),
        "order": order[:_MAX_BLOCKS],
        "skeletons": skeletons,
    }


def _bounded(entries: dict[str, Any], most: int) -> dict[str, Any]:
    return dict(list(entries.items())[-most:]) if len(entries) > most else entries


def _skeletons(shown: Sequence[Block]) -> dict[str, str]:
    """The hashes of lines that hold a number, and of what remains of them without it."""
    found: dict[str, str] = {}
    for block in shown:
        if len(found) < _MAX_MOVERS * 5 and len(block.text) <= 300 and any(c.isdigit() for c in block.text):
            found[short_hash(block.key)] = short_hash(skeleton(block.text))
    return found


def _lives(before: Mapping[str, list[int]], now: Sequence[str], minute: int) -> dict[str, list[int]]:
    present = set(now)
    lives: dict[str, list[int]] = {}
    for key, life in before.items():
        if key in present and life[UNTIL] >= 0:
            away = max(life[AWAY], minute - life[UNTIL])
            lives[key] = [life[FIRST], minute, -1, life[RETURNS] + 1, away]
        elif key not in present and life[UNTIL] < 0:
            lives[key] = [life[FIRST], life[SINCE], minute, life[RETURNS], life[AWAY]]
        else:
            lives[key] = life
    for key in now:
        lives.setdefault(key, [minute, minute, -1, 0, 0])
    return lives


def _counters(
    counters: Mapping[str, Any],
    before: Sequence[str],
    now: Sequence[str],
    old: Mapping[str, str],
    new: Mapping[str, str],
    minute: int,
    look: int,
) -> dict[str, Any]:
    gone = {old[key] for key in set(before) - set(now) if key in old}
    result = dict(counters)
    for key in set(now) - set(before):
        mask = new.get(key)
        if mask is None or mask not in gone:
            continue
        entry = result.pop(mask, {"first": minute, "look": look, "changes": 0, "values": []})
        values = entry["values"] if key in entry["values"] else [*entry["values"], key][-8:]
        result[mask] = {**entry, "last": minute, "changes": entry["changes"] + 1, "values": values}
    return result


def _slots(
    slots: Mapping[str, Any], before: Sequence[str], now: Sequence[str], minute: int, look: int
) -> dict[str, Any]:
    result = dict(slots)
    for gap in gaps(before, now):
        if max(gap.i2 - gap.i1, gap.j2 - gap.j1) > _SLOT_SIZE:
            continue
        name = slot_name(before, gap)
        entry = result.pop(name, {"first": minute, "look": look, "changes": 0})
        result[name] = {**entry, "last": minute, "changes": entry["changes"] + 1}
    return result


def slot_name(before: Sequence[str], gap: Gap) -> str:
    """A gap by its neighbours."""
    left = before[gap.i1 - 1] if gap.i1 > 0 else "^"
    right = before[gap.i2] if gap.i2 < len(before) else "$"
    return short_hash(f"{left}|{right}")


def is_sentence(text: str) -> bool:
    """Whether a line says something, rather than labelling a number."""
    return text.rstrip().endswith((".", "!", "?", "。", "！", "？", "।", "؟")) or len(words(text)) > _LABEL_WORDS


class Volatility:
    """A memory, asked about one comparison with one basis."""

    def __init__(self, memory: Mapping[str, Any], basis_keys: Sequence[str]) -> None:
        known = memory.get("algorithm") == LEARNED_BY
        self._blocks: Mapping[str, list[int]] = memory.get("blocks", {}) if known else {}
        self._counters: Mapping[str, Any] = memory.get("counters", {}) if known else {}
        self._slots: Mapping[str, Any] = memory.get("slots", {}) if known else {}
        self._began: int = memory.get("began", 0) if known else 0
        self._at: int = memory.get("at", 0) if known else 0
        self._looks: int = memory.get("looks", 0) if known else 0
        states = memory.get("states", {}) if known else {}
        self._basis_at: int = states.get(state_of([short_hash(key) for key in basis_keys]), -1)

    def is_known(self, key: str) -> bool:
        """Whether a block that the basis lacks was there before it: what came back is not news."""
        life = self._blocks.get(short_hash(key))
        if life is None:
            return False
        return 0 <= life[FIRST] < self._basis_at or (life[RETURNS] > 0 and not self._has_settled(life))

    def is_flapper(self, key: str) -> bool:
        """Whether a block that is gone now has been gone before and came back."""
        life = self._blocks.get(short_hash(key))
        if life is None or self._has_settled(life):
            return False
        return life[RETURNS] > 0 or self._was_guest(life)

    def _was_guest(self, life: Sequence[int]) -> bool:
        """Whether a block came after the first look and soon left again: the page is back to what it was."""
        return life[FIRST] > self._began and 0 <= life[UNTIL] - life[SINCE] <= _SETTLED

    def _has_settled(self, life: Sequence[int]) -> bool:
        stood = self._at - (life[SINCE] if life[UNTIL] < 0 else life[UNTIL])
        return stood > max(_SETTLED, 3 * life[AWAY])

    def is_counter(self, before: str, after: str) -> bool:
        """Whether two texts differ in the number of a label that keeps counting."""
        masked = skeleton(before)
        if masked != skeleton(after) or is_sentence(before) or is_sentence(after):
            return False
        entry = self._counters.get(short_hash(masked))
        return entry is not None and len(entry["values"]) >= _VALUES and self._is_restless(entry)

    def is_slot(self, basis_hashes: Sequence[str], gap: Gap) -> bool:
        """Whether something else stands between these two neighbours every other time."""
        if max(gap.i2 - gap.i1, gap.j2 - gap.j1) > _SLOT_SIZE:
            return False
        entry = self._slots.get(slot_name(basis_hashes, gap))
        return entry is not None and self._is_restless(entry)

    def _is_restless(self, entry: Mapping[str, int]) -> bool:
        """Changed at nearly every look, and still does."""
        changes, moved = entry["changes"], entry["last"] - entry["first"]
        if changes < _CHANGES or moved > _RESTLESS * (changes - 1):
            return False
        if changes < _NEARLY_EVERY * (self._looks - entry["look"] + 1):
            return False
        return self._at - entry["last"] <= max(_SETTLED, 3 * moved // (changes - 1))
