"""Each use case that commits or calls out is killed at its points: none can be forgotten."""

from functools import cache
from typing import Any

import pytest
from attrs import frozen

from application.commands import Actor, Command
from application.gateway_effects import EFFECTS
from application.ports.gateway import Gateway
from application.ports.storage import Reader, UnitOfWork
from tests.crash.enumerating import Enumeration
from tests.crash.killing import Kill, points_of
from tests.crash.points import Point
from tests.crash.registry import HALF_DONE, all_handlers, commands_with, never_killed
from tests.crash.scenarios import SCENARIOS

# One process tells the scenarios once for all tests of this module.
pytestmark = pytest.mark.xdist_group("every_use_case_is_killed")

HANDLERS = all_handlers()


@cache
def points() -> dict[str, tuple[Point, ...]]:
    """Return the points of every scenario: `test_crash_points.py` kills at each of them."""
    return {name: points_of(arrange) for name, arrange in SCENARIOS.items()}


def every_point() -> tuple[Point, ...]:
    return tuple(point for each in points().values() for point in each)


@frozen(kw_only=True)
class Whistle(Command[None]):
    """A use case that somebody has just added."""


@frozen
class Instrument:
    """A part that holds what the handler itself does not."""

    work: UnitOfWork


@frozen
class WhistleHandler:
    instrument: Instrument

    def __call__(self, command: Whistle, actor: Actor) -> None: ...


@frozen
class ListeningHandler:
    read: Reader

    def __call__(self, command: Whistle, actor: Actor) -> None: ...


def test_no_use_case_that_commits_or_calls_out_is_left_alive() -> None:
    assert list(never_killed(HANDLERS, every_point())) == []


def test_a_new_use_case_without_a_scenario_is_found_by_what_it_is_made_of() -> None:
    (complaint,) = never_killed({**HANDLERS, Whistle: WhistleHandler}, every_point())
    assert complaint.startswith("Whistle commits or calls out")
    assert "tests/crash/scenarios" in complaint


def test_a_new_use_case_that_only_reads_needs_no_scenario() -> None:
    assert not list(never_killed({**HANDLERS, Whistle: ListeningHandler}, every_point()))


@pytest.mark.parametrize("command", commands_with(HANDLERS, HALF_DONE))
def test_a_kill_hits_each_use_case_while_it_is_under_way(command: str) -> None:
    scenario, at = next(
        (name, at)
        for name, each in points().items()
        for at, point in enumerate(each)
        if point.command == command
    )
    run = Enumeration(SCENARIOS[scenario]).tell(Kill(at=at))
    assert run.processes[0].is_dead
    assert run.points[-1].command == command


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: str(effect.kind))
def test_each_kind_of_effect_is_hit_before_and_after_its_call(effect: type[Any]) -> None:
    hit = {point.name.partition(" ")[0] for point in every_point() if point.effect == effect.kind}
    assert hit == {"before", "after"}


def test_the_commands_are_told_apart_by_what_they_hold() -> None:
    at_the_gateway = commands_with(HANDLERS, frozenset({Gateway}))
    committing = commands_with(HANDLERS, HALF_DONE)
    assert {"SetUpCard", "BookGatewayFees"} <= set(at_the_gateway) <= set(committing)
    assert {"Register", "PublishGig", "PruneKeys", "PayTeachers"} <= set(committing)
    assert {"GetBooking", "ListPayments", "QuoteBooking", "NextDue"}.isdisjoint(committing)
