"""`loccit token`: keys for programs that read the API, decide through it, or follow feeds."""

import argparse
from datetime import timedelta

from loccit.app import App
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.wiring import open_store
from review.people import Scope, TokenId, hash_of, label_of, new_token
from review.text import day, one_line
from storage.accounts import Accounts

_BY = "loccit token"


def configure(parser: argparse.ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    add = what.add_parser("add", help="a new token; it is shown once")
    add.add_argument("label", metavar="LABEL", help="what it is for")
    add.add_argument(
        "--scope",
        choices=[each.value for each in Scope],
        default=Scope.READ.value,
        help="read: the API (default) · decide: also decide · feed: feeds and badges alone, in their address",
    )
    add.add_argument("--days", type=int, default=0, metavar="N", help="it ends after so many days (default: never)")
    what.add_parser("list", help="the tokens, without their secrets")
    revoke = what.add_parser("revoke", help="it opens nothing any more, at once")
    revoke.add_argument("id", type=int, metavar="ID", help="as `loccit token list` shows it")


def run(options: argparse.Namespace, app: App) -> Exit:
    with open_store(app.settings) as store:
        {"add": _add, "list": _list, "revoke": _revoke}[options.what](options, app, store.accounts)
    return Exit.OK


def _add(options: argparse.Namespace, app: App, accounts: Accounts) -> None:
    label = label_of(options.label)
    if not label:
        raise UsageError("say what the token is for")
    if not 0 <= options.days <= 3650:
        raise UsageError(f"--days: {options.days} is out of range (0 to 3650)")
    secret, now = new_token(), app.clock.now()
    expires = now + timedelta(days=options.days) if options.days else None
    accounts.add_token(label, Scope(options.scope), hash_of(secret), by=_BY, at=now, expires=expires)
    print(secret)
    app.say("it is shown only now; the store keeps a hash of it")


def _list(_options: argparse.Namespace, app: App, accounts: Accounts) -> None:
    every = accounts.tokens()
    for each in every:
        used = f"used {day(each.used.date())}" if each.used else "never used"
        ends = f"ends {day(each.expires.date())}" if each.expires else "no end"
        print(f"{each.id}\t{one_line(each.label)}\t{each.scope}\t{used}\t{ends}")
    if not every:
        app.say("there are no tokens")


def _revoke(options: argparse.Namespace, app: App, accounts: Accounts) -> None:
    if not accounts.revoke_token(TokenId(options.id), at=app.clock.now(), by=_BY):
        raise UsageError(f"there is no token {options.id}", "`loccit token list` shows them.")
    print(f"{options.id}: revoked")
