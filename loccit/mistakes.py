"""A mistake in the settings, as a value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    section: str
    key: str
    message: str
    hint: str = ""
