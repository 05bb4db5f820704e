"""A sheet of terminal text made with rich: as wide as asked, coloured only when asked, whatever the environment."""

import re
from io import StringIO
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from review.text import inert

_NARROWEST: Final = 40
_BLANK: Final = re.compile(r"\n{3,}")


class Sheet:
    """Lines put one after another; `text()` gives them all, without trailing spaces and without forged commands."""

    def __init__(self, *, width: int, color: bool) -> None:
        self.width = max(width, _NARROWEST)
        self._out = StringIO()
        self._console = Console(
            file=self._out,
            width=self.width,
            force_terminal=color,
            color_system="standard" if color else None,
            no_color=not color,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
            _environ={},
        )

    def put(self, what: Text | Table | None = None, *, indent: int = 0) -> None:
        """One paragraph or table; nothing for an empty line."""
        if what is None:
            self._out.write("\n")
            return
        if isinstance(what, Text):
            what.overflow = "fold"
        self._console.print(Padding(what, (0, 0, 0, indent)) if indent else what)

    def text(self) -> str:
        lines = "\n".join(line.rstrip() for line in self._out.getvalue().split("\n"))
        return inert(_BLANK.sub("\n\n", lines))
