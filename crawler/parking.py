"""Is a domain parked or for sale? By what its page says of itself, and by the services that serve such pages. Pure."""

import re
from collections.abc import Sequence

from crawler.blocks import Block, Page
from crawler.urls import ResourceUrl, resource_url

_SHORT = 1500
_MINIMAL = 400

_PARKED = re.compile(
    r"(?:this |the )?domain(?: name)? (?:\S+ )?(?:is|may be) for sale|buy this domain"
    r"|domain (?:is )?parked|parked (?:free|domain)"
    r"|diese domain (?:steht|ist) zu[mr]? verk|ce (?:nom de )?domaine est à vendre"
    r"|este dominio está en venta|domein (?:is )?te koop"
    r"|questo dominio è in vendita|domena jest na sprzedaż|домен продается|this (?:web ?site"
    r"|domain) has expired|domain has expired",
    re.I,
)
_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_OF_OTHERS = re.compile(
    r"\b(?:if|when|whether|once|after|before|until|while|unless|how|what|why|which|your|my|an?|wenn|falls|ob|wie|ihre"
    r"|deine|si|quand|lorsque|votre|comment|cuando|su|tu|cómo|quando|il tuo|als|jouw|uw|jeśli|если|ваш)\b",
    re.I,
)
_PARKING = re.compile(
    r"sedoparking|parkingcrew|bodis\.com|parklogic|above\.com/marketplace|dan\.com/buy-domain|hugedomains", re.I
)


def is_parked(page: Page, shown: Sequence[Block], chars: int) -> bool:
    """Whether a page says of its own domain that it is for sale or parked. A registrar's help says it of others: with
    "when" or "your", as a question, or among more words than such a page has.
    """
    if chars < _MINIMAL and _PARKING.search(page.source[:200_000]):
        return True
    url = resource_url(page.url)
    host = url.host.removeprefix("www.") if isinstance(url, ResourceUrl) else ""
    texts = [page.title[:300], *(block.text[:_SHORT] for block in shown[:30])]
    named = any(host in text.casefold() for text in texts) if host else False
    for text in texts:
        for sentence in _SENTENCES.split(text):
            found = _PARKED.search(sentence)
            if found is None or sentence.endswith("?") or _OF_OTHERS.search(sentence[: found.end()]):
                continue
            if chars < _MINIMAL or named:
                return True
    return False
