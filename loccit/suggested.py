"""What is known of dead links goes into the result of `check`: new addresses, archived copies. Nothing is asked."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.model import VerdictKind
from loccit.wiring import key_of
from review.model import CheckedCitation, Suggested

if TYPE_CHECKING:
    from storage.store import Store


def with_suggestions(citations: Iterable[CheckedCitation], store: "Store") -> tuple[CheckedCitation, ...]:
    """The same citations; dead ones with the address that shows the same content, and the last archived copy."""
    every = tuple(citations)
    gone = {key for each in every if each.verdict.kind is VerdictKind.DEAD and (key := key_of(each.citation.url))}
    known = store.archives.suggestions(sorted(gone)) if gone else {}
    return tuple(_suggested(each, known.get(key_of(each.citation.url) or "")) for each in every)


def _suggested(each: CheckedCitation, known: Suggested | None) -> CheckedCitation:
    if known is None or each.verdict.kind is not VerdictKind.DEAD:
        return each
    verdict = replace(each.verdict, replacement=known.url or each.verdict.replacement)
    return replace(each, verdict=verdict, archived=known.archived or each.archived)
