"""Basis → now, of one cited place: what changed, how far, and why it is said so.

Both pages are read by the same version of the algorithm. The main content is found once, on the basis, and then
followed by alignment: finding it anew on every page is what makes extractors noisy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rapidfuzz import fuzz

from crawler.blocks import Block, Page, visible_blocks
from crawler.compare import Gap, gaps, pair
from crawler.comparison import MAX_TEXT, Comparison, View, is_link_list
from crawler.fingerprint import ALGORITHM, print_of
from crawler.health import page_health
from crawler.memory import Volatility
from crawler.model import Change, Drift, DriftKind, Health, PageHealth
from crawler.region import is_dense, main_region
from crawler.replaced import replaced_by
from crawler.sections import Missing, Section, locate
from crawler.sifting import SAYING, Found, sift_page
from guides.model import Anchor, Heading, MainContent, Place, Quote, TextRange

_ORDER = list(DriftKind)
_MAX_CHANGES = 200
_MAX_HEADINGS = 200
_BODY = 4000
_LEAST_BODY = 40
_SAME_SECTION = 75.0
NEVER_FOUND = "never found on this page"


def measure(
    basis: Page, now: Page, place: Place, memory: Mapping[str, Any], *, now_health: PageHealth | None = None
) -> Drift:
    """How far a place is from its basis. `memory` is the page's volatility, `now` included (see `memory.learn`)."""
    if now_health is None:
        now_health = page_health(now, status=200, url=now.url, final_url=now.url, headers=())
    if now_health.health is not Health.OK:
        return _whole(DriftKind.BROKEN, f"{now_health.health.value}: {now_health.evidence}"[:200])
    if basis.made != now.made:
        return _whole(DriftKind.BROKEN, "the page came in another way than its basis, and cannot be compared with it")
    if "pdf" in (basis.kind, now.kind) and basis.kind != now.kind:
        return _opaque(basis, now)
    if _is_opaque(basis) or _is_opaque(now):
        return _opaque(basis, now)
    if isinstance(place, MainContent):
        return _main(basis, now, memory)
    before, after = locate(basis, place), locate(now, place)
    if isinstance(before, Missing):
        return _never_there(basis, now, place, before, after, memory)
    if isinstance(after, Missing):
        return _lost(basis, now, place, before, after, memory)
    if reason := _replaced_around(basis, now, before, after):
        return _whole(DriftKind.BROKEN, reason)
    return _sections(basis, before, after, memory)


def never_found(basis: Page, place: Place) -> Drift | None:
    """`unlocated` where a place is not on the very page that it was written for; None where it is there.

    Nobody writes a URL's fragment down as a place: where the page lacks it, the page is what is cited.
    """
    if isinstance(place, MainContent | Anchor):
        return None
    found = locate(basis, place)
    return _without_basis(found) if isinstance(found, Missing) else None


def _without_basis(missing: Missing) -> Drift:
    return _whole(DriftKind.UNLOCATED, missing.reason if missing.unreadable else NEVER_FOUND)


def _never_there(
    basis: Page, now: Page, place: Place, before: Missing, after: Section | Missing, memory: Mapping[str, Any]
) -> Drift:
    """The basis lacks the place already. Where the page has it now, it is compared with where its words stood then;
    else it cannot be compared, but what changed on the page is told along.
    """
    if isinstance(place, Anchor):
        return _main(basis, now, memory)
    if isinstance(after, Section):
        found = _elsewhere(basis, after)
        if found is not None:
            return _sections(basis, found[1], after, memory)
        return replace(_whole(DriftKind.UNCHANGED, "first found on this page"), now_print=print_of(after.blocks))
    whole = _main(basis, now, memory)
    if whole.kind is DriftKind.BROKEN:
        return whole
    changes = tuple(change for change in whole.changes if change.drift in SAYING)
    return replace(_without_basis(before), changes=changes)


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


def _is_opaque(page: Page) -> bool:
    return page.kind == "binary" or (page.kind == "pdf" and not page.blocks)


def _opaque(basis: Page, now: Page) -> Drift:
    """A document without readable text: equal or not is all that can be said, and of a PDF not even what differs."""
    if basis.kind != now.kind:
        return _whole(DriftKind.BROKEN, f"the page is no longer {basis.kind} but {now.kind}")
    if basis.digest == now.digest:
        return _whole(DriftKind.UNCHANGED, "")
    if basis.kind == "pdf":
        lost = _whole(DriftKind.UNLOCATED, now.head.unread or basis.head.unread)
        return replace(lost, before_print=basis.digest)
    return _whole(DriftKind.WORDING, f"the {basis.kind} document is another one (its text is not read)")


def _main(basis: Page, now: Page, memory: Mapping[str, Any]) -> Drift:
    """The main content, found on the basis and followed to now."""
    old_blocks, new_blocks = visible_blocks(basis.blocks), visible_blocks(now.blocks)
    old_keys, new_keys = [block.key for block in old_blocks], [block.key for block in new_blocks]
    region = main_region(old_blocks)
    stretches = gaps(old_keys, new_keys)
    before = View(blocks=old_blocks, keys=old_keys, inside=region)
    after = View(blocks=new_blocks, keys=new_keys, inside=_followed(before, new_blocks, stretches))
    if reason := replaced_by(basis, now, before.cited(), after.cited()):
        return _whole(DriftKind.BROKEN, reason)
    return _compared(basis, before, after, stretches, memory)


def _followed(before: View, new_blocks: Sequence[Block], stretches: Sequence[Gap]) -> list[bool]:
    """Which blocks of now are the region: those that stayed, and what is new between those that are in it."""
    inside = [False] * len(new_blocks)
    listed = is_link_list(before.cited())
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
            inside[at] = not block.chrome and (
                (left and right) or touched or ((left or right) and (listed or not is_dense(block)))
            )
        i, j = gap.i2, gap.j2
    return inside


def _sections(basis: Page, before: Section, after: Section, memory: Mapping[str, Any]) -> Drift:
    old, new = list(before.blocks), list(after.blocks)
    sides = [
        View(blocks=blocks, keys=[block.key for block in blocks], inside=[True] * len(blocks)) for blocks in (old, new)
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
    if isinstance(place, Heading) and (renamed := _under_other_heading(now, before)) is not None:
        return replace(_sections(basis, before, renamed[1], memory), relocated=renamed[0])
    if isinstance(cited, Section) and 2 * _chars(before.blocks) > _chars(cited.blocks):
        # The place was the main content by another name; that is followed without a selector.
        return replace(_main(basis, now, memory), relocated=MainContent())
    keys = {block.key for block in visible_blocks(now.blocks)}
    size = sum(len(block.text) for block in before.blocks) or 1
    kept = sum(len(block.text) for block in before.blocks if block.key in keys)
    found = _elsewhere(now, before) if kept >= 0.6 * size else None
    if found is None:
        return replace(_whole(DriftKind.UNLOCATED, after.reason), before_print=print_of(before.blocks))
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


def _under_other_heading(now: Page, before: Section) -> tuple[Heading, Section] | None:
    """The section that says what this one said, under a heading with other words."""
    old = _body(before)
    if len(old) < _LEAST_BODY:
        return None
    best: tuple[float, Heading, Section] | None = None
    headings = [block.text for block in visible_blocks(now.blocks) if block.level and not block.chrome]
    for text in dict.fromkeys(headings[:_MAX_HEADINGS]):
        place = Heading(heading=text)
        section = locate(now, place)
        if not isinstance(section, Section) or not section.blocks or section.blocks[0].text != text:
            continue
        likeness = fuzz.ratio(old, _body(section), score_cutoff=_SAME_SECTION)
        if likeness and (best is None or likeness > best[0]):
            best = (likeness, place, section)
    return best[1:] if best is not None else None


def _body(section: Section) -> str:
    blocks = section.blocks[1:] if section.blocks and section.blocks[0].level else section.blocks
    return "\n".join(block.text for block in blocks)[:_BODY]


def _quote_gone(now: Page, place: Quote | TextRange, before: Section) -> Drift:
    """The page stands but the quoted words do not: a passage that a claim rests on is gone."""
    old = " ".join(block.text for block in before.blocks)
    pairs = pair(list(before.blocks)[:1], [block for block in visible_blocks(now.blocks) if not block.chrome][:60])
    new = next((after.text for one, after in pairs if one is not None and after is not None), "")
    quote = place.quote if isinstance(place, Quote) else place.start
    reason = f"the quoted words are gone: “{quote[:80]}”"
    change = Change(
        before=old[:MAX_TEXT], after=new[:MAX_TEXT], drift=DriftKind.MATERIAL, reason=reason, heading=before.heading
    )
    return Drift(
        kind=DriftKind.MATERIAL,
        algorithm=ALGORITHM,
        reason=reason,
        changes=(change,),
        before_print=print_of(before.blocks),
        now_print="",
    )


def _weight(change: Change) -> tuple[int, bool, bool]:
    """Which change speaks for all: the gravest; of equals a passage that became another, first in its numbers."""
    both = bool(change.before and change.after)
    return _ORDER.index(change.drift), both and any(map(str.isdigit, change.reason)), both


def _compared(basis: Page, before: View, after: View, stretches: Sequence[Gap], memory: Mapping[str, Any]) -> Drift:
    basis_keys = [block.key for block in visible_blocks(basis.blocks)]
    comparison = Comparison(before, after, Volatility(memory, basis_keys), basis.title)
    found: list[Found] = []
    for gap in stretches:
        if len(found) < _MAX_CHANGES:
            found.extend(comparison.of(gap))
    found.extend(comparison.behind(stretches))
    if stretches:
        found.extend(comparison.swapped())
    changes = [one.change for one in sift_page(found[:_MAX_CHANGES])]
    worst = max(changes, key=_weight, default=None)
    return Drift(
        kind=worst.drift if worst else DriftKind.UNCHANGED,
        algorithm=ALGORITHM,
        reason=worst.reason if worst else "",
        changes=tuple(changes),
        before_print=print_of(before.cited()),
        now_print=print_of(after.cited()),
    )
