"""A mass change is one group, over however many passes; what one page says anew is none."""

import json
from dataclasses import replace

from review_builders import NOW, change, finding, hours, view

from crawler.model import DriftKind
from crawler.policy import Policy
from review.formats import json_, text
from review.masses import group_sizes, with_groups
from review.model import Finding, FindingId, FindingKind
from review.report import make_report

SAID = change("Open Chirper and choose Close.", "Open Wren and choose Close.", drift=DriftKind.MATERIAL)


def renamed(number: int, host: str = "help.example", **more: object) -> Finding:
    said = replace(SAID, before=f"{SAID.before} Item {number}.", after=f"{SAID.after} Item {number}.")
    values = {"id": FindingId(number), "url": f"https://{host}/{number}#a", "opened": hours(24 * number), **more}
    return finding(**{"changes": (said,), **values})


def test_three_pages_of_a_host_are_a_group_whenever_they_were_found() -> None:
    other = renamed(9, changes=(change("The fee is 10 euros.", "The fee is 20 euros."),))
    found = with_groups(
        [renamed(1), other, renamed(2), renamed(3, "www.help.example"), renamed(4), renamed(5, "x.example")]
    )
    groups = {each.id: each.group for each in found}
    assert groups[1] == groups[2] == groups[4] != ""
    assert groups[1].startswith("help.example/")
    assert groups[9] == groups[5] == ""
    assert [each.id for each in found][:3] == [1, 2, 4], "members stand next to the first one"
    assert group_sizes(found) == {groups[1]: 3}


def test_two_pages_or_many_citations_of_one_page_are_none() -> None:
    assert not group_sizes(with_groups([renamed(1), renamed(2)]))
    same = [replace(renamed(1), id=FindingId(n)) for n in range(1, 6)]
    assert not group_sizes(with_groups(same))


def test_links_reports_and_bad_addresses_have_no_group() -> None:
    odd = [renamed(n, kind=FindingKind.LINK, severity="dead") for n in (1, 2, 3)]
    odd += [renamed(n, url="http://[") for n in (4, 5, 6)]
    assert not group_sizes(with_groups(odd))


def test_formats_show_the_group() -> None:
    report = make_report([view([renamed(1), renamed(2), renamed(4)])], Policy(), made=NOW, today=NOW.date(), sources=3)
    told = json.loads(json_.render_findings(report))["findings"]
    assert len({each["group"] for each in told}) == 1
    shown = text.render_findings(report, width=120)
    assert "3 findings of help.example tell of this same change" in shown
    assert shown.count("the same change of help.example as above") == 2


def test_a_page_may_take_part_in_two() -> None:
    lost = [
        renamed(n, id=FindingId(10 + n), kind=FindingKind.UNLOCATED, severity="unlocated", changes=())
        for n in (1, 2, 4)
    ]
    found = with_groups([renamed(1), renamed(2), renamed(4), *lost])
    assert sorted(group_sizes(found).values()) == [3, 3]
