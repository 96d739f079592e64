"""Several processes on one database: correct always, and quick where they take turns."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from adapters.sql.turns import FileTurns
from application.ports.storage import Storage, Views
from domain.errors import StorageUnavailable
from tests.adapters.sql.contending import FACTS, contend
from tests.builders import TEACHER, a_teacher
from tests.contract.storage.keeping import keep
from tests.contract.storage.sql_harness import postgresql_storage, sqlite_storage

PROCESSES = 3
ROUNDS = 40


def _run(contender: Callable[[int], int]) -> int:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as processes:
        return sum(processes.map(contender, range(PROCESSES)))


def _balance(storage: Storage) -> int:
    def query(views: Views) -> int:
        (balance,) = views.people.balances(TEACHER)
        return balance.payable.minor

    return storage.read(query)


@pytest.mark.slow
@pytest.mark.parametrize("with_turns", [True, False], ids=["taking turns", "without turns"])
def test_processes_on_one_file_lose_nothing(tmp_path: Path, with_turns: bool) -> None:
    path = tmp_path / "file.db"
    with sqlite_storage(path) as storage:
        keep(storage, a_teacher())
        url = f"sqlite:///{path}"
        booked = _run(partial(contend, url, rounds=ROUNDS, with_turns=with_turns))
        assert (_balance(storage), booked) == (PROCESSES * ROUNDS, FACTS)


@pytest.mark.slow
@pytest.mark.postgres
def test_processes_on_one_server_lose_nothing(postgresql_dsn: str) -> None:
    with postgresql_storage(postgresql_dsn) as storage:
        keep(storage, a_teacher())
        booked = _run(partial(contend, postgresql_dsn, rounds=ROUNDS))
        assert (_balance(storage), booked) == (PROCESSES * ROUNDS, FACTS)


def test_who_waits_too_long_for_another_process_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    # In one process, two that do not share its lock are like two processes.
    theirs, ours = FileTurns(path), FileTurns(path / ".." / "file.db", wait_seconds=0.01)
    try:
        with theirs, pytest.raises(StorageUnavailable), ours:
            pytest.fail("both have the turn")
    finally:
        theirs.close()
        ours.close()


def test_who_waits_too_long_in_this_process_is_told_so(tmp_path: Path) -> None:
    first = FileTurns(tmp_path / "file.db")
    second = FileTurns(tmp_path / "file.db", wait_seconds=0.01)
    try:
        with first, pytest.raises(StorageUnavailable), second:
            pytest.fail("both have the turn")
    finally:
        first.close()
        second.close()


def test_a_turn_is_free_again_after_an_error(tmp_path: Path) -> None:
    turns = FileTurns(tmp_path / "file.db", wait_seconds=0.01)
    with pytest.raises(ZeroDivisionError), turns:
        raise ZeroDivisionError
    with turns:
        pass
    turns.close()


def test_a_lock_that_cannot_be_made_is_no_storage(tmp_path: Path) -> None:
    turns = FileTurns(tmp_path / "no such folder" / "file.db")
    with pytest.raises(StorageUnavailable), turns:
        pytest.fail("there is nothing to write to")
