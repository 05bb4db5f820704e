"""Pictures of pages in the browser: each beside its body, and gone with it."""

from dataclasses import replace

from storage_builders import DAY, START, guide, look, only, sync

from storage.retention import Retention
from storage.store import Store

FIRST, SECOND = b"\xff\xd8\xff first", b"\xff\xd8\xff second"


def test_a_picture_goes_with_its_body(store: Store) -> None:
    sync(store, guide())
    source = only(store)
    for number, (body, image) in enumerate(((b"<p>one 1", FIRST), (b"<p>one 2", SECOND), (b"<p>one 3", None))):
        seen = look(store.known(source), body, START + number * DAY, text="one")
        store.record(replace(seen, screenshot=image), ())
    kept = {each.id: store.bench.snapshot_picture(each.id) for each in store.snapshots(source) if each.id}
    # The second one's body went when the third came, since it says nothing new; its picture goes at the next chance.
    assert list(kept.values()).count(FIRST) == 1 and len(kept) == 2
    store.prune(Retention(), now=START + 9 * DAY)
    with store._database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM picture").scalar() == 1
    seen = look(store.known(source), b"<p>two", START + 8 * DAY, text="two")
    store.record(replace(seen, screenshot=b"\xff" * 3_000_000), ())
    assert sum(store.bench.snapshot_picture(each.id) is not None for each in store.snapshots(source) if each.id) == 1
