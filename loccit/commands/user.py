"""`loccit user`: accounts of the review pages."""

import argparse
import getpass
import sys
from datetime import timedelta

from loccit.app import App
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.wiring import open_store
from review.people import Account, Role, TicketKind, hash_of, name_mistake, new_secret, password_mistake
from review.text import day, one_line
from storage.accounts import Accounts

_ROLES = [each.value for each in Role]
_BY = "loccit user"
"""Who has done it, in the log: whoever may run commands here."""


def configure(parser: argparse.ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    add = what.add_parser("add", help="a new account; its password is asked for, or read from standard input")
    invite = what.add_parser("invite", help="a new account, and a link with which its owner sets the password")
    reset = what.add_parser("reset", help="a link with which the owner sets another password")
    what.add_parser("list", help="the accounts")
    remove = what.add_parser("remove", help="nobody gets in by this account any more, at once")
    role = what.add_parser("role", help="another role: viewer, editor, admin")
    for each in (add, invite, reset, remove, role):
        each.add_argument("name", metavar="NAME")
    for each in (add, invite):
        each.add_argument("--role", choices=_ROLES, default=Role.EDITOR.value, help="default: editor")
    role.add_argument("role", choices=_ROLES)


def run(options: argparse.Namespace, app: App) -> Exit:
    with open_store(app.settings) as store:
        do = {"add": _add, "invite": _invite, "reset": _reset, "list": _list, "remove": _remove, "role": _role}
        do[options.what](options, app, store.accounts)
    return Exit.OK


def _new(options: argparse.Namespace, accounts: Accounts) -> tuple[str, Role]:
    if wrong := name_mistake(options.name):
        raise UsageError(f"{options.name!r}: {wrong}")
    if accounts.account(options.name) is not None:
        raise UsageError(
            f"there is an account {options.name!r} already", "`loccit user reset` gives it a new password."
        )
    if options.role != Role.ADMIN and accounts.count() == 0:
        raise UsageError("the first account must be an admin: nobody could keep the others", "Add `--role admin`.")
    return options.name, Role(options.role)


def _add(options: argparse.Namespace, app: App, accounts: Accounts) -> None:
    name, role = _new(options, accounts)
    password = _password()
    if wrong := password_mistake(password, name):
        raise UsageError(f"no account was made: {wrong}")
    # Not at the top: hashing is for this and the pages alone.
    from review.web.sessions import Passwords

    accounts.add(name, role, at=app.clock.now(), by=_BY, password_hash=Passwords().hashed(password))
    print(f"{name}: {role}")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Once more: "):
        raise UsageError("no account was made: the two are not the same")
    return password


def _invite(options: argparse.Namespace, app: App, accounts: Accounts) -> None:
    name, role = _new(options, accounts)
    accounts.add(name, role, at=app.clock.now(), by=_BY)
    _link(name, TicketKind.INVITE, app, accounts)


def _reset(options: argparse.Namespace, app: App, accounts: Accounts) -> None:
    _link(_known(options.name, accounts).name, TicketKind.RESET, app, accounts)


def _link(name: str, kind: TicketKind, app: App, accounts: Accounts) -> None:
    """On standard output the link alone, so that it can be passed on; it is told nowhere else."""
    secret, now = new_secret(), app.clock.now()
    hours = app.settings.review.invite_hours
    accounts.ticket(name, kind, hash_of(secret), at=now, expires=now + timedelta(hours=hours))
    base = app.settings.review.url.rstrip("/") or "http://127.0.0.1:8765"
    print(f"{base}/welcome/{secret}")
    app.say(f"{name} sets a password with this link, once, within {hours} hours; an older link holds no longer")


def _list(_options: argparse.Namespace, app: App, accounts: Accounts) -> None:
    every = accounts.accounts()
    for each in every:
        seen = (
            f"last login {day(each.seen.date())}" if each.seen else "invited" if not each.ready else "never logged in"
        )
        print(f"{one_line(each.name)}\t{each.role}\t{seen}")
    if not every:
        app.say("there are no accounts: the pages open without login, on this machine alone")


def _remove(options: argparse.Namespace, app: App, accounts: Accounts) -> None:
    name = _known(options.name, accounts).name
    accounts.remove(name, at=app.clock.now(), by=_BY)
    print(f"{name}: removed")


def _role(options: argparse.Namespace, app: App, accounts: Accounts) -> None:
    name = _known(options.name, accounts).name
    accounts.set_role(name, Role(options.role), at=app.clock.now(), by=_BY)
    print(f"{name}: {options.role}")


def _known(name: str, accounts: Accounts) -> Account:
    found = accounts.account(name)
    if found is None:
        raise UsageError(f"there is no account {name!r}", "`loccit user list` shows them.")
    return found
