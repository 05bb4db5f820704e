"""The page on commands, from the parser that runs."""

from generate.commands import Argument, Command, commands, common
from generate.markdown import cell, code, table

from loccit.exits import Exit
from loccit.main import whole_parser

EXITS = {
    Exit.OK: "Done, and nothing fails.",
    Exit.FAILS: "Something fails: a dead link, a guide's own mistake, damage in the store.",
    Exit.USAGE: "Usage, configuration or store error: nothing could be done.",
    Exit.INCONCLUSIVE: "The network was down: nothing was judged. No finding is made of it.",
    Exit.INTERRUPTED: "Ctrl-C; what was recorded until then is kept.",
}


def usage_page() -> str:
    parser = whole_parser()
    parts = [
        "# Commands",
        "",
        parser.description or "",
        "",
        "Results go to standard output, progress and complaints to standard error. A bar is drawn on a terminal only, "
        "and `NO_COLOR` is honoured. `loccit completion` writes completion for a shell; `man loccit` shows all this.",
        "",
        "## Options of every command",
        "",
        _arguments(common(parser)),
        "",
        "## Exit codes",
        "",
        table(("code", "means"), [(str(int(code)), EXITS[code]) for code in Exit]),
        "",
    ]
    for command in commands(parser):
        parts += _command(command, "##")
    return "\n".join(parts)


def _command(command: Command, mark: str) -> list[str]:
    own = (*command.operands, *(each for each in command.options if not each.common))
    parts = [f"{mark} loccit {command.name}", "", cell(command.what), "", "```text", command.usage, "```", ""]
    if own:
        parts += [_arguments(own), ""]
    if command.epilog:
        parts += ["```text", command.epilog.rstrip(), "```", ""]
    for part in command.parts:
        parts += _command(part, f"{mark}#")
    return parts


def _arguments(arguments: tuple[Argument, ...]) -> str:
    return table(("argument", "does"), [(code(each.spelling), cell(each.what)) for each in arguments])
