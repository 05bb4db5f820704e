"""`loccit stet`: let it stand. An editor has looked, and the guide still holds."""

import argparse
import getpass

from guides.model import Guide, GuideId, Library
from guides.rewrite import write_verified
from guides.writeback import WritebackError
from loccit.app import App
from loccit.commands.diff import finding_number
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.reporting import guides_named, known_guides
from loccit.wiring import open_store, read_guides, sync
from review.model import FindingId, FindingState
from review.text import count, one_line
from storage.store import Store


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("guides", metavar="GUIDE", nargs="*", help="ids or files")
    parser.add_argument("--by", metavar="NAME", default="", help="who has looked (default: your login name)")
    parser.add_argument("--note", metavar="TEXT", default="", help="kept in the audit log")
    parser.add_argument(
        "--finding", metavar="ID", help="accept this finding alone: only its source is verified, the date stays"
    )


def run(options: argparse.Namespace, app: App) -> Exit:
    library = read_guides(app.settings, app.today())
    app.problems(library.problems)
    by = options.by or _login()
    with open_store(app.settings) as store:
        sync(store, library, app.clock.now(), tell=app.say)
        if options.finding is not None:
            return _one_finding(options, library, app, store, by)
        if not options.guides:
            raise UsageError("name the guides that still hold", known_guides(library))
        guides = [_guide(library, name, app) for name in options.guides]
        failed = [guide for guide in guides if not _stand(guide, options, app, store, by)]
    return Exit.USAGE if failed else Exit.OK


def _guide(library: Library, name: str, app: App) -> Guide:
    """One guide: who verifies a file of many has to say which of them they have looked at."""
    found = guides_named(library, name, app)
    if len(found) > 1:
        ids = ", ".join(guide.id for guide in found[:8]) + (" …" if len(found) > 8 else "")
        raise UsageError(f"{name} holds {len(found)} guides", f"Name those that still hold by their ids: {ids}")
    return found[0]


def _stand(guide: Guide, options: argparse.Namespace, app: App, store: Store, by: str) -> bool:
    """The date into the guide's file first: if that cannot be done, the store must not say otherwise."""
    today = app.today()
    try:
        write_verified(app.settings.root, guide, today, app.settings.guides)
    except WritebackError as error:
        app.complain(str(error) if str(error).startswith(guide.file) else f"{guide.file}: {error}")
        app.complain(f"{guide.id}: nothing was changed, in the store either")
        return False
    accepted = store.stet(guide.id, on=today, at=app.clock.now(), by=by, note=options.note)
    print(f"{guide.id}: verified {today} by {one_line(by)}; {count(len(accepted), 'finding')} accepted ({guide.file})")
    return True


def _one_finding(options: argparse.Namespace, library: Library, app: App, store: Store, by: str) -> Exit:
    number: FindingId = finding_number(options.finding)
    finding = store.finding(number)
    if finding is None or finding.state is not FindingState.OPEN:
        raise UsageError(f"there is no open finding {options.finding}", "`loccit findings` lists them.")
    if options.guides and [_guide(library, name, app).id for name in options.guides] != [finding.guide]:
        raise UsageError(f"finding {number} belongs to the guide {finding.guide!r}")
    guide: GuideId = finding.guide
    # The basis is the source's, for the whole guide: it would take the others with it, unseen.
    beside = store.findings(guides=(guide,)) if finding.url else []
    others = [other.id for other in beside if other.url == finding.url and other.id != number]
    if others:
        named = ", ".join(str(other) for other in others)
        raise UsageError(
            f"the same source has other open findings for this guide: {named}",
            f"Look at them too; when all is still right, `loccit stet {guide}` accepts them together.",
        )
    store.stet(guide, on=app.today(), at=app.clock.now(), by=by, note=options.note, finding=number)
    print(f"{guide}: finding {number} accepted by {one_line(by)}; what its source says now is the basis")
    return Exit.OK


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody"
