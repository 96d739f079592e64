import os
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.contract.storage.sql_harness import sqlite_storage
from tests.crash.killing import try_all, try_pairs
from tests.crash.scenarios import SCENARIOS
from tests.crash.stage import Stage

IN_CI = os.environ.get("CI") == "true"
ALL = os.environ.get("TUITION_CRASHES") == "all"
"""Every pair in memory, and every point on SQLite: for an hour by hand."""

ON_SQLITE = (
    "charging_a_fresh_card",
    "refunding_a_part",
    "cancelling_with_a_refund",
    "paying_out_on_demand",
    "hearing_the_same_fact_twice",
)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_kill_at_any_point_leaves_one_effect_and_whole_books(scenario: str) -> None:
    assert try_all(SCENARIOS[scenario], Stage)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_second_kill_during_the_recovery_of_a_lost_effect_does_not_either(scenario: str) -> None:
    try_pairs(
        SCENARIOS[scenario],
        Stage,
        lambda name: ALL or name.endswith("the answer lost"),
        every=1 if ALL or IN_CI else 2,
    )


@pytest.mark.parametrize("scenario", SCENARIOS if ALL else ON_SQLITE)
def test_a_kill_leaves_one_effect_and_whole_books_on_sqlite(scenario: str, tmp_path: Path) -> None:
    files = count()

    with ExitStack() as storages:

        def new_stage() -> Stage:
            file = tmp_path / f"{next(files)}.db"
            return Stage(storages.enter_context(sqlite_storage(file)), is_thorough=True)

        assert try_all(SCENARIOS[scenario], new_stage, every=1 if ALL else 10 if IN_CI else 20)
