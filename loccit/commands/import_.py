"""`loccit import`: guides, or places of citations, out of public data sets; pages of sources out of web archives."""

import argparse
import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from guides.justdeleteme import Drafted, draft_guides, quoted
from guides.load import read_bytes
from guides.model import Css, Guide, GuideProblem, Role
from guides.placing import Placed, Placing, place_in
from guides.rewrite import replace_bytes
from guides.termsarchive import Declared, declarations, draft_guide
from guides.writeback import WritebackError
from loccit.app import App
from loccit.errors import LoccitError, UsageError
from loccit.exits import Exit
from loccit.wiring import key_of, open_store, read_guides, sync
from review.text import count, inert, one_line

if TYPE_CHECKING:
    from loccit.taking import Taken

MOST_BYTES = 100_000_000
MOST_FILES = 50_000
SHOWN = 12


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Other collections of entries with addresses in YAML or JSON (2factorauth's, a list of links) need no import: "
        "`loccit init` finds them and writes a [[guides.mapping]] that reads them where they are."
    )
    parser.add_argument("what", choices=("justdeleteme", "opentermsarchive", "warc"))
    parser.add_argument(
        "sources",
        metavar="FILE|DIR",
        nargs="+",
        help="sites.json; a declaration, or a folder of them; WARC or WACZ files, any number of them",
    )
    parser.add_argument(
        "--output", metavar="DIR", help="write guides there (justdeleteme: default guides/justdeleteme)"
    )
    parser.add_argument("--force", action="store_true", help="write over guides that are there")
    parser.add_argument(
        "--mapping",
        action="store_true",
        help="justdeleteme: write nothing, show the settings that read the file itself",
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="opentermsarchive: change the guides' files (default: only show the change)",
    )


def run(options: argparse.Namespace, app: App) -> Exit:
    if options.what == "warc":
        return _warc(options.sources, app)
    if len(options.sources) > 1:
        raise UsageError(f"import {options.what} takes one file or folder")
    options.source = options.sources[0]
    source = app.cwd / options.source
    if not source.exists():
        raise UsageError(f"{options.source}: there is no such file or folder")
    if options.what == "justdeleteme":
        if source.is_dir():
            options.source = str(Path(options.source) / "sites.json")
        return _justdeleteme(app.cwd / options.source, options, app)
    return _opentermsarchive(source, options, app)


def _read(path: Path) -> bytes:
    data = read_bytes(path, str(path), MOST_BYTES)
    if isinstance(data, GuideProblem):
        raise UsageError(str(data))
    return data


# ---------------------------------------------------------------- JustDeleteMe


def _justdeleteme(file: Path, options: argparse.Namespace, app: App) -> Exit:
    try:
        drafts = list(draft_guides(_read(file)))
    except ValueError as error:
        raise UsageError(f"{options.source}: {one_line(str(error), 200)}") from None
    if options.mapping:
        print(_mapping(Path(options.source).as_posix()), end="")
        return Exit.OK
    made = [each for each in drafts if isinstance(each, Drafted)]
    for bad in [each for each in drafts if not isinstance(each, Drafted)][:SHOWN]:
        app.complain(f"entry {bad.entry} is left out: {one_line(bad.why, 200)}")
    return _write_guides(((each.id, each.text) for each in made), options.output or "guides/justdeleteme", options, app)


def _mapping(file: str) -> str:
    return (
        "# For loccit.toml: every entry of the file is a guide, and the file stays as it is.\n"
        "[[guides.mapping]]\n"
        f'path = {quoted(file)}\nid = "name"\ntitle = "Delete your {{name}} account"\nservice = "name"\n'
        'difficulty = "difficulty"\nurl = ["url", "url_*"]\ntext = ["notes"]\n'
    )


def _write_guides(guides: Iterable[tuple[str, str]], folder: str, options: argparse.Namespace, app: App) -> Exit:
    written = kept = 0
    for ident, text in guides:
        target = app.cwd / folder / f"{ident}.md"
        if target.exists() and not options.force:
            kept += target.read_text("utf-8", errors="replace") != text
            continue
        with app.output(str(target)) as out:
            out.write(text)
        written += 1
    app.say(f"{folder}: {count(written, 'guide')} written")
    if kept:
        app.say(f"{count(kept, 'guide')} of that name differ and were left as they are; --force writes over them")
    return Exit.OK


# ---------------------------------------------------------------- Open Terms Archive


def _opentermsarchive(source: Path, options: argparse.Namespace, app: App) -> Exit:
    services = list(_declared(source, app))
    pages = [page for service in services for page in service]
    if not pages:
        raise UsageError(f"{options.source}: there is no declaration in it")
    lost = [page for page in pages if page.lost]
    for page in lost[:SHOWN]:
        app.say(f"{one_line(page.service)}, {one_line(page.document)}: {page.lost} could not be taken over")
    if len(lost) > SHOWN:
        app.say(f"… and {len(lost) - SHOWN} more")
    if options.output:
        return _write_guides((draft_guide(service) for service in services if service), options.output, options, app)
    return _place(pages, options, app)


def _declared(source: Path, app: App) -> Iterator[list[Declared]]:
    files = sorted(source.rglob("*.json"))[:MOST_FILES] if source.is_dir() else [source]
    for file in files:
        if file.name.endswith(".history.json") or "node_modules" in file.parts or not file.is_file():
            continue
        try:
            yield list(declarations(_read(file)))
        except ValueError as error:
            # Other JSON lies beside declarations; a file that was named must be one.
            if file == source:
                raise UsageError(f"{file.name}: {one_line(str(error), 200)}") from None
            if app.verbose:
                app.say(f"{file.name} is left out: {one_line(str(error), 200)}")


def _place(pages: list[Declared], options: argparse.Namespace, app: App) -> Exit:
    places = {key: page.place for page in pages if page.place is not None and (key := key_of(page.url)) is not None}
    library = read_guides(app.settings, app.today())
    app.problems(library.problems)
    by_file: dict[str, list[Placing]] = {}
    for guide in library.guides:
        for wanted in _wanted(guide, places):
            by_file.setdefault(guide.file, []).append(wanted)
    done = 0
    for name, wanted_here in by_file.items():
        done += _mend(name, wanted_here, options, app)
    changed = "placed" if options.write else "would be placed; nothing was written (--write does it)"
    app.say(f"{count(len(places), 'page')} with a place declared, {count(done, 'citation')} {changed}")
    return Exit.OK


def _wanted(guide: Guide, places: dict[str, Css]) -> Iterator[Placing]:
    for each in guide.citations:
        place = places.get(key_of(each.url) or "")
        if place is not None and each.place is None and each.role is not Role.INLINE:
            yield Placing(guide=guide.id, citation=each, place=place)


def _mend(name: str, wanted: list[Placing], options: argparse.Namespace, app: App) -> int:
    before = _read(app.settings.root / name)
    made: Placed = place_in(name, before, wanted, app.settings.guides, today=app.today())
    for each in made.refused:
        where = f"{name}:{each.citation.line}"
        app.complain(f"{where}: a place cannot be written here safely; by hand: css {quoted(each.place.css)}")
    if not made.done:
        return 0
    if options.write:
        try:
            replace_bytes(app.settings.root, name, before, made.data)
        except WritebackError as error:
            raise LoccitError(str(error)) from None
    else:
        old, new = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (before, made.data))
        print(inert("".join(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"))), end="")
    return len(made.done)


# ---------------------------------------------------------------- web archives


def _warc(names: Sequence[str], app: App) -> Exit:
    """Take each file in turn; 1 where one of them is none, or damaged."""
    # Not at the top: the others need no store.
    from loccit.taking import take_archive

    for name in names:
        if not (app.cwd / name).exists():
            raise UsageError(f"{name}: there is no such file")
    now = app.clock.now()
    library = read_guides(app.settings, app.today())
    app.problems(library.problems)
    damaged = False
    with open_store(app.settings) as store:
        sync(store, library, now, tell=app.say)
        for name in names:
            taken = take_archive(store, app.cwd / name, name, app.settings, now=now)
            with app.output(None) as out:
                out.writelines(f"{line}\n" for line in _taken_lines(name, taken))
            if taken.damage:
                before = "; what came before that was taken" if taken.pages + taken.there else ""
                app.complain(f"{name}: {taken.damage}{before}")
                damaged = True
    return Exit.FAILS if damaged else Exit.OK


def _taken_lines(name: str, taken: "Taken") -> Iterator[str]:
    there = f" ({taken.there} were there already)" if taken.there else ""
    yield f"{one_line(name)}: {count(taken.pages, 'page')} of {count(len(taken.sources), 'source')} taken{there}"
    for why, number in taken.left_out.most_common():
        yield f"  left out: {count(number, 'record')} {one_line(why)}"
    for each in taken.moved[:SHOWN]:
        yield f"  {one_line(each.guide)} is measured from the page of {each.at:%Y-%m-%d} now: {one_line(each.url)}"
    if len(taken.moved) > SHOWN:
        yield f"  … and {len(taken.moved) - SHOWN} more"
