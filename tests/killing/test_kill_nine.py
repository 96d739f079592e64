"""Processes are killed while people pay; then every promise is looked at, and every cent counted.

The clients repeat what was not answered, with the same key, as sensible clients do. Whatever they
were told has to be true in the end, and the gateway's own log must show each effect once.
"""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event

import pytest

from entrypoints.demo_people import ADMIN
from entrypoints.demo_people import PASSWORD as DEMO_PASSWORD
from entrypoints.logs import configure_logging
from tests.crash.whole import must_be_whole
from tests.e2e.processes import Place
from tests.killing.afterwards import Afterwards, whole
from tests.killing.asking import Journal, Line, Person
from tests.killing.cash import cash_by_the_gateways_log
from tests.killing.fleet import Fleet, fleet
from tests.killing.killer import Killer
from tests.killing.living import Household
from tests.killing.promises import is_kept, is_of_a_payment, is_paid
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]

KILLS = int(os.environ.get("TUITION_KILLS", "25" if os.environ.get("CI") == "true" else "10"))
"""How many processes are killed, in both tests together."""

SEED = os.environ.get("TUITION_KILLS_SEED", "7")
HOUSEHOLDS = 6


@pytest.fixture(autouse=True)
def _quiet() -> None:
    configure_logging("error")


@pytest.mark.slow
@pytest.mark.timeout(120 + 15 * KILLS)
def test_a_killed_server_breaks_no_promise_and_moves_no_cent_twice_on_sqlite(
    tmp_path: Path,
) -> None:
    place = Place.at(tmp_path)
    with fleet(place, servers=1, workers=0) as processes:
        journal = _lived(processes, kills=KILLS * 3 // 5)
    _must_be_right(place, journal)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(120 + 15 * KILLS)
def test_killed_servers_and_workers_break_no_promise_and_move_no_cent_twice_on_postgresql(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with postgres.database() as url:
        place = Place.at(tmp_path, url)
        with fleet(place, servers=2, workers=1) as processes:
            journal = _lived(processes, kills=KILLS - KILLS * 3 // 5)
        _must_be_right(place, journal)


def _lived(processes: Fleet, *, kills: int) -> Journal:
    """Let households live while processes die; return what all of them heard."""
    killer = Killer(processes, Random(f"{SEED} killer"))
    with _living(processes) as journals:
        killer.kill(kills)
    assert sum(each.deaths for each in processes.members) == kills
    return whole(journals)


@contextmanager
def _living(processes: Fleet) -> Iterator[list[Journal]]:
    has_ended, journals = Event(), list[Journal]()
    homes = [_moved_in(processes, f"{SEED}-{number}") for number in range(HOUSEHOLDS)]
    homes[0].keeps_time = True
    with ThreadPoolExecutor(HOUSEHOLDS) as threads:
        living = [threads.submit(home.live, has_ended) for home in homes]
        try:
            yield journals
        finally:
            has_ended.set()
    journals += [each.result() for each in living]
    assert homes[0].line.send("DELETE", "/test/faults") is not None
    for home in homes:
        home.line.client.close()


def _moved_in(processes: Fleet, name: str) -> Household:
    random = Random(name)
    line = Line(processes.urls, Journal(), random, processes.shots.sending)
    return Household.settled(name, line, random)


def _must_be_right(place: Place, journal: Journal) -> None:
    with Afterwards.at(place) as afterwards:
        afterwards.let_time_pass()
        must_be_whole(afterwards)
        for asked in journal.unanswered:
            told, _ = afterwards.ask(asked)
            journal.told.append(told)
        afterwards.let_time_pass()
        must_be_whole(afterwards)
        _every_promise_is_kept(afterwards, journal)
        must_be_whole(afterwards)
        cash = afterwards.balances().get("cash:gateway", 0)
        assert cash == cash_by_the_gateways_log(afterwards.world)
    proof = place.run("verify", "--json")
    assert proof.returncode == 0, proof.stdout + proof.stderr
    assert json.loads(proof.stdout)["findings"] == []
    _much_happened(journal)


def _every_promise_is_kept(afterwards: Afterwards, journal: Journal) -> None:
    for told in journal.told:
        assert is_kept(told, afterwards.reading_as(told.asked.person)), told
        again, is_replayed = afterwards.ask(told.asked)
        assert again == told
        assert is_replayed, told
    read = afterwards.reading_as(Person(ADMIN, DEMO_PASSWORD))
    for payment in journal.seen_paid:
        assert is_paid(read(f"/payments/{payment}")), payment


def _much_happened(journal: Journal) -> None:
    """Check that the processes died of something: a test of idle ones would prove nothing."""
    assert journal.lost_answers > 0
    assert any(is_of_a_payment(told) for told in journal.told)
