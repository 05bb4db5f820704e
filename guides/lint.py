"""What can be said of guides without asking anybody: numbers, footnotes, doubles, links between guides. Pure but for
the question whether a file is there, which the caller answers.
"""

import posixpath
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from guides.model import Guide, GuideProblem, InnerLink, Library, Role
from guides.outline import numbers_in
from guides.read import HTML, MARKDOWN

Exists = Callable[[str], bool]


def lint(library: Library, exists: Exists) -> tuple[GuideProblem, ...]:
    """The mistakes of these guides, in file order. `exists` tells whether there is a file, relative to the root."""
    pages = {guide.file: guide for guide in library.guides}
    return tuple(problem for guide in library.guides for problem in _lint(guide, pages, exists))


def _lint(guide: Guide, pages: dict[str, Guide], exists: Exists) -> Iterator[GuideProblem]:
    yield from _doubles(guide)
    yield from _numbers(guide)
    outline = guide.outline
    if outline is None:
        return
    for note in outline.lost_notes:
        yield _problem(
            guide, note.line, note.column, f"footnote [^{note.label}] is not defined", "define it", fails=True
        )
    for note in outline.unused_notes:
        yield _problem(guide, note.line, note.column, f"footnote [^{note.label}] is not used", "use or remove it")
    for link in outline.links:
        yield from _link(guide, link, pages, exists)


def _problem(
    guide: Guide, line: int, column: int | None, message: str, hint: str, *, fails: bool = False
) -> GuideProblem:
    return GuideProblem(file=guide.file, line=line, column=column, message=message, hint=hint, fatal=False, fails=fails)


def _doubles(guide: Guide) -> Iterator[GuideProblem]:
    first: dict[str, int] = {}
    for each in guide.citations:
        if each.role is Role.INLINE:
            continue
        line = first.setdefault(each.url, each.line)
        if line != each.line:
            hint = f"cite it once (first on line {line})"
            yield _problem(guide, each.line, each.column, f"{each.url} is cited twice", hint)


def _numbers(guide: Guide) -> Iterator[GuideProblem]:
    """Numbers in the text against the numbered citations. A guide without citations may mean anything by `[1]`."""
    body = guide.outline.body if guide.outline else None
    cited = {each.number: each for each in guide.citations if each.role is Role.CITATION and each.number is not None}
    if not cited:
        return
    used: list[tuple[int, int, int | None]] = []
    used += [(mark.number, mark.line, mark.column) for mark in guide.outline.numbers] if guide.outline else []
    for statement in guide.statements:
        if body is None or statement.line < body:
            used += [(number, statement.line, None) for number, _ in numbers_in(statement.text)]
    for number, line, column in used:
        if number not in cited:
            known = f"the citations are numbered {_range(sorted(cited))}"
            yield _problem(guide, line, column, f"there is no citation {number}", known, fails=True)
    seen = {number for number, _, _ in used}
    # Where the text uses no numbers at all, citations are listed and not referred to: that is a style.
    for number, each in cited.items() if seen else ():
        keyed = body is None or each.line < body
        if number not in seen and keyed:
            hint = f"refer to it as [{number}], or remove it"
            yield _problem(guide, each.line, each.column, f"citation {number} is not used in the text", hint)


def _range(numbers: list[int]) -> str:
    if numbers == list(range(numbers[0], numbers[-1] + 1)) and len(numbers) > 1:
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers[:12])) + (" …" if len(numbers) > 12 else "")


def _link(guide: Guide, link: InnerLink, pages: dict[str, Guide], exists: Exists) -> Iterator[GuideProblem]:
    path, _, fragment = link.url.partition("#")
    path = unquote(path.partition("?")[0])
    if not path:
        yield from _anchor(guide, link, guide, fragment)
        return
    if path.startswith("/") or not path.lower().endswith(MARKDOWN + HTML):
        # Where the site's top is, and what its generator makes of other names, is not known here.
        return
    target = posixpath.normpath(posixpath.join(posixpath.dirname(guide.file), path))
    page = pages.get(target) or _made_from(target, pages)
    if page is not None:
        yield from _anchor(guide, link, page, fragment)
    elif not exists(target) and not any(exists(name) for name in _sources(target)):
        message = f"the link {link.url} leads to no file"
        yield _problem(guide, link.line, link.column, message, f"there is no {target}", fails=True)


def _made_from(target: str, pages: dict[str, Guide]) -> Guide | None:
    return next((pages[name] for name in _sources(target) if name in pages), None)


def _sources(target: str) -> Iterator[str]:
    """What a generator may make an HTML page from."""
    stem, extension = posixpath.splitext(target)
    if extension.lower() in HTML:
        yield from (stem + each for each in MARKDOWN)


def _anchor(guide: Guide, link: InnerLink, page: Guide, fragment: str) -> Iterator[GuideProblem]:
    name = unquote(fragment).lower()
    if not name or name == "top" or ":~:" in name or page.outline is None:
        return
    if name not in page.outline.anchors:
        where = "this guide" if page is guide else page.file
        message = f"the anchor #{fragment} is not in {where}"
        yield _problem(guide, link.line, link.column, message, "name a heading that is there", fails=True)
