"""Section → fingerprint. Comparable only between fingerprints that the same algorithm made."""

from collections.abc import Iterable
from hashlib import blake2b

from crawler.blocks import Block
from crawler.sections import Section

ALGORITHM = "blocks-4"
"""Changes whenever the same page could give another fingerprint: stored ones are then made anew from raw bytes."""


def fingerprint(section: Section) -> str:
    """40 hexadecimal digits over the section's words; the same for the same words however they are marked up."""
    return print_of(section.blocks)


def print_of(blocks: Iterable[Block]) -> str:
    """The fingerprint of some blocks: their keys run together, so that a split or merged paragraph is no change."""
    words = "".join([block.key for block in blocks])
    return blake2b(f"{ALGORITHM}{words}".encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
