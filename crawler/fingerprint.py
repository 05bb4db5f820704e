"""A section's blocks → fingerprint. Comparable only between fingerprints that the same algorithm made."""

from collections.abc import Iterable
from hashlib import blake2b

from crawler.blocks import Block

ALGORITHM = "blocks-5"
"""Changes whenever the same page could give another fingerprint: stored ones are then made anew from raw bytes."""


def print_of(blocks: Iterable[Block]) -> str:
    """40 hexadecimal digits over the blocks' words; the same for the same words however they are marked up.

    The blocks' keys run together, so that a split or merged paragraph is no change.
    """
    words = "".join([block.key for block in blocks])
    return blake2b(f"{ALGORITHM}{words}".encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
