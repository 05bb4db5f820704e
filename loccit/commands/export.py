"""`loccit export`: snapshots as WARC, and each guide's verification status for a site generator."""

import argparse
import hashlib
import json
import os
import re
from importlib.metadata import version
from pathlib import Path

from guides.model import GuideId
from loccit.app import App
from loccit.badges import badge, status_of
from loccit.errors import LoccitError
from loccit.exits import Exit
from loccit.reporting import report_now
from loccit.wiring import key_of, open_store, read_guides, sync
from review.text import count


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("warc", "status"))
    parser.add_argument(
        "--output",
        metavar="PATH",
        help="warc: the file (default loccit.warc.gz); status: a folder for status.json and badges (else JSON here)",
    )


def run(options: argparse.Namespace, app: App) -> Exit:
    return _warc(options.output or "loccit.warc.gz", app) if options.what == "warc" else _status(options.output, app)


def _warc(name: str, app: App) -> Exit:
    # Not at the top: status does not need it.
    from loccit.warc import write_warc

    target = app.cwd / name
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_store(app.settings) as store, draft.open("wb") as out:
            records = write_warc(
                store, out, program=f"loccit {version('loccit')}", user_agent=app.settings.crawl.user_agent
            )
        draft.replace(target)
    except OSError as error:
        raise LoccitError(f"{name}: cannot be written: {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)
    app.say(f"wrote {name}: {count(records, 'record')}")
    return Exit.OK


def _status(folder: str | None, app: App) -> Exit:
    library = read_guides(app.settings, app.today())
    app.problems(library.problems)
    with open_store(app.settings) as store:
        sync(store, library, app.clock.now(), tell=app.say)
        report = report_now(app, store, library)
        newest = store.evidence()
    told = status_of(report, lambda url: newest.get(key_of(url) or ""))
    rendered = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    if folder is None or folder == "-":
        with app.output(None) as out:
            out.write(rendered)
        return Exit.OK
    root = Path(folder)
    with app.output(str(app.cwd / root / "status.json")) as out:
        out.write(rendered)
    for line in report.lines:
        with app.output(str(app.cwd / root / "badges" / f"{_file_name(line.view.guide.id)}.svg")) as out:
            out.write(badge(line))
    app.say(f"wrote {folder}: status.json and {count(len(report.lines), 'badge')}")
    return Exit.OK


def _file_name(guide: GuideId) -> str:
    """The guide's id where that is a plain file name; else what is left of it and a digest of all of it."""
    if re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", guide):
        return guide
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", guide)[:60].strip("-")
    return f"{plain or 'guide'}-{hashlib.sha256(guide.encode('utf-8', 'replace')).hexdigest()[:8]}"
