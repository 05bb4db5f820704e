"""Empty shells with the text in their data, in the forms that content systems and frameworks use."""

import json
from typing import Any

PARAGRAPHS = (
    "Sign in, open Settings and choose Privacy. The button is at the bottom of the page and asks for your password.",
    "We keep your data for 30 days after that. Within this time you can sign in again, and nothing is deleted.",
    "Invoices are kept for ten years, as the law demands. Everything else is deleted for good and cannot be restored.",
)
TITLE = "Delete your account"
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
MENU = [{"title": f"Menu entry {number}", "url": f"/entry-{number}"} for number in range(30)]


def shell(*scripts: str, title: str = f"{TITLE} | Example Help", body: str = '<div id="root"></div>') -> bytes:
    """A page of one empty element, and scripts."""
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title></head><body>{body}{"".join(scripts)}'
        '<script src="/app.js"></script></body></html>'
    ).encode()


def data(value: Any, *, name: str = "__NEXT_DATA__", kind: str = "application/json") -> str:
    written = json.dumps(value).replace("</", "<\\/")
    return f'<script id="{name}" type="{kind}">{written}</script>'


def next_page(article: Any, **more: Any) -> bytes:
    return shell(data({"props": {"pageProps": {"article": article, "menu": MENU, **more}}, "page": "/[slug]"}))


def flattened(value: Any) -> list[Any]:
    """Nuxt 3's form of a value (devalue): every value at its place in one list, members by their places."""
    flat: list[Any] = []

    def put(item: Any) -> int:
        place = len(flat)
        flat.append(None)
        if isinstance(item, dict):
            flat[place] = {name: put(each) for name, each in item.items()}
        elif isinstance(item, list):
            flat[place] = [put(each) for each in item]
        else:
            flat[place] = item
        return place

    put(value)
    return flat


def contentful(*paragraphs: str) -> Any:
    text = [
        {"nodeType": "paragraph", "content": [{"nodeType": "text", "value": each, "marks": []}]} for each in paragraphs
    ]
    heading = {"nodeType": "heading-2", "content": [{"nodeType": "text", "value": "How long we keep it"}]}
    return {"nodeType": "document", "data": {}, "content": [text[0], heading, *text[1:]]}


def portable(*paragraphs: str) -> Any:
    return [
        {"_type": "block", "style": "h2" if number == 1 else "normal", "children": [{"_type": "span", "text": each}]}
        for number, each in enumerate((paragraphs[0], "How long we keep it", *paragraphs[1:]))
    ]
