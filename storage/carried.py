"""Links' histories into a store and out of it, for runs that keep none. The caller holds the transaction."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, select, update

from crawler.carried import Carried
from crawler.urls import ResourceUrl, resource_url
from storage import rows
from storage.columns import name_hash
from storage.statements import chunks
from storage.tables import Citation, Resource

_SET = update(Resource).where(Resource.id == bindparam("row"))
_FRAGMENT = update(Citation).where(Citation.id == bindparam("row")).values(fragment=bindparam("state"))


def put(connection: Connection, carried: Mapping[str, Carried]) -> None:
    """Tell the store what is known of the resources that it has; of others nothing is kept."""
    known = {name_hash(url): each for url, each in carried.items()}
    ids: dict[int, Carried] = {}
    for part in chunks(known):
        query = select(Resource.id, Resource.url_hash).where(Resource.url_hash.in_(part))
        ids |= {row.id: known[row.url_hash] for row in connection.execute(query)}
    if ids:
        connection.execute(_SET, [_values(row, each) for row, each in ids.items()])
    fragments = list(_fragments(connection, ids))
    if fragments:
        connection.execute(_FRAGMENT, fragments)


def _values(row: int, each: Carried) -> dict[str, object]:
    history = each.history
    return {
        "row": row,
        "checked": history.checked,
        "last_ok": history.last_ok,
        "failing_since": history.failing_since,
        "failures": history.failures,
        "unreachable_since": history.unreachable_since,
        "verdict": rows.plain(each.verdict),
    }


def _fragments(connection: Connection, ids: Mapping[int, Carried]) -> Iterable[dict[str, object]]:
    for part in chunks(ids):
        query = select(Citation.id, Citation.resource_id, Citation.url).where(Citation.resource_id.in_(part))
        for row in connection.execute(query):
            state = ids[row.resource_id].fragments.get(_fragment_of(row.url))
            if state is not None:
                yield {"row": row.id, "state": state}


def take(connection: Connection) -> dict[str, Carried]:
    """What is known of every resource that was looked at, by its URL."""
    fragments: dict[int, dict[str, str]] = {}
    cited = select(Citation.resource_id, Citation.url, Citation.fragment)
    for row in connection.execute(cited.where(Citation.fragment.is_not(None), Citation.active.is_(True))):
        if named := _fragment_of(row.url):
            fragments.setdefault(row.resource_id, {})[named] = row.fragment
    found: dict[str, Carried] = {}
    for row in connection.execute(select(*Resource.__table__.c).where(Resource.checked.is_not(None))):
        verdict = rows.verdict_of(row.verdict)
        if verdict is not None:
            mine = fragments.get(row.id, {})
            found[row.url] = Carried(url=row.url, history=rows.history_of(row), verdict=verdict, fragments=mine)
    return found


def _fragment_of(url: str) -> str:
    parsed = resource_url(url)
    return parsed.whole_fragment if isinstance(parsed, ResourceUrl) else ""
