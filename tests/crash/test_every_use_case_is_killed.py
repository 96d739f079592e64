"""Scenarios are told for every use case that reaches the gateway: none can be forgotten."""

import inspect
from functools import cache
from typing import Any, get_type_hints

import pytest

from application.bus import HANDLERS
from application.effects import Effects
from application.gateway_effects import EFFECTS
from application.ports.gateway import Gateway
from tests.crash.killing import Run
from tests.crash.scenarios import SCENARIOS
from tests.crash.stage import Stage
from tests.crash.whole import operations_of

# One process tells the scenarios once for all tests of this module.
pytestmark = pytest.mark.xdist_group("every_use_case_is_killed")


def reaches_the_gateway(handler: type[Any]) -> bool:
    """Tell whether a handler, or anything that it is made of, holds the gateway."""
    if handler in {Gateway, Effects}:
        return True
    if not inspect.isclass(handler) or not handler.__module__.startswith("application."):
        return False
    if getattr(handler, "_is_protocol", False):
        return False
    constructor: Any = handler.__init__
    hints = {name: hint for name, hint in get_type_hints(constructor).items() if name != "return"}
    return any(reaches_the_gateway(hint) for hint in hints.values())


@cache
def told() -> tuple[frozenset[str], frozenset[str]]:
    """Return the commands that were carried out in some scenario, and the kinds of effects."""
    commands: set[str] = set()
    kinds: set[str] = set()
    for arrange in SCENARIOS.values():
        stage = Stage()
        Run(arrange, stage).tell()
        kinds.update(operation.kind for operation in operations_of(stage))
        for metric in stage.installation.figures.registry.collect():
            commands.update(
                sample.labels["command"]
                for sample in metric.samples
                if sample.labels.get("outcome") == "done"
            )
    return frozenset(commands), frozenset(kinds)


AT_THE_GATEWAY = sorted(
    command.__name__ for command, handler in HANDLERS.items() if reaches_the_gateway(handler)
)


@pytest.mark.parametrize("command", AT_THE_GATEWAY)
def test_each_command_that_reaches_the_gateway_has_a_scenario(command: str) -> None:
    commands, _ = told()
    assert command in commands


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: str(effect.kind))
def test_each_kind_of_effect_is_lost_in_some_scenario(effect: type[Any]) -> None:
    _, kinds = told()
    assert effect.kind in kinds


def test_the_commands_are_found() -> None:
    assert {"ProcessPayment", "RefundPayment", "PayTeachers"} <= set(AT_THE_GATEWAY)
