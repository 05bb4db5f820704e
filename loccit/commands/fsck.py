"""`loccit fsck`: checks every snapshot, chain and reference, and says what is damaged and what depends on it."""

import argparse
import json
import re
from typing import Any

from loccit.app import App
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.wiring import open_store
from review.text import count, one_line
from storage.upkeep import Checked

_HASH = re.compile(r"[0-9a-f]{16,64}")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repair", action="store_true", help="mend what can be mended without inventing evidence")
    parser.add_argument(
        "--accept-loss", action="store_true", help="with --repair: also where most pages cannot be read any more"
    )
    parser.add_argument(
        "--audit", metavar="HASH", help="say whether the audit log still holds the entry of this hash (told by fsck)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace, app: App) -> Exit:
    if options.accept_loss and not options.repair:
        raise UsageError("--accept-loss goes with --repair")
    noted = (options.audit or "").strip().lower()
    if options.audit is not None and not _HASH.fullmatch(noted):
        raise UsageError("--audit takes the hash that fsck told of the audit log's end: 16 or more hexadecimal digits")
    with open_store(app.settings) as store:
        checked = store.fsck(repair=options.repair, accept_loss=options.accept_loss, at=app.clock.now())
        held = any(entry.hash.startswith(noted) for entry in store.audit_log()) if noted else None
    with app.output(None) as out:
        out.write(_json(checked, held) if options.format == "json" else _text(checked, held, repair=options.repair))
    return Exit.OK if checked.whole and held is not False else Exit.FAILS


def _text(checked: Checked, held: bool | None, *, repair: bool) -> str:
    lines: list[str] = []
    for each in checked.damages:
        lines.append(f"{'repaired' if each.repaired else 'damaged'}: {one_line(each.what)}")
        lines += [f"  affects {one_line(what)}" for what in each.depends]
    if held is False:
        lines.append("damaged: the audit log has no entry of the hash that was given: it was cut or written anew")
    elif held:
        lines.append("the audit log still holds the entry of the hash that was given")
    if checked.audit_end is not None:
        number, last = checked.audit_end
        lines.append(f"audit log: {count(number, 'entry', 'entries')}, ends with {last}")
    looked_at = f"{count(checked.bodies, 'body', 'bodies')} of {count(checked.snapshots, 'snapshot')} checked"
    lines.append(f"{looked_at}: {_outcome(checked, repair=repair, but=held is False)}")
    return "".join(f"{line}\n" for line in lines)


def _outcome(checked: Checked, *, repair: bool, but: bool) -> str:
    left = sum(not each.repaired for each in checked.damages)
    if not checked.damages:
        return "nothing else is damaged" if but else "nothing is damaged"
    if checked.refused:
        return f"nothing was repaired: {checked.refused}"
    if left:
        hint = (
            "go back to a backup, or verify these guides anew" if repair else "loccit fsck --repair mends what can be"
        )
        return f"{count(left, 'damage')} left; {hint}"
    return "all that was damaged is mended; the next crawl fetches again what was let go"


def _json(checked: Checked, held: bool | None) -> str:
    damages = [
        {"kind": each.kind, "key": each.key, "what": each.what, "affects": each.depends, "repaired": each.repaired}
        for each in checked.damages
    ]
    number, last = checked.audit_end or (0, "")
    log: dict[str, Any] = {"entries": number, "last": last}
    if held is not None:
        log["holds"] = held
    told: dict[str, Any] = {"bodies": checked.bodies, "snapshots": checked.snapshots, "whole": checked.whole}
    told |= {"refused": checked.refused, "audit": log, "damages": damages}
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
