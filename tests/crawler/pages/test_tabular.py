"""Silences of tables and lone numbers: every word still stands on the page, and the page says something else."""

import pytest
from crawler_pages import drift

from crawler.model import DriftKind
from guides.model import Heading

BODY = (
    "<h1>Retention</h1><p>We keep the data of accounts as the table says, in each plan that we offer.</p>{}"
    "<p>After that the data is gone for good, and nobody can bring it back, not even our support.</p>"
)


def _table(rows: str) -> str:
    """ "A|1/B|2" is a table of two rows."""
    cells = ("".join(f"<td>{cell}</td>" for cell in row.split("|")) for row in rows.split("/"))
    return "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("Plan|Kept/Basic|30 days/Pro|14 days", "Plan|Kept/Basic|14 days/Pro|30 days", DriftKind.MATERIAL),
        ("Export|yes/Import|no", "Export|no/Import|yes", DriftKind.MATERIAL),
        ("Plan|Basic|Pro/Kept|30|14/Price|1|2", "Plan|Basic|Pro/Kept|14|30/Price|1|2", DriftKind.MATERIAL),
        ("Export|✓/Import|✗", "Export|✗/Import|✓", DriftKind.MATERIAL),
        ("Export|✔️/Import|✗", "Export|❌/Import|✗", DriftKind.MATERIAL),
        ("Export|✓/Import|✗", "Export|✔/Import|❌", DriftKind.UNCHANGED),
        ("Plan|Kept/Basic|30 days/Pro|14 days", "Plan|Kept/Pro|14 days/Basic|30 days", DriftKind.COSMETIC),
        ("Plan|Basic|Pro/Kept|30|14/Price|1|2", "Plan|Pro|Basic/Kept|14|30/Price|2|1", DriftKind.COSMETIC),
        ("1|Foo|30/2|Bar|7/3|Baz|9/4|Qux|1", "1|Bar|7/2|Foo|30/3|Baz|9/4|Qux|1", DriftKind.COSMETIC),
        ("Deadline|3 May 2025/Fee|none", "Deadline|9 June 2025/Fee|none", DriftKind.MATERIAL),
        ("Last updated|3 May 2025/Fee|none", "Last updated|9 June 2025/Fee|none", DriftKind.COSMETIC),
        ("Document|Date/Terms|3 May 2025", "Document|Date/Terms|9 June 2025", DriftKind.COSMETIC),
    ],
)
def test_the_values_of_a_table_belong_to_their_labels(before: str, after: str, kind: DriftKind) -> None:
    assert drift(BODY.format(_table(before)), BODY.format(_table(after))).kind is kind


def test_values_that_changed_places_are_told_with_their_labels() -> None:
    found = drift(
        BODY.format(_table("Plan|Kept/Basic|30 days/Pro|14 days")),
        BODY.format(_table("Plan|Kept/Basic|14 days/Pro|30 days")),
    )
    assert found.reason == "Basic: 30 days → 14 days"


LONG = "Data is kept as long as the processing lasts, and for nothing else."
MORE = f"{LONG} It is deleted between 3 and 6 months after the end of it."


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("<ul><li>✓ Export to a file</li></ul>", "<ul><li>✗ Export to a file</li></ul>", DriftKind.MATERIAL),
        ("<ul><li>Export to a file</li></ul>", "<ul><li>✓ Export to a file</li></ul>", DriftKind.UNCHANGED),
        ("<p>3 months</p>", "<p>6 months</p>", DriftKind.MATERIAL),
        (
            "<div>30</div><div>days after you asked</div>",
            "<div>14</div><div>days after you asked</div>",
            DriftKind.MATERIAL,
        ),
        ("<div>30</div><div>people like this</div>", "<div>31</div><div>people like this</div>", DriftKind.WORDING),
        ("<p>It costs €9 for each.</p>", "<p>It costs $9 for each.</p>", DriftKind.MATERIAL),
        ("<p>$9.99</p><p>for each</p>", "<p>$12.99</p><p>for each</p>", DriftKind.MATERIAL),
        ("<p>It takes six (6) months.</p>", "<p>It takes six (6) weeks.</p>", DriftKind.MATERIAL),
        ("<p>A 2-year ban follows.</p>", "<p>A 2-month ban follows.</p>", DriftKind.MATERIAL),
        (f"<p>{MORE}</p><h2>Pro</h2><p>{MORE}</p>", f"<p>{MORE}</p><h2>Pro</h2><p>{LONG}</p>", DriftKind.MATERIAL),
        (
            "<p>1 Terms that hold</p><p>2 Fees of the service</p><p>3 Ending of it</p>",
            "<p>2 Terms that hold</p><p>3 Fees of the service</p><p>4 Ending of it</p>",
            DriftKind.COSMETIC,
        ),
    ],
)
def test_numbers_and_copies(before: str, after: str, kind: DriftKind) -> None:
    assert drift(BODY.format(before), BODY.format(after)).kind is kind


def test_a_section_under_another_heading_is_offered_by_it() -> None:
    body = (
        "<h2>Contact</h2><p>Write to us whenever you like.</p>"
        "<h2>{}</h2><p>We keep your data for {} after you left us.</p>"
    )
    found = drift(
        BODY.format(body.format("Retention time", "30 days")),
        BODY.format(body.format("How long", "14 days")),
        place=Heading(heading="Retention time"),
    )
    assert found.relocated == Heading(heading="How long")
    assert (found.kind, found.reason) == (DriftKind.MATERIAL, "30 days → 14 days")
