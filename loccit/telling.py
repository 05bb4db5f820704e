"""What a pass says when it is done, in a few lines for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from review.hints import expiring
from review.model import CloseFinding, OpenFinding
from review.text import count, one_line

if TYPE_CHECKING:
    from loccit.passes import PassResult
    from storage.store import Store

SHOWN = 12
"""Findings named one by one; `loccit findings` has them all."""


def closing_lines(result: "PassResult", store: "Store") -> Iterator[str]:
    """How many were looked at and what came of it, then each finding that was opened or closed."""
    looked = sum(result.verdicts.values())
    words = ", ".join(f"{number} {verdict}" for verdict, number in result.verdicts.most_common())
    yield f"looked at {count(looked, 'source')} in {result.seconds:.1f} s" + (
        f": {words}" if words else "; nothing was due"
    )
    opened = [(url, op) for url, op in result.ops if isinstance(op, OpenFinding)]
    closed = [(url, op) for url, op in result.ops if isinstance(op, CloseFinding)]
    for url, op in opened[:SHOWN]:
        yield f"  {op.severity}: {op.guide}: {one_line(op.summary)}  {one_line(url)}"
    if len(opened) > SHOWN:
        yield f"  … and {len(opened) - SHOWN} more"
    for url, end in closed[:SHOWN]:
        yield f"  {end.state}: {one_line(end.note)}  {one_line(url)}"
    if warning := expiring((url, look.verdict) for url, look in result.looks.items()):
        yield f"  {warning}"
    still = len(store.findings())
    yield f"{count(still, 'open finding')}" + (": see `loccit findings`" if still else "")


def outage_line(result: "PassResult") -> str:
    """What to say when our own network was down."""
    what = "nothing was" if result.undecided == result.due else f"{count(result.undecided, 'source')} could not be"
    return f"the network of this machine seems to be down: {what} judged, and no source is blamed for it"


def nothing_found(paths: tuple[str, ...], *, broken: int) -> tuple[str, str]:
    """What to say where there is not one guide to work on."""
    if broken:
        return "no guide could be read", "Mend the problems named above; the store was left as it was."
    where = ", ".join(paths)
    return f"no guides found under {where}", "Run `loccit init` here, or set [guides] paths in loccit.toml."
