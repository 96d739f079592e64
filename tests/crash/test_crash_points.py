"""Kill at every point of every scenario, and the recovery too; with trouble, and on SQLite's files.

`TUITION_CRASHES=all`, by hand, leaves no point out there, and kills every recovery at every one of
its points, whoever asks again: for hours.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from attrs import evolve

from adapters.sql import sql_storage
from tests.contract.storage.sql_harness import sqlite_storage
from tests.crash.enumerating import Enumeration
from tests.crash.killing import points_of
from tests.crash.scenarios import SCENARIOS
from tests.crash.scenarios.faults import troubled
from tests.crash.stage import Stage

ALL = os.environ.get("TUITION_CRASHES") == "all"

pytestmark = [pytest.mark.timeout(0)] if ALL else []

PAIRS_AT_LEAST = 500
"""How often a recovery is killed too, in a run that is not by hand."""

IN_TROUBLE = troubled(SCENARIOS, points_of)

EVERY_IN_TROUBLE = 1 if ALL else 3
EVERY_RECOVERY_IN_TROUBLE = 5
EVERY_ON_SQLITE = 1 if ALL else 15
"""At which points a process is killed there: at each, or at every so many-th.

Odd numbers: what is even is always before something, and what is odd after it.
"""

Figure = Callable[[str, object], None]
"""Notes a figure of a test's, for the report of a run (`--junitxml`)."""


@pytest.fixture(params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> Enumeration:
    return Enumeration(SCENARIOS[request.param])


@pytest.fixture(params=IN_TROUBLE)
def trouble(request: pytest.FixtureRequest) -> Enumeration:
    return Enumeration(IN_TROUBLE[request.param])


def test_a_kill_at_any_point_leaves_one_effect_and_whole_books(
    scenario: Enumeration, record_property: Figure
) -> None:
    runs = scenario.kill_everywhere()
    record_property("points", len(scenario.points))
    record_property("runs", runs)
    assert runs >= len(scenario.points) > 0


def test_a_kill_of_the_recovery_does_not_either(
    scenario: Enumeration, record_property: Figure
) -> None:
    pairs = scenario.kill_every_recovery_everywhere() if ALL else scenario.kill_recoveries()
    record_property("pairs", pairs)
    assert pairs >= scenario.pairs_at_least


def test_the_recoveries_that_are_killed_are_many_hundreds(record_property: Figure) -> None:
    pairs = sum(Enumeration(arrange).pairs_at_least for arrange in SCENARIOS.values())
    record_property("pairs at least", pairs)
    assert pairs >= PAIRS_AT_LEAST


def test_a_kill_while_the_gateway_fails_leaves_one_effect_and_whole_books(
    trouble: Enumeration, record_property: Figure
) -> None:
    points = len(trouble.points)
    if ALL:
        runs = trouble.kill_everywhere()
    else:
        runs = trouble.kill_here_and_there(EVERY_IN_TROUBLE, first=points)
    record_property("points", points)
    record_property("runs", runs)
    assert runs >= points // EVERY_IN_TROUBLE > 0


def test_a_kill_on_sqlite_leaves_one_effect_and_whole_books(
    scenario: Enumeration, tmp_path: Path, record_property: Figure
) -> None:
    files = count()
    with ExitStack() as on_exit:

        def new_stage() -> Stage:
            stage = stage_on_sqlite(tmp_path / f"{next(files)}.db")
            on_exit.callback(stage.leave)
            return stage

        on_sqlite = evolve(scenario, new_stage=new_stage)
        # Each scenario begins elsewhere, so that each kind of point and each client has its turn.
        runs = on_sqlite.kill_here_and_there(EVERY_ON_SQLITE, first=len(scenario.points))
        record_property("runs on SQLite", runs)
        assert runs


def test_a_kill_of_the_recovery_while_the_gateway_fails_does_not_either(
    trouble: Enumeration, record_property: Figure
) -> None:
    if ALL:
        pairs = trouble.kill_every_recovery_everywhere()
    else:
        pairs = trouble.kill_recoveries(EVERY_RECOVERY_IN_TROUBLE)
    record_property("pairs", pairs)
    assert pairs


def stage_on_sqlite(file: Path) -> Stage:
    """Return a stage of which each process opens a file anew, and composes everything anew."""
    with sqlite_storage(file):
        pass  # Makes the tables.
    return Stage(lambda stage: sql_storage(f"sqlite:///{file}", stage.ids))
