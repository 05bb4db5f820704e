"""What MkDocs calls while it builds: the reference is made from the code, and links out of docs/ become file names.

The reference is never written to disk here, so it cannot be out of date.
"""

import re
import sys
from pathlib import Path
from typing import Any, Final

DOCS: Final = Path(__file__).resolve().parent.parent
_OUTWARD: Final = re.compile(r"\[([^\]]+)\]\((?:\.\./)+([^)#\s]+)(?:#[^)\s]*)?\)")


def on_files(files: Any, config: Any, **_: Any) -> Any:
    from mkdocs.structure.files import File

    if str(DOCS) not in sys.path:
        sys.path.insert(0, str(DOCS))
    from generate.pages import PAGES

    for name, make in PAGES.items():
        files.append(File.generated(config, name, content=make()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """A link to a file of the repository leads nowhere on the site: the file's name remains."""
    depth = page.file.src_uri.count("/")

    def named(found: re.Match[str]) -> str:
        up = found[0].count("../")
        if up <= depth and not (DOCS.parent / found[2]).exists():
            return found[0]
        return f"`{found[2]}`" if up > depth else found[0]

    return _OUTWARD.sub(named, markdown)
