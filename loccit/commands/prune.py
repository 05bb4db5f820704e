"""`loccit prune`: applies the retention policy."""

import argparse

from loccit.app import App
from loccit.exits import Exit
from loccit.wiring import open_store
from review.text import count
from storage.retention import Retention


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what would be let go, and change nothing")
    parser.epilog = (
        "What a basis, a finding or the audit log refers to is kept for ever, and so are each source's first and "
        "newest page. [store] whole_days, thin_days and looks_days say what becomes of the rest."
    )


def run(options: argparse.Namespace, app: App) -> Exit:
    chosen = app.settings.store
    rule = Retention(whole_days=chosen.whole_days, thin_days=chosen.thin_days, looks_days=chosen.looks_days)
    with open_store(app.settings) as store:
        done = store.prune(rule, now=app.clock.now(), dry=options.dry_run)
    word = "would let go" if options.dry_run else "let go"
    with app.output(None) as out:
        bodies = f"{count(done.bodies, 'page')} ({done.bytes:,} bytes as stored)"
        out.write(f"{word} of {bodies} and {count(done.looks, 'look')}; digests, headers and times stay\n")
        if done.objects:
            out.write(f"{word} of {count(done.objects, 'object')} in the bucket that nothing refers to\n")
    return Exit.OK
