"""Pages that came in different ways (served, out of data, out of a browser): whether one still says what the other did.

They are never compared, for everything around the text differs. But where every passage of the cited place stands word
for word on the other page, nothing of it is lost, and nobody need be asked.
"""

from crawler.blocks import Page, visible_blocks
from crawler.sections import Section, locate
from guides.model import Place


def says_all(basis: Page, now: Page, place: Place) -> bool:
    """Whether the whole cited place of one page stands on the other, passage by passage, whatever else does."""
    cited = locate(basis, place)
    if not isinstance(cited, Section) or not cited.blocks:
        return False
    text = "".join(block.key for block in visible_blocks(now.blocks))
    return all(block.key in text for block in cited.blocks)
