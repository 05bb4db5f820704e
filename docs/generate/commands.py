"""The command line as values, read off the very parser that runs: for the reference and the manual page."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

COMMON = frozenset({"--config", "--quiet", "--verbose", "--help"})
"""Options of every command, told once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One option or operand: `spelling` is how it is written, with its value; `what` says what it does."""

    spelling: str
    what: str
    common: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command, or one of its own commands; `name` is all words of it, without `loccit`."""

    name: str
    what: str
    usage: str
    operands: tuple[Argument, ...]
    options: tuple[Argument, ...]
    parts: tuple["Command", ...] = ()
    epilog: str = ""


def commands(parser: argparse.ArgumentParser) -> tuple[Command, ...]:
    """Every command below `parser`, in the order of the help."""
    return tuple(
        _command(f"{parser.prog} {name}", child, what)
        for action in _choosers(parser)
        for name, child, what in _children(action)
    )


def common(parser: argparse.ArgumentParser) -> tuple[Argument, ...]:
    """The options that stand before or after any command's name."""
    return tuple(_argument(action) for action in parser._actions if action.option_strings)


def _choosers(parser: argparse.ArgumentParser) -> Iterator["argparse._SubParsersAction[argparse.ArgumentParser]"]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield action


def _children(
    action: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    told = {choice.dest: choice.help or "" for choice in action._choices_actions}
    for name, child in action.choices.items():
        yield name, child, told.get(name, "")


def _command(prog: str, parser: argparse.ArgumentParser, what: str) -> Command:
    shown = [action for action in parser._actions if action.help is not argparse.SUPPRESS]
    choosers = tuple(_choosers(parser))
    return Command(
        name=prog.partition(" ")[2],
        what=parser.description or what,
        usage=_usage(parser),
        operands=tuple(_argument(action) for action in shown if not action.option_strings and action not in choosers),
        options=tuple(_argument(action) for action in shown if action.option_strings),
        parts=tuple(
            _command(f"{prog} {name}", child, told) for each in choosers for name, child, told in _children(each)
        ),
        epilog=parser.epilog or "",
    )


def _usage(parser: argparse.ArgumentParser) -> str:
    """The usage in one line, whatever the width of the terminal: without the options that all commands share."""
    formatter = argparse.HelpFormatter(prog=parser.prog, width=100_000)
    own = [action for action in parser._actions if not COMMON & set(action.option_strings)]
    formatter.add_usage(parser.usage, own, parser._mutually_exclusive_groups, prefix="")
    return formatter.format_help().strip()


def _argument(action: argparse.Action) -> Argument:
    value = ""
    if action.nargs != 0:
        named = action.metavar or (
            "|".join(str(each) for each in action.choices) if action.choices is not None else action.dest.upper()
        )
        value = " ".join(named) if isinstance(named, tuple) else named
    if not action.option_strings:
        many = {"*": f"[{value}…]", "+": f"{value}…", "?": f"[{value}]"}
        return Argument(spelling=many.get(str(action.nargs), value), what=_what(action))
    longest_first = sorted(action.option_strings, key=len)
    spelling = ", ".join(longest_first) + (f" {value}" if value else "")
    return Argument(spelling=spelling, what=_what(action), common=bool(COMMON & set(action.option_strings)))


def _what(action: argparse.Action) -> str:
    return (action.help or "").replace("%%", "%")
