"""How calls to the gateway go wrong for the one effect of a stage."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from application.effects import EffectKind, Effects
from application.ports.gateway import (
    GatewayError,
)
from application.ports.test_mode import FaultKind
from tests.application.effect_scenes import (
    KINDS,
    Insisting,
    Stage,
)

every_kind = pytest.mark.parametrize("kind", KINDS)
TELLABLE = (
    EffectKind.CREATE_PAYMENT,
    EffectKind.CREATE_REFUND,
    EffectKind.CREATE_TRANSFER,
    EffectKind.CREATE_CUSTOMER,
)
"""Kinds whose doing leaves something with our operation's id, and is told by an event."""

not_executed = pytest.mark.parametrize("fault", [FaultKind.LOCKED, FaultKind.RATE_LIMITED])


def insisting_on(stage: Stage, error: GatewayError) -> Effects:
    """Return the protocol with the stage's kind always ending in an error."""
    real = stage.effects
    return evolve(real, kinds={**real.kinds, stage.kind: Insisting(real.kinds[stage.kind], error)})


def always(stage: Stage, fault: FaultKind, **more: Any) -> None:
    """Let every call of the stage's method go wrong."""
    stage.market.fault(stage.scene.method, fault, times=None, **more)


def once(stage: Stage, fault: FaultKind, **more: Any) -> None:
    """Let the next call of the stage's method go wrong."""
    stage.market.fault(stage.scene.method, fault, **more)


class Fixed:
    """Chance that always says the same."""

    def __init__(self, fraction: float) -> None:
        self._fraction = fraction

    def fraction(self) -> float:
        return self._fraction

    def secret(self) -> str:
        return "secret"


class Counting:
    """The stage's wall clock, with a note of each sleep and something to do in it."""

    def __init__(
        self, stage: Stage, waited: list[float], meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        self._wall = stage.market.wall
        self._waited = waited
        self._meanwhile = meanwhile

    def now(self) -> Any:
        return self._wall.now()

    def sleep(self, seconds: float) -> None:
        self._waited.append(round(seconds, 6))
        self._wall.sleep(seconds)
        self._meanwhile()
