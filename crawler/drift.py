"""Basis → now, of one cited place: what changed, how far, and why it is said so.

Both pages are read by the same version of the algorithm. The main content is found once, on the basis, and then
followed by alignment: finding it anew on every page is what makes extractors noisy.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crawler.blocks import Block, Page, visible_blocks
from crawler.compare import Gap, gaps, pair
from crawler.fingerprint import ALGORITHM, print_of
from crawler.health import page_health
from crawler.materiality import Ruling, rule, unnumbered
from crawler.memory import Volatility, short_hash
from crawler.model import Change, Drift, DriftKind, Health, PageHealth
from crawler.region import is_dense, main_region
from crawler.replaced import replaced_by
from crawler.sections import Missing, Section, locate
from guides.model import Anchor, Heading, MainContent, Place, Quote, TextRange

_ORDER = list(DriftKind)
_MAX_CHANGES = 200
_MAX_TEXT = 4000
_REBLOCKED = 20
_REPEATED = 60
_SEARCHED = 2000
_PAIRED = 4000
_SAYING = (DriftKind.WORDING, DriftKind.MATERIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """One side of a comparison: all blocks that are shown, and which of them are the cited place."""

    blocks: Sequence[Block]
    keys: Sequence[str]
    inside: Sequence[bool]

    def cited(self) -> list[Block]:
        return [block for block, use in zip(self.blocks, self.inside, strict=True) if use]


def measure(
    basis: Page, now: Page, place: Place, memory: Mapping[str, Any], *, now_health: PageHealth | None = None
) -> Drift:
    """How far a place is from its basis. `memory` is the page's volatility, `now` included (see `memory.learn`)."""
    if now_health is None:
        now_health = page_health(now, status=200, url=now.url, final_url=now.url, headers=())
    if now_health.health is not Health.OK:
        return _whole(DriftKind.BROKEN, f"{now_health.health.value}: {now_health.evidence}"[:200])
    if basis.kind in ("binary", "pdf") or now.kind in ("binary", "pdf"):
        return _opaque(basis, now)
    if isinstance(place, MainContent):
        return _main(basis, now, memory)
    before, after = locate(basis, place), locate(now, place)
    if isinstance(before, Missing):
        # Nobody wrote a URL's fragment down as a place: when the page lacks it, the page is what is cited.
        return _main(basis, now, memory) if isinstance(place, Anchor) else _whole(DriftKind.UNLOCATED, before.reason)
    if isinstance(after, Missing):
        return _lost(basis, now, place, before, after, memory)
    if reason := _replaced_around(basis, now, before, after):
        return _whole(DriftKind.BROKEN, reason)
    return _sections(basis, before, after, memory)


def _replaced_around(basis: Page, now: Page, before: Section, after: Section) -> str:
    """A place may match on another page too: when nothing of its words is left, the whole page is looked at."""
    if reason := replaced_by(basis, now, before.blocks, after.blocks):
        old, new = locate(basis, MainContent()), locate(now, MainContent())
        if isinstance(old, Section) and isinstance(new, Section):
            return replaced_by(basis, now, old.blocks, new.blocks)
        return reason
    return ""


def _whole(kind: DriftKind, reason: str) -> Drift:
    return Drift(kind=kind, algorithm=ALGORITHM, reason=reason)


def _opaque(basis: Page, now: Page) -> Drift:
    """A document without readable text: equal or not is all that can be said."""
    if basis.kind != now.kind:
        return _whole(DriftKind.BROKEN, f"the page is no longer {basis.kind} but {now.kind}")
    if basis.digest == now.digest:
        return _whole(DriftKind.UNCHANGED, "")
    return _whole(DriftKind.WORDING, f"the {basis.kind} document is another one (its text is not read)")


def _main(basis: Page, now: Page, memory: Mapping[str, Any]) -> Drift:
    """The main content, found on the basis and followed to now."""
    old_blocks, new_blocks = visible_blocks(basis.blocks), visible_blocks(now.blocks)
    old_keys, new_keys = [block.key for block in old_blocks], [block.key for block in new_blocks]
    region = main_region(old_blocks)
    stretches = gaps(old_keys, new_keys)
    before = _View(blocks=old_blocks, keys=old_keys, inside=region)
    after = _View(blocks=new_blocks, keys=new_keys, inside=_followed(before, new_blocks, stretches))
    if reason := replaced_by(basis, now, before.cited(), after.cited()):
        return _whole(DriftKind.BROKEN, reason)
    return _compared(basis, before, after, stretches, memory)


def _followed(before: _View, new_blocks: Sequence[Block], stretches: Sequence[Gap]) -> list[bool]:
    """Which blocks of now are the region: those that stayed, and what is new between those that are in it."""
    inside = [False] * len(new_blocks)
    i = j = 0
    for gap in (*stretches, Gap(i1=len(before.keys), i2=len(before.keys), j1=len(new_blocks), j2=len(new_blocks))):
        while i < gap.i1:
            inside[j] = before.inside[i]
            i, j = i + 1, j + 1
        touched = any(before.inside[gap.i1 : gap.i2])
        left = gap.i1 > 0 and before.inside[gap.i1 - 1]
        right = gap.i2 < len(before.keys) and before.inside[gap.i2]
        for at in range(gap.j1, gap.j2):
            block = new_blocks[at]
            inside[at] = not block.chrome and ((left and right) or touched or ((left or right) and not is_dense(block)))
        i, j = gap.i2, gap.j2
    return inside


def _sections(basis: Page, before: Section, after: Section, memory: Mapping[str, Any]) -> Drift:
    old, new = list(before.blocks), list(after.blocks)
    sides = [
        _View(blocks=blocks, keys=[block.key for block in blocks], inside=[True] * len(blocks)) for blocks in (old, new)
    ]
    return _compared(basis, sides[0], sides[1], gaps(sides[0].keys, sides[1].keys), memory)


def _lost(basis: Page, now: Page, place: Place, before: Section, after: Missing, memory: Mapping[str, Any]) -> Drift:
    """The place is not found any more: look for what it said, then for the page."""
    if isinstance(place, Anchor):
        return _main(basis, now, memory)
    whole = locate(now, MainContent())
    cited = locate(basis, MainContent())
    old_text = cited.blocks if isinstance(cited, Section) else ()
    new_text = whole.blocks if isinstance(whole, Section) else ()
    if new_text and (reason := replaced_by(basis, now, old_text, new_text)):
        return _whole(DriftKind.BROKEN, reason)
    if isinstance(place, Quote | TextRange):
        return _quote_gone(now, place, before)
    if isinstance(cited, Section) and 2 * _chars(before.blocks) > _chars(cited.blocks):
        # The place was the main content by another name; that is followed without a selector.
        return replace(_main(basis, now, memory), relocated=MainContent())
    keys = {block.key for block in visible_blocks(now.blocks)}
    size = sum(len(block.text) for block in before.blocks) or 1
    kept = sum(len(block.text) for block in before.blocks if block.key in keys)
    if kept < 0.6 * size:
        return _whole(DriftKind.UNLOCATED, after.reason)
    found = _elsewhere(now, before)
    if found is None:
        return _whole(DriftKind.UNLOCATED, after.reason)
    moved, section = found
    return replace(_sections(basis, before, section, memory), relocated=moved)


def _chars(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _elsewhere(now: Page, before: Section) -> tuple[Place, Section] | None:
    """The place by its heading, if its blocks stand under that; else the run of blocks that holds them."""
    keys = {block.key for block in before.blocks}
    if before.heading:
        place = Heading(heading=before.heading)
        section = locate(now, place)
        if isinstance(section, Section):
            kept = sum(len(block.text) for block in section.blocks if block.key in keys)
            if kept >= 0.5 * sum(len(block.text) for block in section.blocks):
                return place, section
    shown = visible_blocks(now.blocks)
    at = [index for index, block in enumerate(shown) if block.key in keys]
    if not at or at[-1] - at[0] + 1 > 2 * len(before.blocks) + 5:
        return None
    blocks = tuple(shown[at[0] : at[-1] + 1])
    longest = max(blocks, key=lambda block: len(block.text))
    return Quote(quote=longest.text[:300]), Section(place=MainContent(), blocks=blocks)


def _quote_gone(now: Page, place: Quote | TextRange, before: Section) -> Drift:
    """The page stands but the quoted words do not: a passage that a claim rests on is gone."""
    old = " ".join(block.text for block in before.blocks)
    pairs = pair(list(before.blocks)[:1], [block for block in visible_blocks(now.blocks) if not block.chrome][:60])
    new = next((after.text for one, after in pairs if one is not None and after is not None), "")
    quote = place.quote if isinstance(place, Quote) else place.start
    reason = f"the quoted words are gone: “{quote[:80]}”"
    change = Change(
        before=old[:_MAX_TEXT], after=new[:_MAX_TEXT], drift=DriftKind.MATERIAL, reason=reason, heading=before.heading
    )
    return Drift(
        kind=DriftKind.MATERIAL,
        algorithm=ALGORITHM,
        reason=reason,
        changes=(change,),
        before_print=print_of(before.blocks),
        now_print="",
    )


def _compared(basis: Page, before: _View, after: _View, stretches: Sequence[Gap], memory: Mapping[str, Any]) -> Drift:
    basis_keys = [block.key for block in visible_blocks(basis.blocks)]
    comparison = _Comparison(before, after, Volatility(memory, basis_keys))
    changes: list[Change] = []
    for gap in stretches:
        if len(changes) < _MAX_CHANGES:
            changes.extend(comparison.of(gap))
    changes = changes[:_MAX_CHANGES]
    worst = max(changes, key=lambda change: _ORDER.index(change.drift), default=None)
    return Drift(
        kind=worst.drift if worst else DriftKind.UNCHANGED,
        algorithm=ALGORITHM,
        reason=worst.reason if worst else "",
        changes=tuple(changes),
        before_print=print_of(before.cited()),
        now_print=print_of(after.cited()),
    )


def _lone_headings(changes: list[Change]) -> list[Change]:
    """A heading without a text of its own is no section: it stands over links, or is the page's title."""
    if any(not change.reason.startswith("section ") and change.drift in _SAYING for change in changes):
        return changes
    linked = any(change.drift is DriftKind.COSMETIC for change in changes)
    weight = DriftKind.COSMETIC if linked else DriftKind.WORDING
    return [
        replace(change, drift=weight, reason=change.reason.replace("section ", "heading ", 1))
        if change.reason.startswith("section ")
        else change
        for change in changes
    ]


def _without_renumbered(old: list[Block], new: list[Block]) -> tuple[list[Block], list[Block]]:
    """Two lists without the passages that differ only in the number in front."""
    if not old or not new:
        return old, new
    bodies = Counter(unnumbered(block.text) for block in old)
    others = Counter(unnumbered(block.text) for block in new)
    same = {body for body, count in bodies.items() if len(body) >= 3 and others[body] == count}
    if not same:
        return old, new
    return (
        [block for block in old if unnumbered(block.text) not in same],
        [block for block in new if unnumbered(block.text) not in same],
    )


class _Comparison:
    """Two views and what is known of the page; `of` gives the changes of one gap."""

    def __init__(self, before: _View, after: _View, volatility: Volatility) -> None:
        self._before = before
        self._after = after
        self._volatility = volatility
        self._old_keys = Counter(before.keys)
        self._new_keys = Counter(after.keys)
        cited = before.cited()
        self._link_list = 2 * sum(is_dense(block) for block in cited) > len(cited)
        self._last_join: tuple[int, int, int, str] = (0, 0, 0, "")
        self._old_hashes = [short_hash(key) for key in before.keys]

    def of(self, gap: Gap) -> list[Change]:
        """What changed between two neighbours that stayed, less what is moved, split, merged or volatile."""
        removed = [at for at in range(gap.i1, gap.i2) if self._before.inside[at]]
        added = [at for at in range(gap.j1, gap.j2) if self._after.inside[at]]
        if not removed and not added:
            return []
        if self._rebuilt(gap) or self._volatility.is_slot(self._old_hashes, gap):
            return []
        old = [self._before.blocks[at] for at in removed if not self._still_there(at, gap)]
        new = [self._after.blocks[at] for at in added if not self._was_there(at, gap)]
        old, new = _without_renumbered(old, new)
        moved = len(removed) + len(added) - len(old) - len(new)
        changes = [
            change
            for one, other in pair(old[:_PAIRED], new[:_PAIRED])
            if (change := self._change(one, other, gap)) is not None
        ]
        changes = _lone_headings(changes)
        if moved and not changes:
            heading = self._heading(gap.i1)
            moved_text = next((self._before.blocks[at].text for at in removed), "")
            return [Change(before=moved_text[:_MAX_TEXT], after=moved_text[:_MAX_TEXT], drift=DriftKind.COSMETIC,
                           reason="moved or repeated", heading=heading)] if moved_text else []  # fmt: skip
        return changes

    def _rebuilt(self, gap: Gap) -> bool:
        """The same words in other blocks: paragraphs split, merged, or marked up otherwise."""
        old = "".join(self._before.keys[gap.i1 : gap.i2])
        return old == "".join(self._after.keys[gap.j1 : gap.j2])

    def _still_there(self, at: int, gap: Gap) -> bool:
        """A block that is gone from here but stands elsewhere, or within another block, or comes and goes."""
        key = self._before.keys[at]
        if self._kept(key, self._old_keys, self._new_keys) or self._volatility.is_flapper(key):
            return True
        return len(key) >= _REBLOCKED and key in self._joined(self._after.keys, gap.j1, gap.j2)

    def _joined(self, keys: Sequence[str], start: int, end: int) -> str:
        """A gap's words run together; "" for one so large that searching it for every block would be quadratic."""
        if end - start > _SEARCHED:
            return ""
        if self._last_join[:3] != (id(keys), start, end):
            self._last_join = (id(keys), start, end, "".join(keys[start:end]))
        return self._last_join[3]

    def _kept(self, key: str, here: Counter[str], there: Counter[str]) -> bool:
        """Moved, or a long passage that merely stands there more or fewer times; an entry of a table counts."""
        return there[key] > 0 and (there[key] >= here[key] or len(key) >= _REPEATED)

    def _was_there(self, at: int, gap: Gap) -> bool:
        key = self._after.keys[at]
        if self._kept(key, self._new_keys, self._old_keys) or self._volatility.is_known(key):
            return True
        return len(key) >= _REBLOCKED and key in self._joined(self._before.keys, gap.i1, gap.i2)

    def _change(self, old: Block | None, new: Block | None, gap: Gap) -> Change | None:
        if old is not None and new is not None and self._volatility.is_counter(old.text, new.text):
            return None
        ruling: Ruling = rule(old, new, link_list=self._link_list)
        return Change(
            before=old.text[:_MAX_TEXT] if old else "",
            after=new.text[:_MAX_TEXT] if new else "",
            drift=ruling.drift,
            reason=ruling.reason,
            heading=self._heading(gap.i1),
        )

    def _heading(self, index: int) -> str:
        for at in range(min(index, len(self._before.blocks)) - 1, -1, -1):
            if self._before.blocks[at].level:
                return self._before.blocks[at].text[:300]
        return ""
