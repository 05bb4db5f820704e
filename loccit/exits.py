"""Exit codes, one meaning each."""

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    """Done, and nothing fails."""
    FAILS = 1
    """Done, and something fails."""
    USAGE = 2
    """Usage, configuration or store error: nothing could be done."""
    INCONCLUSIVE = 3
    """The network was down: nothing was judged."""
    INTERRUPTED = 130
    """Ctrl-C; what was recorded until then is kept."""
