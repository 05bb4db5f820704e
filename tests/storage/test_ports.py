"""The store is what the crawler and the desk ask for, and its frequent questions are answered by an index."""

from pathlib import Path

import pytest

from crawler.ports import Ledger
from review.ports import Desk
from storage.store import Store


def test_the_store_implements_both_ports(store: Store) -> None:
    # The type checker is the judge; run, it only has to be one object.
    ledger: Ledger = store
    desk: Desk = store
    assert id(ledger) == id(desk)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM resource WHERE next_due <= 1 ORDER BY next_due, id",
        "SELECT id FROM citation WHERE resource_id = 1",
        "SELECT id FROM snapshot WHERE resource_id = 1 AND digest = x'00' AND status = 200",
        "SELECT id FROM snapshot WHERE resource_id = 1 AND text_hash = x'00'",
        "SELECT at FROM fetch WHERE resource_id = 1 AND at <= 5 ORDER BY at DESC LIMIT 1",
        "SELECT id FROM finding WHERE state = 'open'",
        "SELECT id FROM finding WHERE resource_id = 1",
        "SELECT snapshot_id FROM basis WHERE guide_id = 1 AND resource_id = 1",
    ],
)
def test_frequent_questions_use_an_index(tmp_path: Path, query: str) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'a.db'}") as store, store._database.reading() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
    assert plan and all(step.startswith("SEARCH") for step in plan), plan
