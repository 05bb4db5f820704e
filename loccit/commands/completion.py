"""`loccit completion`: what a shell needs to complete commands, options and files; made from the parser itself."""

import argparse
from collections.abc import Iterator
from typing import Any

import shtab

from loccit.app import App
from loccit.commands.check import FORMATS
from loccit.exits import Exit
from loccit.main import whole_parser

SHELLS = ("bash", "zsh", "fish")

EPILOG = """\
bash:  loccit completion bash > ~/.local/share/bash-completion/completions/loccit
zsh:   loccit completion zsh > ~/.zfunc/_loccit        (a folder in $fpath; then run compinit)
fish:  loccit completion fish > ~/.config/fish/completions/loccit.fish
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help="bash, zsh or fish")


def run(options: argparse.Namespace, app: App) -> Exit:
    parser = whole_parser()
    for action in _actions(parser):
        if kind := _kind(action):
            action.complete = kind  # type: ignore[attr-defined]  # where shtab looks for it
        elif action.dest == "format" and not action.choices:
            action.choices = FORMATS  # a file may follow (`sarif:out.sarif`), so that the parser itself has no list
    with app.output(None) as out:
        out.write(shtab.complete(parser, options.shell) + "\n")
    return Exit.OK


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # noqa: SLF001  # argparse has no other way to ask a parser what it knows
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for child in set(action.choices.values()):
                yield from _actions(child)


def _kind(action: argparse.Action) -> Any:
    """What stands for an argument's value, in shtab's words, known by the word that the help has for it; else None."""
    word = action.metavar if isinstance(action.metavar, str) else ""
    if word == "DIR":
        return shtab.DIRECTORY
    return shtab.FILE if word in ("FILE", "PATH", "FILE|DIR") else None
