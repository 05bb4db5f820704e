"""`loccit fix`: puts new addresses in the place of moved ones, and archived copies in the place of dead ones.

A dead link whose page was found elsewhere (see `crawler.successors`) gets that address as if it had moved.
"""

import argparse
import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from crawler.model import VerdictKind
from crawler.urls import ResourceUrl, resource_url
from guides.load import read_bytes
from guides.model import Library
from guides.relink import Relink, relink
from guides.rewrite import replace_bytes
from guides.source import Source, decode
from guides.writeback import WritebackError
from loccit.app import App
from loccit.archiving.live import last_copies
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.gate import Gate, check
from loccit.settings import Settings
from loccit.telling import nothing_found, outage_line
from loccit.wiring import read_guides
from review.model import CheckedCitation
from review.text import count, inert


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """One file before and after."""

    name: str
    before: bytes
    after: bytes
    links: int


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files, folders or globs (default: [guides] paths)")
    parser.add_argument("--dead", action="store_true", help="also put archived copies in the place of dead links")
    parser.add_argument("--write", action="store_true", help="change the files (default: only show what would change)")
    parser.add_argument("--no-state", action="store_true", help="neither read nor write the store")


def run(options: argparse.Namespace, app: App) -> Exit:
    settings = app.settings
    library = read_guides(settings, app.today(), options.paths)
    app.problems(library.problems)
    if not library.guides:
        broken = sum(problem.fatal for problem in library.problems)
        raise UsageError(*nothing_found(tuple(options.paths) or settings.guides.paths, broken=broken))
    report, result = check(app, library, Gate(words=frozenset(), state=not options.no_state))
    if result.outage:
        app.complain(outage_line(result))
        return Exit.INCONCLUSIVE
    links = [*_moved(report.citations), *(_dead(report.citations, app) if options.dead else ())]
    mendings = list(_mendings(library, links, settings, app.today(), app))
    failed = 0
    for mending in mendings:
        if options.write:
            failed += not _write(mending, settings, app)
        else:
            with app.output(None) as out:
                out.write(inert("".join(_diff(mending))))
    changed = sum(mending.links for mending in mendings)
    files = count(len(mendings), "file")
    done = "changed" if options.write else "would change; nothing was written (--write does it)"
    app.say(f"{count(changed, 'link')} in {files} {done}" if mendings else "no link to mend")
    return Exit.FAILS if failed else Exit.OK


def _moved(citations: Iterable[CheckedCitation]) -> Iterator[Relink]:
    for each in citations:
        verdict = each.verdict
        if verdict.kind is VerdictKind.MOVED:
            target = verdict.replacement or verdict.final_url
        else:
            target = (verdict.replacement or "") if verdict.kind is VerdictKind.DEAD else ""
        if target:
            yield _relink(each, target)


def _dead(citations: Iterable[CheckedCitation], app: App) -> Iterator[Relink]:
    dead = [
        (each, each.citation.url.partition("#")[0])
        for each in citations
        if each.verdict.kind is VerdictKind.DEAD and not each.verdict.replacement
    ]
    known = {url: each.archived for each, url in dead if each.archived}
    asked = last_copies(app.settings, (url for _, url in dead if url not in known), app.clock, complain=app.complain)
    for each, url in dead:
        if copy := known.get(url) or asked.get(url):
            yield _relink(each, copy)


def _relink(each: CheckedCitation, target: str) -> Relink:
    """The new address, with the old one's fragment where it has none of its own."""
    fragment = each.citation.url.partition("#")[2]
    url = target if "#" in target or not fragment else f"{target}#{fragment}"
    return Relink(guide=each.guide.id, citation=each.citation, url=url)


def _mendings(
    library: Library, links: Iterable[Relink], settings: Settings, today: date, app: App
) -> Iterator[Mending]:
    files = {guide.id: guide.file for guide in library.guides}
    by_file: dict[str, list[Relink]] = {}
    for link in links:
        if isinstance(resource_url(link.url), ResourceUrl) and link.url != link.citation.url:
            by_file.setdefault(files[link.guide], []).append(link)
    for name, wanted in by_file.items():
        before = read_bytes(settings.root / name, name, settings.guides.max_bytes)
        if not isinstance(before, bytes):
            app.complain(str(before))
            continue
        made = relink(name, before, wanted, settings.guides, today=today)
        for link in made.refused:
            where = f"{name}:{link.citation.line}:{link.citation.column}"
            app.complain(f"{where}: {link.citation.url} cannot be rewritten safely; change it by hand to {link.url}")
        if made.done:
            yield Mending(name=name, before=before, after=made.data, links=len(made.done))


def _write(mending: Mending, settings: Settings, app: App) -> bool:
    try:
        replace_bytes(settings.root, mending.name, mending.before, mending.after)
    except WritebackError as error:
        app.complain(str(error))
        return False
    return True


def _diff(mending: Mending) -> Iterator[str]:
    """A unified diff, as `patch` and `git apply` take it."""
    before, after = (_lines(mending.name, data) for data in (mending.before, mending.after))
    for line in difflib.unified_diff(before, after, f"a/{mending.name}", f"b/{mending.name}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(name: str, data: bytes) -> list[str]:
    source = decode(name, data)
    text = source.text if isinstance(source, Source) else ""
    return [line + "\n" for line in text.split("\n")[:-1]] + [line for line in text.split("\n")[-1:] if line]
