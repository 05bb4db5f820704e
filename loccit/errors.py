"""Errors that end a command with one line for people.

LoccitError
├── SettingsError   a mistake in loccit.toml, pyproject.toml or the environment
└── UsageError      a mistake on the command line, or a folder without guides
(storage.errors.StoreError is caught beside them in loccit.main)
"""


class LoccitError(Exception):
    """`message` says what was wrong and where, `hint` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(LoccitError):
    """A mistake in the configuration."""


class UsageError(LoccitError):
    """A mistake on the command line."""
