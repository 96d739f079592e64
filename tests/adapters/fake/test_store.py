from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.fake import MemoryStore, Store, open_store
from adapters.fake.store import Row, Rows, StoreAway
from adapters.fake.store.rows import NO_LIMIT
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "sqlite":
        opened = open_store(f"sqlite:///{tmp_path}/tuition.db")
        yield opened
        opened.close()
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.database() as url:
            opened = open_store(url)
            yield opened
            opened.close()


def row(id_: str, seq: int = 0, *, parent: str | None = None, due: int | None = None) -> Row:
    return Row("thing", id_, seq, parent, due, id_.encode())


def put(store: Store, *rows: Row) -> None:
    def work(into: Rows) -> None:
        for each in rows:
            into.put(each)

    store.write(work)


def test_what_was_put_is_there(store: Store) -> None:
    put(store, row("a"))
    assert store.read(lambda rows: rows.get("thing", "a")) == b"a"
    assert store.read(lambda rows: rows.get("thing", "b")) is None
    assert store.read(lambda rows: rows.get("other", "a")) is None


def test_putting_again_replaces(store: Store) -> None:
    put(store, row("a", 1, parent="p", due=5))
    put(store, Row("thing", "a", 1, "q", None, b"new"))
    assert store.read(lambda rows: rows.newest("thing")) == [b"new"]
    assert store.read(lambda rows: rows.newest("thing", parent="p")) == []
    assert store.read(lambda rows: rows.newest("thing", parent="q")) == [b"new"]
    assert store.read(lambda rows: rows.earliest_due(["thing"])) is None


def test_a_row_can_lose_its_parent(store: Store) -> None:
    put(store, row("a", 1, parent="p"))
    put(store, row("a", 1))
    assert store.read(lambda rows: rows.newest("thing", parent="p")) == []


def test_deleted_rows_are_gone(store: Store) -> None:
    put(store, row("a", 1, parent="p", due=5))
    store.write(lambda rows: rows.delete("thing", "a"))
    store.write(lambda rows: rows.delete("thing", "a"))
    assert store.read(lambda rows: rows.get("thing", "a")) is None
    assert store.read(lambda rows: rows.newest("thing", parent="p")) == []
    assert store.read(lambda rows: rows.due("thing", NO_LIMIT)) == []


def test_rows_are_listed_newest_first_by_pages(store: Store) -> None:
    put(store, row("a", 1), row("c", 3), row("b", 2))
    assert store.read(lambda rows: rows.newest("thing")) == [b"c", b"b", b"a"]
    assert store.read(lambda rows: rows.newest("thing", limit=1)) == [b"c"]
    assert store.read(lambda rows: rows.newest("thing", before=3, limit=1)) == [b"b"]


def test_due_rows_come_earliest_first_then_oldest(store: Store) -> None:
    put(store, row("a", 1, due=20), row("b", 3, due=10), row("c", 2, due=10), row("d", 4, due=21))
    assert store.read(lambda rows: rows.due("thing", 20)) == [b"c", b"b", b"a"]
    assert store.read(lambda rows: rows.due("thing", 20, limit=1)) == [b"c"]
    assert store.read(lambda rows: rows.earliest_due(["other", "thing"])) == 10
    assert store.read(lambda rows: rows.earliest_due(["other"])) is None


def test_a_writer_that_fails_leaves_nothing(store: Store) -> None:
    put(store, row("a", 1, parent="p", due=5), row("b", 2))

    def fail(rows: Rows) -> None:
        rows.put(Row("thing", "a", 1, "q", None, b"changed"))
        rows.put(row("c", 3))
        rows.delete("thing", "b")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        store.write(fail)
    assert store.read(lambda rows: rows.newest("thing")) == [b"b", b"a"]
    assert store.read(lambda rows: rows.newest("thing", parent="p")) == [b"a"]
    assert store.read(lambda rows: rows.newest("thing", parent="q")) == []
    assert store.read(lambda rows: rows.earliest_due(["thing"])) == 5


def test_threads_take_turns(store: Store) -> None:
    def count(rows: Rows) -> None:
        before = int(rows.get("thing", "count") or b"0")
        rows.put(Row("thing", "count", 0, None, None, str(before + 1).encode()))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(store.write, [count] * 40))
    assert store.read(lambda rows: rows.get("thing", "count")) == b"40"


def test_a_closed_store_opens_again_by_itself(store: Store) -> None:
    put(store, row("a"))
    store.close()
    store.close()
    assert store.read(lambda rows: rows.get("thing", "a")) == b"a"


@pytest.mark.postgres
def test_two_connections_to_postgresql_take_turns(postgres: PostgresServer) -> None:
    def count(rows: Rows) -> None:
        before = int(rows.get("thing", "count") or b"0")
        rows.put(Row("thing", "count", 0, None, None, str(before + 1).encode()))

    with postgres.database() as url:
        stores = [open_store(url) for _ in range(4)]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda store: store.write(count), stores * 10))
        assert stores[0].read(lambda rows: rows.get("thing", "count")) == b"40"
        for store in stores:
            store.close()


@pytest.mark.postgres
def test_a_lost_connection_to_postgresql_is_told_and_replaced(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        store, other = open_store(url), open_store(url)
        put(store, row("a"))
        other.write(lambda rows: rows.get("thing", "a"))

        def break_off(rows: Rows) -> None:
            rows.put(row("b"))
            raise_from_the_server(url)
            rows.put(row("c"))

        with pytest.raises(StoreAway):
            store.write(break_off)
        assert store.read(lambda rows: rows.newest("thing")) == [b"a"]
        store.close()
        other.close()


def raise_from_the_server(url: str) -> None:
    """End all other connections to a database, as a restart of it does."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_world_in_a_folder_that_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/absent/tuition.db")
    with pytest.raises(StoreAway):
        put(store, row("a"))


def test_the_world_lies_beside_the_database(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/tuition.db")
    put(store, row("a"))
    store.close()
    assert (tmp_path / "tuition.db.gateway").exists()
    assert not (tmp_path / "tuition.db").exists()


@pytest.mark.parametrize("url", ["memory://", "sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_has_its_world_in_memory(url: str) -> None:
    assert isinstance(open_store(url), MemoryStore)


def test_another_database_has_no_world() -> None:
    with pytest.raises(ValueError, match="mysql"):
        open_store("mysql://localhost/tuition")
