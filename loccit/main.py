"""Parse, dispatch, and turn errors into exit codes."""


def main() -> int:
    """Run the command; gives the exit code."""
    return 0
