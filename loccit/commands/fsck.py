"""`loccit fsck`: checks every snapshot, chain and reference, and says what is damaged and what depends on it."""

import argparse
import json

from loccit.app import App
from loccit.exits import Exit
from loccit.wiring import open_store
from review.text import count, one_line
from storage.store import Checked


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repair", action="store_true", help="mend what can be mended without inventing evidence")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace, app: App) -> Exit:
    with open_store(app.settings) as store:
        checked = store.fsck(repair=options.repair, at=app.clock.now())
    with app.output(None) as out:
        out.write(_json(checked) if options.format == "json" else _text(checked, repair=options.repair))
    return Exit.OK if checked.whole else Exit.FAILS


def _text(checked: Checked, *, repair: bool) -> str:
    lines: list[str] = []
    for each in checked.damages:
        lines.append(f"{'repaired' if each.repaired else 'damaged'}: {one_line(each.what)}")
        lines += [f"  affects {one_line(what)}" for what in each.depends]
    looked_at = f"{count(checked.bodies, 'body', 'bodies')} of {count(checked.snapshots, 'snapshot')} checked"
    left = sum(not each.repaired for each in checked.damages)
    if not checked.damages:
        lines.append(f"{looked_at}: nothing is damaged")
    elif left:
        hint = (
            "go back to a backup, or verify these guides anew" if repair else "loccit fsck --repair mends what can be"
        )
        lines.append(f"{looked_at}: {count(left, 'damage')} left; {hint}")
    else:
        lines.append(f"{looked_at}: all that was damaged is mended; the next crawl fetches again what was let go")
    return "".join(f"{line}\n" for line in lines)


def _json(checked: Checked) -> str:
    damages = [
        {"kind": each.kind, "key": each.key, "what": each.what, "affects": each.depends, "repaired": each.repaired}
        for each in checked.damages
    ]
    told = {"bodies": checked.bodies, "snapshots": checked.snapshots, "whole": checked.whole, "damages": damages}
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
