"""The looks that a page's volatility is learned anew from."""

from storage_builders import DAY, START, digest, guide, only, sync, visit

from storage.store import Store

A, B = b"<p>30 days</p>" * 50, b"<p>14 days</p>" * 50


def test_looks_at_what_is_kept_come_oldest_first_and_as_often_as_they_were_made(store: Store) -> None:
    sync(store, guide())
    for n, body in enumerate((A, B, A, A)):
        visit(store, body, START + n * DAY)
    past = store.past(only(store))
    assert [at for at, _ in past] == [START + n * DAY for n in range(4)]
    assert [one.digest for _, one in past] == [digest(body) for body in (A, B, A, A)]
    assert all(store.body(one.digest) for _, one in past)
