"""Pages on their way from whoever judges an answer to whoever observes it, so that a body is parsed once."""

import threading
from collections import OrderedDict

from crawler.model import Fetched
from crawler.page import Page, read

MOST = 96
MOST_BYTES = 8 * 1024 * 1024
"""What lies here at most, in pages and in bytes of their bodies: the longest unused go first.

A page that was judged takes some four times the room of its body: its tree is gone by then.
"""

_Key = tuple[str, str, str]


class PageShelf:
    """Every page has one owner: it is taken from the shelf, and put back by hand. May be used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: OrderedDict[_Key, tuple[Page, int]] = OrderedDict()
        self._bytes = 0

    def take(self, answer: Fetched) -> Page:
        """The page of an answer's body: from the shelf if it lies there, else read."""
        with self._lock:
            page, size = self._pages.pop(_key(answer), (None, 0))
            self._bytes -= size
        if page is not None:
            return page
        return read(answer.body, content_type=answer.header("content-type"), url=answer.final_url)

    def put(self, answer: Fetched, page: Page) -> None:
        """Lay a page down for whoever takes it next; the one who does must not use it any more."""
        key, size = _key(answer), len(answer.body)
        with self._lock:
            if key in self._pages:
                return
            self._pages[key] = page, size
            self._bytes += size
            while len(self._pages) > MOST or self._bytes > MOST_BYTES:
                _, (_, gone) = self._pages.popitem(last=False)
                self._bytes -= gone


def _key(answer: Fetched) -> _Key:
    return answer.digest, answer.header("content-type"), answer.final_url
