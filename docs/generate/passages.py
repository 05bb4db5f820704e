"""Changes of single passages, to be judged by the code while the page is made: so the page cannot be out of date."""

from typing import Final

from crawler.blocks import Block

EXAMPLES: Final = (
    ("We keep it for 30 days.", "We keep it for 14 days.", "p"),
    ("A second card costs 5 euros.", "A second card costs 9 euros.", "p"),
    ("You can ask us to delete it.", "You cannot ask us to delete it.", "p"),
    ("You may export your data.", "You must export your data.", "p"),
    ("Write to help@example.org.", "Write to support@example.org.", "p"),
    ("Choose “Delete account”.", "Choose “Close account”.", "p"),
    ("Your data is removed within a week, invoices excepted.", "", "p"),
    ("", "A fee applies to accounts that are younger than a year.", "p"),
    ("We delete your photos soon after.", "Soon after, we erase your photos.", "p"),
    ("Choose a color.", "Choose a colour.", "p"),
    ("Last updated: 3 May 2024", "Last updated: 9 June 2025", "p"),
    ("4. Retention of your data", "5. Retention of your data", "p"),
    ("As section 4 says, we keep it.", "As section 5 says, we keep it.", "p"),
)  # fmt: skip
"""Before, after, and the element that the passage is: an empty side is a passage that came or went."""


def passage(text: str, kind: str) -> Block | None:
    return Block(text=text, kind=kind) if text else None
