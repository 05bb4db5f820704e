"""Every verdict and reason, each by the rule that gives it; then what history and confirmation make of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from crawler_visits import NOW, URL, failed, page, refused, unchanged, visited
from hypothesis import given
from hypothesis import strategies as st

from crawler.judge import advance, judge
from crawler.model import Attempt, FailureKind, Health, Hop, LinkHistory, Verdict, VerdictKind, Visit
from crawler.policy import Policy
from review.hints import hints

POLICY = Policy(confirm=3, confirm_hours=12, unreachable_days=7)
NEW = LinkHistory()
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def verdict(visit: Visit, history: LinkHistory = NEW, *, spot: bool = True) -> Verdict:
    return judge(visit, history, POLICY, NOW, on_the_spot=spot)


def word(visit: Visit, history: LinkHistory = NEW, *, spot: bool = True) -> str:
    found = verdict(visit, history, spot=spot)
    assert found.detail.isprintable()
    return f"{found.kind} {found.reason}"


class TestOneAnswer:
    @pytest.mark.parametrize(
        ("attempt", "expected"),
        [
            (page(200), "ok http-200"),
            (page(203), "ok http-203"),
            (page(206), "ok http-206"),
            (unchanged(), "ok not-modified"),
            # A server is there but shows us no page (InternetArchiveBot's paywall list, linkinator, RFC 9110).
            (page(401), "blocked http-401"),
            (page(402), "blocked http-402"),
            (page(403), "blocked http-403"),
            (page(406), "blocked http-406"),
            (page(407), "blocked http-407"),
            (page(412), "blocked http-412"),
            (page(428), "blocked http-428"),
            (page(429), "blocked http-429"),
            (page(440), "blocked http-440"),
            (page(449), "blocked http-449"),
            (page(451), "blocked http-451"),
            (page(400), "blocked http-400"),
            (page(999), "blocked challenge"),
            (page(403, headers={"cf-mitigated": "challenge"}), "blocked challenge"),
            (page(503, headers={"cf-mitigated": "challenge"}), "blocked challenge"),
            (page(404, headers={"cf-mitigated": "challenge"}), "blocked challenge"),
            (page(202, headers={"x-amzn-waf-action": "challenge"}), "blocked challenge"),
            (refused("robots"), "blocked robots"),
            # No answer that proves anything.
            (page(500), "unreachable http-5xx"),
            (page(502), "unreachable http-5xx"),
            (page(503), "unreachable http-5xx"),
            (page(522), "unreachable http-5xx"),
            (page(408), "unreachable timeout"),
            (page(204), "unreachable protocol-error"),
            (page(304), "unreachable protocol-error"),
            (page(302), "unreachable protocol-error"),
            *((failed(kind), f"unreachable {kind}") for kind in FailureKind if kind != "dns-nxdomain"),
            # The guide's own mistake.
            (refused("malformed-url"), "invalid malformed-url"),
            (refused("unsupported-scheme"), "invalid unsupported-scheme"),
            (refused("forbidden-address"), "invalid forbidden-address"),
            (refused("skipped"), "skipped skipped"),
        ],
    )
    def test_verdict_and_reason(self, attempt: Attempt, expected: str) -> None:
        assert word(visited(attempt)) == expected

    @pytest.mark.parametrize(
        ("attempt", "expected"),
        [
            (page(404), "dead http-404"),
            (page(410), "dead http-410"),
            (failed("dns-nxdomain"), "dead dns-nxdomain"),
            (page(200, hops=((302, "https://help.example/"),)), "dead redirect-to-home"),
            (page(200, hops=((302, "https://www.help.example/en/"),)), "dead redirect-to-home"),
            (page(200, hops=((302, "https://help.example/404.html"),)), "dead soft-404"),
            (page(200, hops=((302, "https://help.example/error/not-found"),)), "dead soft-404"),
        ],
    )
    def test_death_has_to_be_seen_three_times(self, attempt: Attempt, expected: str) -> None:
        assert word(visited(attempt)) == "unreachable unconfirmed"
        assert word(visited(attempt, attempt)) == "unreachable unconfirmed"
        assert word(visited(attempt, attempt, attempt)) == expected

    @pytest.mark.parametrize(
        ("health", "status", "expected"),
        [
            (Health.OK, 200, "ok http-200"),
            (Health.SOFT_404, 200, "dead soft-404"),
            (Health.PARKED, 200, "dead parked-domain"),
            (Health.CHALLENGE, 200, "blocked challenge"),
            (Health.CHALLENGE, 403, "blocked challenge"),
            (Health.CHALLENGE, 429, "blocked challenge"),
            (Health.CHALLENGE, 503, "blocked challenge"),
            (Health.CHALLENGE, 404, "blocked challenge"),
            (Health.LOGIN_WALL, 200, "blocked login-wall"),
            (Health.CONSENT_WALL, 200, "blocked consent-wall"),
            (Health.MAINTENANCE, 200, "unreachable http-5xx"),
            (Health.ERROR_PAGE, 200, "unreachable http-5xx"),
            (Health.SCRIPT_SHELL, 200, "blocked needs-browser"),
            (Health.EMPTY, 200, "ok http-200"),
            (Health.SOFT_404, 404, "dead http-404"),
            (Health.LOGIN_WALL, 401, "blocked http-401"),
        ],
    )
    def test_by_the_page(self, health: Health, status: int, expected: str) -> None:
        attempts = (page(status),) * 3
        assert word(visited(*attempts, health=health)) == expected

    def test_an_outage_of_ours_says_nothing(self) -> None:
        assert word(visited(*(failed("dns-nxdomain"),) * 3, outage=True)) == "unreachable network-outage"


class TestRedirects:
    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            ("https://help.example/login?next=/articles", "blocked login-wall"),
            ("https://accounts.example.com/o", "blocked login-wall"),
            ("https://login.other.example/", "blocked login-wall"),
            ("https://help.example/users/sign_in", "blocked login-wall"),
            ("https://consent.example.com/m?continue=x", "blocked consent-wall"),
            ("https://www.google.example/sorry/index?continue=x", "blocked challenge"),
            ("https://validate.perfdrive.com/abc", "blocked challenge"),
            ("https://other.example/", "ok http-200"),  # a short link may lead to another site's home page
            ("https://help.example/articles/log-in-problems", "ok http-200"),
        ],
    )
    def test_where_they_end(self, target: str, expected: str) -> None:
        assert word(visited(page(200, hops=((302, target),)))) == expected

    def test_a_link_to_the_login_page_is_what_was_asked_for(self) -> None:
        attempt = page(200, url="https://x.example/login", hops=((302, "https://x.example/login?lang=en"),))
        assert word(visited(attempt)) == "ok http-200"

    @pytest.mark.parametrize(
        ("start", "expected"),
        [
            ("/", "ok http-200"),
            # Sites take such parameters out of the address; who follows the link gets what it was about.
            ("/?utm_source=guide&utm_medium=x", "ok http-200"),
            ("/en/?lang=en&gclid=7&ref=x", "ok http-200"),
            ("/?p=12", "dead redirect-to-home"),
            ("/?utm_source=x&page_id=12", "dead redirect-to-home"),
            ("/index.php?title=Leaving", "dead redirect-to-home"),
            ("/leaving?utm_source=x", "dead redirect-to-home"),
        ],
    )
    def test_home_to_home_is_no_loss(self, start: str, expected: str) -> None:
        attempt = page(200, url=f"https://x.example{start}", hops=((302, "https://x.example/en/"),))
        assert word(visited(*(attempt,) * 3)) == expected

    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            ("/posts/404/", "ok http-200"),
            ("/posts/404", "ok http-200"),
            ("/404", "dead soft-404"),
            ("/en/404/", "dead soft-404"),
            ("/errors/404", "dead soft-404"),
            ("/shop/404.html", "dead soft-404"),
        ],
    )
    def test_the_404th_of_something_is_a_page(self, target: str, expected: str) -> None:
        attempt = page(200, hops=((302, f"https://help.example{target}"),))
        assert word(visited(*(attempt,) * 3)) == expected

    @pytest.mark.parametrize(
        ("hops", "replacement"),
        [
            (((301, "https://help.example/new"),), "https://help.example/new"),
            (((308, "https://other.example/x"),), "https://other.example/x"),
            (((301, "https://help.example/b"), (301, "https://help.example/c")), "https://help.example/c"),
            (((301, "https://help.example/b"), (302, "https://help.example/c")), "https://help.example/b"),
            (((302, "https://help.example/b"), (301, "https://help.example/c")), None),
            (((302, "https://help.example/b"),), None),
            (((307, "https://help.example/b"),), None),
            (((301, URL + "/"),), None),
            (((301, URL.replace("//", "//www.")),), None),
        ],
    )
    def test_moved_only_for_good_and_elsewhere(
        self, hops: tuple[tuple[int, str], ...], replacement: str | None
    ) -> None:
        found = verdict(visited(page(200, hops=hops)))
        assert found.replacement == replacement
        assert found.kind is (VerdictKind.MOVED if replacement else VerdictKind.OK)
        assert found.final_url == hops[-1][1]

    def test_http_to_https_is_not_news(self) -> None:
        attempt = page(200, url="http://x.example/a", hops=((301, "https://x.example/a"),))
        assert word(visited(attempt)) == "ok http-200"

    def test_a_redirect_to_a_dead_page_is_dead(self) -> None:
        attempt = page(404, hops=((301, "https://help.example/new"),))
        assert word(visited(attempt, attempt, attempt)) == "dead http-404"

    def test_a_redirect_to_what_is_no_page_is_not_the_guides_mistake(self) -> None:
        hop = Hop(status=302, url=URL, target="itms-apps://x")
        assert word(visited(refused("unsupported-scheme", hops=(hop,)))) == "unreachable protocol-error"
        assert word(visited(refused("forbidden-address", hops=(hop,)))) == "invalid forbidden-address"
        assert word(visited(refused("robots", hops=(hop,)))) == "blocked robots"


class TestAnswersThatDiffer:
    @pytest.mark.parametrize(
        ("attempts", "expected"),
        [
            ((page(404), page(404), page(200)), "ok http-200"),
            ((page(200), page(404), page(404)), "ok http-200"),
            ((failed("timeout"), page(200)), "ok http-200"),
            ((page(404), page(404), page(403)), "blocked http-403"),
            ((page(403), page(404), page(404)), "blocked http-403"),
            ((page(404), page(503), page(404)), "unreachable unconfirmed"),
            ((failed("dns-nxdomain"), failed("dns-error"), failed("dns-nxdomain")), "unreachable unconfirmed"),
            ((page(404), page(410), page(404)), "dead http-404"),
            ((page(404), page(503), page(404), page(404)), "dead http-404"),
            ((page(404), page(404), failed("dns-nxdomain")), "dead http-404"),
            ((page(404), page(404), page(404), failed("timeout")), "dead http-404"),
            ((page(404), page(404), page(404), page(403)), "blocked http-403"),
            ((failed("timeout"), failed("connection-reset"), page(500)), "unreachable http-5xx"),
        ],
    )
    def test_one_good_answer_outweighs_and_a_wall_casts_doubt(
        self, attempts: tuple[Attempt, ...], expected: str
    ) -> None:
        assert word(visited(*attempts)) == expected


class TestHistory:
    DEAD = (page(404),) * 3

    def test_a_link_never_seen_alive_is_dead_at_once(self) -> None:
        assert word(visited(*self.DEAD), spot=False) == "dead http-404"

    def test_a_crawl_waits_for_another_run_and_half_a_day(self) -> None:
        alive = LinkHistory(last_ok=NOW - 30 * DAY)
        found = verdict(visited(*self.DEAD), alive, spot=False)
        assert (found.kind, found.reason) == (VerdictKind.UNREACHABLE, "unconfirmed")
        assert "2026-03-02 00:00" in found.detail
        early = LinkHistory(last_ok=NOW - 30 * DAY, failing_since=NOW - 3 * HOUR, failures=4)
        assert word(visited(*self.DEAD), early, spot=False) == "unreachable unconfirmed"
        once = LinkHistory(last_ok=NOW - 30 * DAY, failing_since=NOW - 13 * HOUR, failures=0)
        assert word(visited(*self.DEAD), once, spot=False) == "unreachable unconfirmed"
        lasting = LinkHistory(last_ok=NOW - 30 * DAY, failing_since=NOW - 13 * HOUR, failures=1)
        assert word(visited(*self.DEAD), lasting, spot=False) == "dead http-404"

    def test_on_the_spot_only_what_was_just_alive_is_spared(self) -> None:
        assert word(visited(*self.DEAD), LinkHistory(last_ok=NOW - HOUR)) == "unreachable unconfirmed"
        assert word(visited(*self.DEAD), LinkHistory(last_ok=NOW - 2 * DAY)) == "dead http-404"

    def test_a_policy_without_waiting_believes_one_run(self) -> None:
        policy = Policy(confirm=3, confirm_hours=0)
        for spot in (True, False):
            for history in (NEW, LinkHistory(last_ok=NOW - HOUR), LinkHistory(last_ok=NOW - 9 * DAY)):
                found = judge(visited(*self.DEAD), history, policy, NOW, on_the_spot=spot)
                assert (found.kind, found.reason) == ("dead", "http-404")
            once = judge(visited(page(404)), LinkHistory(last_ok=NOW - HOUR), policy, NOW, on_the_spot=spot)
            assert (once.kind, once.reason) == ("unreachable", "unconfirmed")  # three attempts are needed all the same

    def test_unreachable_for_long_is_gone(self) -> None:
        silent = (failed("timeout"),) * 3
        assert word(visited(*silent), LinkHistory(unreachable_since=NOW - 6 * DAY)) == "unreachable timeout"
        assert word(visited(*silent), LinkHistory(unreachable_since=NOW - 8 * DAY)) == "dead gone-after-retries"

    @pytest.mark.parametrize("kind", ["tls-expired", "tls-untrusted", "too-large", "protocol-error", "redirect-loop"])
    def test_a_server_that_is_there_is_never_gone(self, kind: str) -> None:
        long_ago = LinkHistory(unreachable_since=NOW - 80 * DAY)
        assert word(visited(*(failed(kind),) * 3), long_ago) == f"unreachable {kind}"

    @pytest.mark.parametrize(
        ("health", "status", "expected"),
        [
            (Health.OK, 502, "dead gone-after-retries"),
            (Health.OK, 522, "dead gone-after-retries"),
            # "Later" is no death, however often it is said (RFC 9110, 15.6.4; InternetArchiveBot).
            (Health.OK, 503, "unreachable http-5xx"),
            (Health.OK, 408, "unreachable timeout"),
            (Health.MAINTENANCE, 200, "unreachable http-5xx"),
            (Health.ERROR_PAGE, 200, "unreachable http-5xx"),
        ],
    )
    def test_only_what_never_answers_is_gone(self, health: Health, status: int, expected: str) -> None:
        visit, before = visited(*(page(status),) * 3, health=health), LinkHistory(unreachable_since=NOW - 80 * DAY)
        assert word(visit, before) == expected
        assert advance(NEW, visit, verdict(visit), NOW).unreachable_since == (NOW if "dead" in expected else None)


class TestAdvance:
    FAILING = LinkHistory(
        checked=NOW - DAY, last_ok=NOW - 9 * DAY, failing_since=NOW - DAY, failures=1, unreachable_since=NOW - DAY
    )

    def after(self, visit: Visit, history: LinkHistory | None = None) -> LinkHistory:
        history = history or self.FAILING
        return advance(history, visit, judge(visit, history, POLICY, NOW), NOW)

    def test_alive_forgets_every_failure(self) -> None:
        assert self.after(visited(page(200))) == LinkHistory(checked=NOW, last_ok=NOW)

    def test_an_outage_changes_nothing(self) -> None:
        assert self.after(visited(failed("dns-error"), outage=True)) == self.FAILING

    def test_a_definitive_failure_counts(self) -> None:
        after = self.after(visited(*(page(404),) * 3))
        assert (after.failures, after.failing_since) == (2, self.FAILING.failing_since)

    def test_what_a_clock_wrote_that_was_ahead_is_not_waited_for(self) -> None:
        ahead = LinkHistory(last_ok=NOW - DAY, failing_since=NOW + 900 * DAY, unreachable_since=NOW + 900 * DAY)
        assert self.after(visited(*(page(404),) * 3), ahead).failing_since == NOW
        assert self.after(visited(*(failed("timeout"),) * 3), ahead).unreachable_since == NOW

    @pytest.mark.parametrize(
        "attempt", [page(403), page(429), page(500), failed("timeout"), failed("tls-expired"), refused("robots")]
    )
    def test_cannot_tell_neither_raises_nor_resets(self, attempt: Attempt) -> None:
        after = self.after(visited(attempt, attempt, attempt))
        assert (after.failures, after.failing_since, after.last_ok) == (
            self.FAILING.failures,
            self.FAILING.failing_since,
            self.FAILING.last_ok,
        )

    def test_unreachable_is_timed_from_its_beginning(self) -> None:
        assert self.after(visited(failed("timeout"))).unreachable_since == self.FAILING.unreachable_since
        assert self.after(visited(failed("timeout")), NEW).unreachable_since == NOW
        assert self.after(visited(page(403))).unreachable_since is None
        assert self.after(visited(refused("robots"))).unreachable_since == self.FAILING.unreachable_since

    @pytest.mark.parametrize("attempt", [page(503), page(408), failed("tls-expired"), failed("too-large")])
    def test_a_server_that_was_met_ends_a_silence(self, attempt: Attempt) -> None:
        """A time-out months after others, with answers between, is no proof that a link is gone."""
        silent = LinkHistory(checked=NOW - DAY, last_ok=NOW - 90 * DAY, unreachable_since=NOW - 80 * DAY)
        after = self.after(visited(failed("timeout"), attempt), silent)
        assert after.unreachable_since is None
        assert word(visited(*(failed("timeout"),) * 3), after) == "unreachable timeout"

    def test_a_dying_link_over_its_runs(self) -> None:
        """Alive, then 404 from run to run: unconfirmed, unconfirmed, dead."""
        history = LinkHistory(checked=NOW, last_ok=NOW)
        words = []
        for run in range(4):
            moment = NOW + DAY + run * 8 * HOUR
            visit = visited(*(page(404),) * 3)
            found = judge(visit, history, POLICY, moment, on_the_spot=False)
            history = advance(history, visit, found, moment)
            words.append(found.reason)
        assert words == ["unconfirmed", "unconfirmed", "http-404", "http-404"]


ATTEMPTS = st.one_of(
    st.integers(100, 999).map(page),
    st.sampled_from(list(FailureKind)).map(failed),
    st.sampled_from(["robots", "malformed-url", "skipped"]).map(refused),
    st.just(unchanged()),
)


@given(st.lists(ATTEMPTS, min_size=1, max_size=5), st.booleans(), st.sampled_from([None, *Health]))
def test_whatever_comes_is_judged(attempts: list[Attempt], spot: bool, health: Health | None) -> None:
    visit = visited(*attempts, health=health)
    found = verdict(visit, LinkHistory(last_ok=NOW - HOUR), spot=spot)
    assert found.attempts == len(attempts)
    assert found.kind is not VerdictKind.DEAD  # it was alive an hour ago
    advance(NEW, visit, found, NOW)


def test_details_cannot_break_a_line() -> None:
    attempt = page(200, hops=((302, "https://me:secret@help.example/\x1b[31m\n404"),))
    found = verdict(visited(attempt))
    assert "secret" not in repr((found.detail, found.final_url, found.replacement))
    assert found.detail.isprintable()


class TestCertificates:
    """The end of a certificate is told of before it comes, and never fails."""

    def answered(self, days: float) -> Verdict:
        return verdict(visited(replace(page(200), tls_expires=NOW + days * DAY)))

    def test_is_recorded(self) -> None:
        assert self.answered(90).tls_expires == NOW + 90 * DAY
        assert self.answered(90).detail == ""

    def test_is_warned_about_in_its_last_two_weeks(self) -> None:
        found = self.answered(13)
        assert (found.kind, found.detail) == (VerdictKind.OK, "the certificate expires on 2026-03-14")
        (hint,) = hints([("https://x.example/a", found)], guides=1)
        assert hint.startswith("The certificate of help.example expires on 2026-03-14.")
        assert hints([("https://x.example/a", self.answered(15))], guides=1) == ()


class TestTheHostsWord:
    def test_like_everything_that_it_does_not_know(self) -> None:
        attempts = (page(200, hops=((302, "https://other.example/"),)),) * 3
        assert word(visited(*attempts, health=Health.SOFT_404)) == "dead redirect-to-home"


class TestADeathThatWasConfirmed:
    KNOWN = LinkHistory(checked=NOW - DAY, last_ok=NOW - 30 * DAY, failing_since=NOW - 3 * DAY, failures=3)

    @pytest.mark.parametrize("other", [page(403), page(503), failed("timeout"), failed("dns-error")])
    def test_stands_while_one_answer_repeats_it(self, other: Attempt) -> None:
        assert word(visited(other, page(404), other), self.KNOWN, spot=False) == "dead http-404"

    def test_ends_with_one_good_answer(self) -> None:
        assert word(visited(page(404), page(404), page(200)), self.KNOWN, spot=False) == "ok http-200"

    def test_says_nothing_where_nothing_repeats_it(self) -> None:
        assert word(visited(page(403)), self.KNOWN, spot=False) == "blocked http-403"

    @pytest.mark.parametrize("change", [{"failures": 1}, {"failing_since": NOW - DAY - HOUR}, {"failing_since": None}])
    def test_has_to_have_been_confirmed(self, change: dict[str, object]) -> None:
        history = replace(self.KNOWN, **change)  # type: ignore[arg-type]
        assert word(visited(page(403), page(404), page(403)), history, spot=False) == "blocked http-403"
