"""The demo's pages: four services that do not exist, a dozen sources, and what happens to them day by day."""

from collections.abc import Callable
from html import escape

from loccit.demo.web import Answer

BANNERS = (
    "Spring sale: 40 % off every yearly plan",
    "New: Photon for your watch",
    "Join 2 million happy people",
    "Tell a friend and get a month free",
)

Sections = tuple[tuple[str, tuple[str, ...]], ...]
Moment = Callable[[float], Answer]

PRIVACY: Sections = (
    (
        "What we keep",
        (
            "We keep your photographs, their captions and the dates of your visits while your account exists.",
            "We never sell any of it.",
        ),
    ),
    (
        "Deletion and retention",
        (
            "You can ask us to delete your account at any time.",
            "After you confirm, we keep your photographs for {days} days in case you change your mind.",
            "Invoices are kept for 10 years, as the law demands.",
        ),
    ),
    (
        "Contact",
        ("Write to privacy@photon.example. We answer within a week.",),
    ),
)

DELETE: Sections = (
    (
        "Delete your account",
        (
            "Open Settings and choose Account.",
            "Choose Delete account, then type your password.",
            "Confirm in the e-mail that we send you.",
        ),
    ),
    ("Before you go", ("Download your photographs first: we cannot bring them back.",)),
)

EXPORT: Sections = (
    (
        "Get a copy of your data",
        (
            "Choose Export in the settings. The file is ready after about an hour.",
            "The link to it works for 7 days.",
        ),
    ),
)

TERMS: Sections = (
    (
        "Ending the agreement",
        (
            "You may end your subscription with one month's notice.",
            "What you paid in advance is refunded in part.",
        ),
    ),
    ("Ownership", ("What you write stays yours. We may show it to those whom you share it with.",)),
)

CANCEL: Sections = (
    (
        "Cancel a subscription",
        (
            "Open Plans and choose Cancel plan.",
            "You can use the service until the end of the month that you paid for.",
        ),
    ),
)

LIMITS: Sections = (
    ("Free accounts", ("A free account holds 3 notebooks and 200 pages.",)),
    ("Paid accounts", ("A paid account has no limit.",)),
)

FEES: Sections = (
    ("Transfers", ("A transfer to another bank is free. It takes one working day.",)),
    ("Cards", ("A second card costs 5 euros. A lost card is replaced for free.",)),
)

CLOSE: Sections = (
    (
        "Close your account",
        (
            "Pay out what is left, then choose Close account in the app.",
            "We must keep your statements for 6 years.",
        ),
    ),
)

COMPLAINTS: Sections = (
    ("If you are not content", ("Write to us first. If we do not agree within 8 weeks, the ombudsman helps.",)),
)

TIMETABLE: Sections = (
    ("Refunds", ("A ticket that you did not use is refunded until the day before travel, less 4 euros.",)),
    ("Delays", ("From 60 minutes on we pay back a quarter of the fare, from 120 minutes on half of it.",)),
)

LOST: Sections = (("Lost property", ("What is found is kept for 90 days at the main station.",)),)

ACCOUNT: Sections = (("Your travel account", ("You can delete your travel account in the app under Profile.",)),)


def page(name: str, title: str, sections: Sections, *, day: float, **words: object) -> str:
    """One page in the dress that its service wears: a menu, a banner that rotates, a footer that counts years."""
    parts = []
    for heading, paragraphs in sections:
        anchor = heading.lower().replace(" ", "-").replace("'", "")
        parts.append(f'<h2 id="{anchor}">{escape(heading)}</h2>')
        parts += [f"<p>{escape(text.format(**words))}</p>" for text in paragraphs]
    banner = BANNERS[int(day * 4) % len(BANNERS)]
    year = 2025 if day < 4 else 2026
    nonce = f"{int(day * 1000003) * 2654435761 % 2**64:016x}"
    return (
        f"<!doctype html><html lang=en><head><title>{escape(title)} · {escape(name)}</title>"
        f'<meta charset=utf-8><script nonce="{nonce}">window.session="{nonce}"</script></head><body>'
        f'<header><a href="/">{escape(name)}</a><nav><ul><li><a href="/">Home</a><li><a href="/plans">Plans</a>'
        f'<li><a href="/help">Help</a></ul></nav></header><div class=promo role=complementary>{escape(banner)}</div>'
        f"<main><h1>{escape(title)}</h1>{''.join(parts)}</main>"
        f"<footer><p>© {year} {escape(name)}. All rights reserved.</p></footer></body></html>"
    )


WALL = Answer(
    status=403,
    headers={"cf-mitigated": "challenge", "Server": "cloudflare"},
    body="<!doctype html><title>Just a moment...</title><p>Checking if the site connection is secure</p>",
)
GONE = Answer(
    status=404, body="<!doctype html><title>Page not found</title><h1>404</h1><p>This page does not exist.</p>"
)
DOWN = Answer(status=503, body="<!doctype html><title>Service unavailable</title><h1>503</h1>")


def _still(name: str, title: str, sections: Sections) -> Moment:
    """A page that never changes but for its banner, its nonces and its footer's year."""
    return lambda day: Answer(body=page(name, title, sections, day=day))


def _privacy(day: float) -> Answer:
    """The change that matters: from day 2 on, 14 days instead of 30."""
    return Answer(body=page("Photon", "Privacy", PRIVACY, day=day, days=30 if day < 2 else 14))


def _export(day: float) -> Answer:
    """Dies on day 3."""
    return Answer(body=page("Photon", "Your data", EXPORT, day=day)) if day < 3 else GONE


def _cancel(day: float) -> Answer:
    """Moves for good on day 3."""
    if day < 3:
        return Answer(body=page("Inkwell", "Cancel", CANCEL, day=day))
    return Answer(status=301, headers={"Location": "/support/cancel-a-plan"})


def _limits(day: float) -> Answer:
    """Says something else for a few hours of day 2, then is itself again."""
    sections = LIMITS if not 2 <= day < 2.4 else (("Free accounts", ("Coming soon.",)),)
    return Answer(body=page("Inkwell", "Limits", sections, day=day))


def _fees(day: float) -> Answer:
    """Hides behind a bot wall from day 1 on."""
    return Answer(body=page("Orchard Bank", "Fees", FEES, day=day)) if day < 1 else WALL


def _lost(day: float) -> Answer:
    """Is down for some hours of day 4, and back."""
    return DOWN if 4 <= day < 4.4 else Answer(body=page("Northern Trains", "Lost property", LOST, day=day))


WEB: dict[tuple[str, str], Moment] = {
    ("photon.example", "/privacy"): _privacy,
    ("help.photon.example", "/delete"): _still("Photon", "Delete your account", DELETE),
    ("help.photon.example", "/export"): _export,
    ("inkwell.example", "/terms"): _still("Inkwell", "Terms", TERMS),
    ("inkwell.example", "/help/cancel"): _cancel,
    ("inkwell.example", "/support/cancel-a-plan"): _still("Inkwell", "Cancel", CANCEL),
    ("inkwell.example", "/limits"): _limits,
    ("bank.example", "/fees"): _fees,
    ("bank.example", "/close"): _still("Orchard Bank", "Close", CLOSE),
    ("bank.example", "/complaints"): _still("Orchard Bank", "Complaints", COMPLAINTS),
    ("trains.example", "/refunds"): _still("Northern Trains", "Refunds", TIMETABLE),
    ("trains.example", "/lost"): _lost,
    ("trains.example", "/account"): _still("Northern Trains", "Your account", ACCOUNT),
}

HOSTS = tuple(sorted({host for host, _ in WEB}))


def answer(host: str, path: str, day: float) -> Answer:
    """What the demo's web says on the story's `day` (0 is the day on which the guides were verified)."""
    if path == "/robots.txt":
        return Answer(body="User-agent: *\nAllow: /\n")
    moment = WEB.get((host, path))
    return moment(day) if moment is not None else GONE
