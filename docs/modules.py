"""Writes the table of modules in docs/architecture.md from the modules' own first lines: `python docs/modules.py`."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- modules: begin -->", "<!-- modules: end -->"
FOLDERS = ("guides", "crawler", "review", "review/formats", "storage", "loccit", "loccit/commands", "loccit/demo")


def first_line(file: Path) -> str:
    """The first sentence or line of a module's docstring, "" without one."""
    return (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").split("\n", 1)[0]


def table() -> str:
    """The packages and their modules, as Markdown."""
    lines: list[str] = []
    for folder in FOLDERS:
        lines += [
            "",
            f"**{folder}/** {first_line(ROOT / folder / '__init__.py')}",
            "",
            "| module | owns |",
            "|---|---|",
        ]
        for file in sorted((ROOT / folder).glob("*.py")):
            if file.stem != "__init__":
                lines.append(f"| `{file.stem}` | {first_line(file).replace('|', chr(92) + '|')} |")
    return "\n".join([*lines, ""])


def page() -> str:
    """docs/architecture.md as it should be."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
