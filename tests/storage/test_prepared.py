"""Prepared statements give what SQLAlchemy gives, and fail as it does. On both databases."""

import pytest
from sqlalchemy import bindparam, func, select
from storage_builders import START, citation, guide, look, only, sync

from crawler.model import Verdict
from storage import rows
from storage.errors import StoreError
from storage.prepared import Prepared
from storage.store import Store
from storage.tables import Resource


def test_a_prepared_statement_gives_rows_and_errors_as_sqlalchemy_does(store: Store) -> None:
    sync(store, guide("coursera", citation("c1")))
    store.record(look(store.known(only(store)), b"<p>30 days", START), ())
    statement = (
        select(*Resource.__table__.c, (Resource.id + 1).label("next"))
        .where(Resource.id == bindparam("resource"), Resource.url != "https://a.example/%")
        .limit(5)
    )
    prepared = Prepared(statement)
    with store._database.reading() as connection:
        wanted = only(store)
        (row,) = prepared.all(connection, resource=wanted)
        same = connection.execute(statement, {"resource": wanted}).one()
        assert tuple(row) == tuple(same) and row._fields == same._fields
        assert row.next == wanted + 1 and row.checked == same.checked and row.checked.tzinfo is not None
        assert isinstance(rows.verdict_of(row.verdict), Verdict)
        assert prepared.first(connection, resource=wanted + 1) is None
        for wrong in ({}, {"resource": 1, "more": 2}):
            with pytest.raises(TypeError, match="resource"):
                prepared.all(connection, **wrong)
        with pytest.raises(TypeError, match="list"):
            Prepared(select(Resource.id).where(Resource.id.in_((1, 2)))).all(connection)
    broken = Prepared(select(func.no_such_function(Resource.id)).where(Resource.id == bindparam("resource")))
    with pytest.raises(StoreError, match="no_such_function"):
        store._database.read(lambda connection: broken.all(connection, resource=1))
    assert store._database.read(lambda connection: prepared.first(connection, resource=only(store))) is not None
