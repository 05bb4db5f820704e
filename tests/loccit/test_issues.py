"""The one issue: over a server on loopback that answers as the API does."""

from collections.abc import Iterator

import pytest
from loccit_hub import TOKEN, Lab, hub
from loccit_hub import Hub as FakeHub

from loccit.errors import LoccitError
from loccit.issues import Done, Wanted, bring_up_to_date, digest_of, marked
from loccit.trackers import GITLAB, Hub

A, B = digest_of("a"), digest_of("b")


@pytest.fixture
def api() -> Iterator[FakeHub]:
    with hub() as made:
        yield made


def go(api: FakeHub, digest: str, body: str = "the report", token: str = TOKEN) -> tuple[Done, int | None]:
    wanted = Wanted(title="Guides whose sources have changed", body=marked(body, digest), digest=digest)
    where = Hub(api=api.api, repository="team/guides", token=token)
    return bring_up_to_date(where, wanted, lambda _seconds: None)


def labelled(api: FakeHub, name: str = "loccit", **told: object) -> int:
    return api.add(labels=[{"name": name}], **told)


def test_one_issue_from_its_opening_to_its_end(api: FakeHub) -> None:
    assert go(api, "") == (Done.NOTHING, None)
    assert go(api, A) == (Done.OPENED, 1)
    assert go(api, A) == (Done.LEFT, 1)
    api.issues[1]["body"] = api.issues[1]["body"].replace("\n", "\r\n")
    assert go(api, A) == (Done.LEFT, 1), "GitHub turns line ends around"
    assert go(api, B, "more") == (Done.UPDATED, 1)
    assert go(api, "", "all is well") == (Done.CLOSED, 1)
    assert (api.issues[1]["state"], api.issues[1]["state_reason"]) == ("closed", "completed")
    assert "all is well" in api.issues[1]["body"]
    assert go(api, B) == (Done.OPENED, 2), "what comes back is told again"
    assert len(api.open()) == 1


def test_a_person_who_closes_it_is_heeded_until_something_changes(api: FakeHub) -> None:
    go(api, A)
    api.issues[1]["state"] = "closed"
    assert go(api, A) == (Done.HEEDED, 1)
    assert go(api, B) == (Done.OPENED, 2)
    api.issues[2]["state"] = "closed"
    assert go(api, "") == (Done.NOTHING, None)
    assert go(api, B) == (Done.OPENED, 3), "it had been well in between"


def test_only_issues_with_label_and_mark_are_touched(api: FakeHub) -> None:
    api.add(body=marked("somebody's copy", A))
    labelled(api, body="a bug in loccit")
    labelled(api, body=marked("a pull request", A), pull_request={})
    labelled(api, body=None)
    before = {number: dict(issue) for number, issue in api.issues.items()}
    assert go(api, A) == (Done.OPENED, 5)
    go(api, "")
    assert {number: api.issues[number] for number in before} == before


def test_two_runs_at_once_leave_one_issue(api: FakeHub) -> None:
    # The other run opens its own between our looking and our opening.
    api.opening = lambda: (setattr(api, "opening", lambda: None), go(api, A))[0]
    assert go(api, A) == (Done.OPENED, 1)
    assert [issue["number"] for issue in api.open()] == [1]
    assert api.issues[2]["state_reason"] == "not_planned" and "#1" in api.issues[2]["body"]
    # Two that were left open by a run that was killed.
    api.issues[2] |= {"state": "open", "body": marked("x", A)}
    assert go(api, B) == (Done.UPDATED, 1)
    assert [issue["number"] for issue in api.open()] == [1]


def test_it_is_found_on_a_later_page_and_nowhere_else(api: FakeHub) -> None:
    first = labelled(api, body=marked("old", A))
    for _ in range(7):
        labelled(api, body="other")
    api.page_size = 3
    assert go(api, B) == (Done.UPDATED, first)
    assert sum(method == "GET" for method, _ in api.requests) == 3


@pytest.mark.parametrize("faults", [[500], [502, 429], [503, 503, 503]])
def test_a_bad_moment_of_the_api_is_waited_out(api: FakeHub, faults: list[int]) -> None:
    api.faults = list(faults)
    assert go(api, A)[0] is Done.OPENED


@pytest.mark.parametrize("status", [301, 403, 404, 410, 422])
def test_refusals_are_told_without_the_token(api: FakeHub, status: int) -> None:
    api.faults = [status]
    with pytest.raises(LoccitError) as told:
        go(api, A)
    assert str(status) in told.value.message
    assert TOKEN not in f"{told.value} {told.value.hint}" and "\n" not in told.value.message


def test_opening_is_never_tried_twice(api: FakeHub) -> None:
    api.opening = lambda: api.faults.append(500)
    with pytest.raises(LoccitError, match="500"):
        go(api, A)
    assert [method for method, _ in api.requests].count("POST") == 1


@pytest.mark.parametrize("token", ["", "a b", "x\nX-Header: 1", "ü"])
def test_tokens_that_are_none(api: FakeHub, token: str) -> None:
    with pytest.raises(LoccitError, match="no token"):
        go(api, A, token=token)


def test_wrong_tokens_are_not_shown(api: FakeHub) -> None:
    with pytest.raises(LoccitError) as told:
        go(api, A, token="not-the-right-one")
    assert "401" in told.value.message and "not-the-right-one" not in str(told.value)


@pytest.mark.parametrize(
    ("api_url", "repository"),
    [
        ("file:///etc", "a/b"),
        ("http://127.0.0.1:1", "a/b/../c"),
        ("http://127.0.0.1:1", "a/b?x"),
        ("http://127.0.0.1:1", "a/b"),
    ],
)
def test_addresses_that_lead_nowhere(api_url: str, repository: str) -> None:
    wanted = Wanted(title="t", body=marked("b", A), digest=A)
    with pytest.raises(LoccitError):
        bring_up_to_date(Hub(api=api_url, repository=repository, token="t"), wanted, lambda _: None)


def test_the_same_on_gitlab() -> None:
    with hub(Lab) as api:
        api.page_size = 1
        where = Hub(api=api.api, repository="team/sub/guides", token=TOKEN, kind=GITLAB)

        def go_there(digest: str, body: str = "the report") -> tuple[Done, int | None]:
            wanted = Wanted(title="Guides", body=marked(body, digest), digest=digest)
            return bring_up_to_date(where, wanted, lambda _seconds: None)

        assert go_there("") == (Done.NOTHING, None)
        assert go_there(A, "/close\n\n> /close\n/label ~bug\nand/or") == (Done.OPENED, 1)
        assert api.issues[1]["state"] == "opened", "what a page says is no quick action"
        assert "and/or" in api.issues[1]["description"] and api.issues[1]["labels"] == ["loccit"]
        assert go_there(A, "/close\n\n> /close\n/label ~bug\nand/or") == (Done.LEFT, 1)
        api.faults = [502]
        assert go_there(B) == (Done.UPDATED, 1)
        assert go_there("", "all is well") == (Done.CLOSED, 1)
        assert api.issues[1]["state"] == "closed"
        other = {"iid": 2, "title": "", "state": "opened", "labels": ["loccit"], "description": marked("theirs", B)}
        api.opening = lambda: api.issues.update({2: other})
        assert go_there(B) == (Done.OPENED, 2), "another run was first"
        assert [each["iid"] for each in api.issues.values() if each["state"] == "opened"] == [2]
        api.issues[2]["state"] = "closed"
        assert go_there(B) == (Done.HEEDED, 2), "a person closed it"
        api.faults = [403]
        with pytest.raises(LoccitError, match=r"403: Not now, \*\*\*"):
            go_there(B)
        wrong = Hub(api=api.api, repository="no project", token=TOKEN, kind=GITLAB)
        with pytest.raises(LoccitError, match="no repository"):
            bring_up_to_date(wrong, Wanted(title="", body="", digest=""), lambda _seconds: None)
