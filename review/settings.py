"""How the pages are reached and who is told: the tables [review] and [notify] of loccit.toml."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSettings:
    url: str = ""
    """Where people reach the pages, for links in messages: "https://review.example.org". Its host is one of `hosts`."""
    hosts: list[str] = field(default_factory=list)
    """Other names by which they are reached. Requests for any other name are refused."""
    proxies: list[str] = field(default_factory=list)
    """Addresses or networks of reverse proxies: what they say of who asks, and from where, is believed."""
    user_header: str = ""
    """The header in which those proxies name who has logged in there: "X-Remote-User". Empty: loccit's own login."""
    user_role: str = "viewer"
    """What such people may do who have no account of that name: viewer, editor, admin; "" lets none of them in."""
    idle_hours: int = 12
    """A login ends after so long without a request."""
    session_days: int = 14
    """… and after so long in any case."""
    invite_hours: int = 72
    """How long an invitation or a link for another password holds."""
    file_url: str = ""
    """Where a guide's file can be seen, with {path} and {line}, for a link beside every finding:
    "https://github.com/org/repo/blob/main/{path}#L{line}". The path is the file's below the folder of loccit.toml.
    """
    write: str = "file"
    """What a decision does to the guide's file unless the editor chooses otherwise: "file" writes it, "branch" commits
    on a branch of its own, "patch" gives a patch to download, "none" leaves it alone.
    """
    public_badges: bool = True
    """Badges are shown to anybody, as site generators need it; else to who has a token."""
    public_feeds: bool = False
    """Feeds are shown to anybody; else to who has a token for feeds."""
    reports: bool = True
    """Readers may report that a guide is wrong."""
    report_origins: list[str] = field(default_factory=list)
    """Sites that may embed the form for readers' reports, or post it themselves: ["https://www.example.org"]."""
    reports_per_hour: int = 6
    """Reports taken from one address in an hour."""
    reports_per_day: int = 500
    """Reports taken from all addresses in a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    targets: list[str] = field(default_factory=list)
    """Where messages go, as apprise writes it: ["mailto://…", "slack://…", "jsons://…"]. They may hold passwords:
    LOCCIT_NOTIFY__TARGETS keeps them out of the file.
    """
    urgent: list[str] = field(default_factory=lambda: ["material", "dead"])
    """Severities and kinds of findings that are told at once, each change once."""
    digest: str = "08:00"
    """When the daily summary goes out; "" for none."""
    zone: str = "UTC"
    """Of that hour: "Europe/Berlin"."""
    days: list[str] = field(default_factory=lambda: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
    """On which days it goes out."""
    empty: bool = False
    """Send it also when there is nothing to do."""
