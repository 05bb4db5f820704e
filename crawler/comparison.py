"""Two views of a place compared: what changed in each stretch that differs, less what is moved, split or volatile."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.blocks import CELLS, Block
from crawler.compare import Gap, pair
from crawler.contacts import contact_change
from crawler.datelines import tells_document_date
from crawler.materiality import Ruling, rule, unnumbered
from crawler.memory import Volatility, is_sentence, short_hash
from crawler.model import Change, DriftKind
from crawler.quantities import begins_with_unit
from crawler.region import is_dense
from crawler.sifting import Found, sift_gap
from crawler.tabular import exchanged
from crawler.text import skeleton

MAX_TEXT = 4000
_REBLOCKED = 20
_REPEATED = 60
_SEARCHED = 2000
_PAIRED = 4000
_PROSE = 60
_PROSE_SHARE = 0.3
_AROUND = 4
_TABLE = 200
_COPIES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One side of a comparison: all blocks that are shown, and which of them are the cited place."""

    blocks: Sequence[Block]
    keys: Sequence[str]
    inside: Sequence[bool]

    def cited(self) -> list[Block]:
        return [block for block, use in zip(self.blocks, self.inside, strict=True) if use]


def _without_renumbered(old: list[Block], new: list[Block]) -> tuple[list[Block], list[Block]]:
    """Two lists without the passages that differ only in the number in front."""
    if not old or not new:
        return old, new
    bodies = Counter(unnumbered(block) for block in old)
    others = Counter(unnumbered(block) for block in new)
    same = {body for body, count in bodies.items() if len(body) >= 3 and others[body] == count}
    if not same:
        return old, new
    return (
        [block for block in old if unnumbered(block) not in same],
        [block for block in new if unnumbered(block) not in same],
    )


class Comparison:
    """Two views and what is known of the page; `of` gives the changes of one gap."""

    def __init__(self, before: View, after: View, volatility: Volatility, title: str = "") -> None:
        self._before = before
        self._after = after
        self._volatility = volatility
        self._title = title
        self._old_keys = Counter(before.keys)
        self._new_keys = Counter(after.keys)
        self._link_list = is_link_list(before.cited())
        self._joins: dict[tuple[bool, int, int], str] = {}
        self._old_hashes = [short_hash(key) for key in before.keys]

    def of(self, gap: Gap) -> list[Found]:
        """What changed between two neighbours that stayed, less what is moved, split, merged or volatile."""
        removed = [at for at in range(gap.i1, gap.i2) if self._before.inside[at]]
        added = [at for at in range(gap.j1, gap.j2) if self._after.inside[at]]
        if not removed and not added:
            return []
        if self._rebuilt(gap) or (self._volatility.is_slot(self._old_hashes, gap) and not self._recounted(gap)):
            return []
        removed, added = self._without_kept(removed, added)
        removed, added = self._without_reblocked(removed, added, gap)
        old, new = _without_renumbered(
            [self._before.blocks[at] for at in removed], [self._after.blocks[at] for at in added]
        )
        self._joins.clear()
        places = {id(self._before.blocks[at]): at for at in removed}
        others = {id(self._after.blocks[at]): at for at in added}
        found = [
            Found(change=change, before=one, after=other)
            for one, other in pair(old[:_PAIRED], new[:_PAIRED])
            if (change := self._change(one, other, gap, places.get(id(one)), others.get(id(other)))) is not None
        ]
        return sift_gap(found, self._title) or self._moved(
            gap, renumbered=len(old) + len(new) < len(removed) + len(added)
        )

    def behind(self, stretches: Sequence[Gap]) -> list[Found]:
        """Passages that stayed word for word, and whose links now lead to somebody else's mail or telephone."""
        found: list[Found] = []
        i = j = 0
        end = Gap(i1=len(self._before.keys), i2=0, j1=len(self._after.keys), j2=0)
        for gap in (*stretches, end):
            for old_at, new_at in zip(range(i, gap.i1), range(j, gap.j1), strict=False):
                old, new = self._before.blocks[old_at], self._after.blocks[new_at]
                if not (old.links and new.links and self._before.inside[old_at]) or old.links == new.links:
                    continue
                if contact_change([old], [new]):
                    ruling = rule(old, new)
                    change = Change(
                        before=old.text[:MAX_TEXT],
                        after=new.text[:MAX_TEXT],
                        drift=ruling.drift,
                        reason=ruling.reason,
                        heading=self._heading(old_at),
                    )
                    found.append(Found(change=change, before=old, after=new))
            i, j = gap.i2, gap.j2
        return found

    def swapped(self) -> list[Found]:
        """Values of a table that changed places: each word still stands there, under another label."""
        old, new = self._before.cited(), self._after.cited()
        found: list[Found] = []
        for one in exchanged(old, new):
            before, after = old[one.old], new[one.new]
            label = old[one.label].text[:_PROSE]
            change = Change(
                before=f"{label}: {before.text}",
                after=f"{label}: {after.text}",
                drift=DriftKind.MATERIAL,
                reason=f"{label}: {before.text} → {after.text}",
            )
            found.append(Found(change=change, before=before, after=after))
        return found

    def _moved(self, gap: Gap, *, renumbered: bool) -> list[Found]:
        """A gap without a change of its own: say at least that something stands elsewhere, or under a new number."""
        for at in range(gap.i1, gap.i2):
            if self._before.inside[at] and (renumbered or self._new_keys[self._before.keys[at]]):
                block = self._before.blocks[at]
                change = Change(
                    before=block.text[:MAX_TEXT],
                    after=block.text[:MAX_TEXT],
                    drift=DriftKind.COSMETIC,
                    reason="numbering" if renumbered else "moved or repeated",
                    heading=self._heading(gap.i1),
                )
                return [Found(change=change, before=block, after=block)]
        return []

    def _rebuilt(self, gap: Gap) -> bool:
        """The same words in other blocks: paragraphs split, merged, or marked up otherwise."""
        old = "".join(self._before.keys[gap.i1 : gap.i2])
        return old == "".join(self._after.keys[gap.j1 : gap.j2])

    def _recounted(self, gap: Gap) -> bool:
        """A sentence with another number in it: that is said anew, however often it is."""
        old = {skeleton(block.text) for block in self._before.blocks[gap.i1 : gap.i2] if is_sentence(block.text)}
        return any(
            skeleton(block.text) in old
            for block in self._after.blocks[gap.j1 : gap.j2]
            if is_sentence(block.text) and any(map(str.isdigit, block.text))
        )

    def _without_kept(self, removed: list[int], added: list[int]) -> tuple[list[int], list[int]]:
        """Less what is moved, and long passages that merely stand there more or fewer times.

        One of several copies that lost or got a sentence is a change of that copy: beside a passage like it, it stays.
        """
        keys, others = self._before.keys, self._after.keys
        old = [at for at in removed if self._new_keys[keys[at]] < self._old_keys[keys[at]]]
        new = [at for at in added if self._old_keys[others[at]] < self._new_keys[others[at]]]
        gone = [at for at in old if not self._is_repeated(self._before.blocks[at], self._new_keys)]
        come = [at for at in new if not self._is_repeated(self._after.blocks[at], self._old_keys)]
        if not old or not new or len(old) * len(new) > _COPIES:
            return gone, come
        fresh, lost = [others[at] for at in come], [keys[at] for at in gone]
        return (
            [at for at in old if at in gone or any(_is_edited(keys[at], key) for key in fresh)],
            [at for at in new if at in come or any(_is_edited(others[at], key) for key in lost)],
        )

    def _is_repeated(self, block: Block, there: Counter[str]) -> bool:
        """A long passage that stands elsewhere too. In a table each cell counts."""
        return block.kind not in CELLS and there[block.key] > 0 and len(block.key) >= _REPEATED

    def _without_reblocked(self, removed: list[int], added: list[int], gap: Gap) -> tuple[list[int], list[int]]:
        """Less the passages that stand in other blocks now. One that stands in a passage that grew is its pair."""
        gone = {at for at in removed if self._within(self._before.keys[at], gap, old=False)}
        come = {at for at in added if self._within(self._after.keys[at], gap, old=True)}
        grown = [self._after.keys[at] for at in added if at not in come]
        shrunk = [self._before.keys[at] for at in removed if at not in gone]
        if len(gone) * len(grown) + len(come) * len(shrunk) <= _SEARCHED:
            gone = {at for at in gone if not any(self._before.keys[at] in key for key in grown)}
            come = {at for at in come if not any(self._after.keys[at] in key for key in shrunk)}
        return [at for at in removed if at not in gone], [at for at in added if at not in come]

    def _within(self, key: str, gap: Gap, *, old: bool) -> bool:
        """Whether a gap's words on one side, run together, hold a passage of the other side."""
        if len(key) < _REBLOCKED:
            return False
        start, end = (gap.i1, gap.i2) if old else (gap.j1, gap.j2)
        if end - start > _SEARCHED:
            return False  # searching it for every block would be quadratic
        at = (old, start, end)
        if at not in self._joins:
            self._joins[at] = "".join((self._before if old else self._after).keys[start:end])
        return key in self._joins[at]

    def _change(
        self, old: Block | None, new: Block | None, gap: Gap, old_at: int | None, new_at: int | None
    ) -> Change | None:
        if self._is_volatile(old, new):
            return None
        among_links = not self._link_list and (
            (new_at is not None and _among_links(self._after.blocks, new_at))
            or (old_at is not None and _among_links(self._before.blocks, old_at))
        )
        ruling: Ruling = rule(
            old,
            new,
            link_list=self._link_list,
            among_links=among_links,
            states_date=new_at is not None and old is not None and _states_date(self._after.blocks, new_at),
            counts=new_at is not None and _counts(self._after.blocks, new_at),
        )
        return Change(
            before=old.text[:MAX_TEXT] if old else "",
            after=new.text[:MAX_TEXT] if new else "",
            drift=ruling.drift,
            reason=ruling.reason,
            heading=self._heading(gap.i1),
        )

    def _is_volatile(self, old: Block | None, new: Block | None) -> bool:
        """What is known to come and go says nothing; a known state that took another's place neither."""
        if old is not None and new is not None:
            return self._volatility.is_counter(old.text, new.text) or self._volatility.is_known(new.key)
        if old is not None:
            return self._volatility.is_flapper(old.key)
        return new is not None and self._volatility.is_known(new.key)

    def _heading(self, index: int) -> str:
        for at in range(min(index, len(self._before.blocks)) - 1, -1, -1):
            if self._before.blocks[at].level:
                return self._before.blocks[at].text[:300]
        return ""


def _is_edited(key: str, other: str) -> bool:
    """Whether one of two texts is the other with a sentence more or less."""
    shorter, longer = sorted((key, other), key=len)
    return 3 * len(shorter) >= len(longer) and (longer.startswith(shorter) or longer.endswith(shorter))


def is_link_list(cited: Sequence[Block]) -> bool:
    """Whether the document is a list of links, rather than a text that a menu stands beside."""
    dense = sum(is_dense(block) for block in cited)
    prose = sum(len(block.text) for block in cited if not is_dense(block) and len(block.text) > _PROSE)
    return 2 * dense > len(cited) and prose <= _PROSE_SHARE * sum(len(block.text) for block in cited)


def _among_links(blocks: Sequence[Block], at: int) -> bool:
    """Whether a label stands in a menu: a heading with nothing but links below, an entry with links all around."""
    block = blocks[at]
    if len(block.text) > _PROSE or block.text.endswith((".", "!", ":", "。")):
        return False
    below = [is_dense(other) for other in blocks[at + 1 : at + 1 + _AROUND]]
    if block.level:
        return len(below) >= 2 and all(below[:2])
    around = [*below, *(is_dense(other) for other in blocks[max(0, at - _AROUND) : at])]
    return len(around) >= _AROUND and sum(around) >= 0.75 * len(around)


def _counts(blocks: Sequence[Block], at: int) -> bool:
    """Whether a number in a block of its own counts what the next block begins with."""
    return at + 1 < len(blocks) and len(blocks[at].text) <= 20 and begins_with_unit(blocks[at + 1].text)


def _states_date(blocks: Sequence[Block], at: int) -> bool:
    """Whether a date in this cell is what a table says: no cell before it names the date of a document."""
    if blocks[at].kind not in CELLS:
        return False
    labels = 0
    for before in range(at - 1, max(-1, at - 1 - _TABLE), -1):
        if blocks[before].kind not in CELLS and blocks[before].kind != "dt":
            break
        if tells_document_date(blocks[before].text):
            return False
        labels += not any(map(str.isdigit, blocks[before].text))
    return labels > 0
