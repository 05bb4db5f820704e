"""The text of a PDF's pages, in a process of its own: PDFs are hostile, and their reader is native code.

Run as a script by `crawler.pdf`: the document comes on standard input; one JSON object goes to standard output:
`{"pages": [text, …], "title": …, "total": pages in the document, "error": ""}`. A crash, an endless loop or a bomb
ends this process and nothing else. It imports nothing of loccit, so that it starts quickly and alone.
"""

import json
import sys
from typing import Any

import pypdfium2


def limit(megabytes: int, seconds: int) -> None:
    """Address space and processor time, where the system can limit them."""
    try:
        import resource
    except ImportError:  # not on Windows: the parent's time limit is all there is
        return
    size = megabytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def extract(body: bytes, max_pages: int, max_chars: int) -> dict[str, Any]:
    """The texts of the first pages, as far as `max_chars` goes."""
    pages: list[str] = []
    try:
        document = pypdfium2.PdfDocument(body)
        total = len(document)
        title = str(document.get_metadata_dict().get("Title") or "")[:500]
        room = max_chars
        for number in range(min(total, max_pages)):
            if room <= 0:
                break
            page = document[number]
            text = page.get_textpage().get_text_bounded()[:room]
            room -= len(text)
            pages.append(text)
            page.close()
    except (pypdfium2.PdfiumError, ValueError, MemoryError, UnicodeError) as error:
        return {"pages": [], "title": "", "total": 0, "error": f"{error}"[:200] or type(error).__name__}
    return {"pages": pages, "title": title, "total": total, "error": ""}


def main() -> int:
    max_pages, max_chars, megabytes, seconds = map(int, sys.argv[1:5])
    limit(megabytes, seconds)
    found = extract(sys.stdin.buffer.read(), max_pages, max_chars)
    sys.stdout.buffer.write(json.dumps(found).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
