"""What is said of a host that is left alone, because jobs died or broke with it."""

from review.text import one_line
from storage.hosts import HeldHost


def held_line(held: HeldHost) -> str:
    """One line for people."""
    until = held.until.astimezone().strftime("%Y-%m-%d %H:%M")
    return (
        f"{one_line(held.name, 100)} is left alone until {until}: {held.failures} jobs in a row died or broke with it "
        f"({one_line(held.trouble, 200)}); `loccit worker --free {one_line(held.name, 100)}` asks it again"
    )
