"""Pieces of Markdown that every generated page is made of."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def cell(text: str) -> str:
    """Words for a table's cell: on one line, and no bar in it ends the cell. Code in backticks stays code."""
    parts = " ".join(text.split()).replace("|", "\\|").split("`")
    # Outside code, what Markdown or HTML would read as markup is written so that it is read as text.
    return "`".join(part if at % 2 else part.replace("<", "&lt;").replace("*", "\\*") for at, part in enumerate(parts))


def code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`" if text else ""


def anchor(text: str) -> str:
    return text.lower().replace(" ", "-")
