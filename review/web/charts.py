"""Small charts as SVG, drawn on the server: shapes carry classes, and the style sheet gives the colours. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from markupsafe import Markup

from review.casework import LookLine
from review.text import day

_WIDE: Final = 720
_MOST_BARS: Final = 240
_CLASSES: Final = {
    "ok": "ok",
    "moved": "warn",
    "dead": "bad",
    "blocked": "dim",
    "unreachable": "dim",
    "invalid": "bad",
    "skipped": "dim",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One column: how many guides were in each state."""

    at: str
    verified: int
    stale: int
    expired: int
    unverified: int


def looks_chart(looks: Sequence[LookLine]) -> Markup:
    """One bar a look, oldest left; taller where the page differed from the look before."""
    shown = list(reversed(looks[:_MOST_BARS]))
    if not shown:
        return Markup("")
    step = _WIDE / max(len(shown), 24)
    parts = []
    last = None
    changes = 0
    for number, look in enumerate(shown):
        changed = look.snapshot is not None and last is not None and look.snapshot != last
        changes += changed
        last = look.snapshot if look.snapshot is not None else last
        height = 44 if changed else 22
        kind = _CLASSES.get(look.verdict, "dim")
        parts.append(
            Markup(
                '<rect class="{}{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{}: {}</title></rect>'
            ).format(
                kind,
                " changed" if changed else "",
                number * step,
                48 - height,
                max(step - 1, 0.7),
                height,
                day(look.at.date()),
                f"{look.verdict} ({look.reason})" + (", the page changed" if changed else ""),
            )
        )
    told = f"{len(shown)} checks from {day(shown[0].at.date())} to {day(shown[-1].at.date())}; {changes} changes"
    return _svg(_WIDE, 50, told, Markup("").join(parts))


def shares_chart(shares: Sequence[Share]) -> Markup:
    """Stacked columns of guides by state over time."""
    if not shares:
        return Markup("")
    step = _WIDE / len(shares)
    parts = []
    for number, share in enumerate(shares):
        total = max(1, share.verified + share.stale + share.expired + share.unverified)
        top = 0.0
        for name, many in (
            ("unverified", share.unverified),
            ("expired", share.expired),
            ("stale", share.stale),
            ("verified", share.verified),
        ):
            height = 140 * many / total
            if many:
                parts.append(
                    Markup(
                        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">'
                        "<title>{}: {} {}</title></rect>"
                    ).format(name, number * step, top, max(step - 2, 1), height, share.at, many, name)
                )
            top += height
    first, last = shares[0], shares[-1]
    now = f"{last.verified} verified, {last.stale} stale, {last.expired} expired"
    told = f"Guides by state from {first.at} to {last.at}; now {now}"
    return _svg(_WIDE, 142, told, Markup("").join(parts))


def bars_chart(bars: Sequence[tuple[str, int]], *, what: str) -> Markup:
    """Horizontal bars with their words: a small ranking."""
    if not bars:
        return Markup("")
    most = max(many for _, many in bars) or 1
    parts = [
        Markup(
            '<rect class="bar" x="150" y="{}" width="{:.1f}" height="18"><title>{}: {}</title></rect>'
            '<text class="label" x="142" y="{}" text-anchor="end">{}</text>'
            '<text class="value" x="{:.1f}" y="{}">{}</text>'
        ).format(
            at * 26 + 2,
            500 * many / most,
            word,
            many,
            at * 26 + 16,
            word[:22],
            156 + 500 * many / most,
            at * 26 + 16,
            many,
        )
        for at, (word, many) in enumerate(bars)
    ]
    return _svg(_WIDE, 26 * len(bars) + 4, f"{what}: " + ", ".join(f"{w} {n}" for w, n in bars), Markup("").join(parts))


def _svg(width: int, height: int, told: str, inner: Markup) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>').format(
        width, height, told, told, inner
    )


def weeks(first: datetime, last: datetime, most: int = 40) -> list[datetime]:
    """Moments at equal distance from one to the other, the last one included."""
    span = max(last - first, timedelta(days=1))
    number = max(2, min(most, span.days + 1 if span.days < most else span.days // 7 + 1))
    return [first + span * at / (number - 1) for at in range(number)]
