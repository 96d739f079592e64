"""What goes wrong at the gateway while a process dies: each fault, at each kind of effect.

They are made of the other scenarios, by inspection: for each kind of effect the shortest scenario
that has it is told once more with each fault. A new kind of effect gets its faults by itself.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial

from attrs import evolve, frozen

from application.effects import EffectKind
from application.ports.test_mode import Fault, FaultKind
from tests.crash.points import Point
from tests.crash.scenarios import Arrange
from tests.crash.stage import Scene, Stage

ANYWHERE = (
    FaultKind.LOST_REQUEST,
    FaultKind.LOST_ANSWER,
    FaultKind.ERROR_NOW,
    FaultKind.ERROR_LATER,
    FaultKind.ERROR_NEVER,
    FaultKind.RATE_LIMITED,
    FaultKind.LOCKED,
)
"""Faults that any call can meet; each is survived, so that all comes to the same in the end."""

BY_BANKS: Mapping[str, tuple[FaultKind, ...]] = {
    EffectKind.CREATE_PAYMENT: (FaultKind.DECLINED, FaultKind.LATE_SETTLEMENT),
    EffectKind.CONFIRM_PAYMENT: (FaultKind.DECLINED, FaultKind.LATE_SETTLEMENT),
    EffectKind.ATTACH_CARD: (FaultKind.DECLINED,),
    EffectKind.CREATE_REFUND: (FaultKind.REFUND_PENDS, FaultKind.REFUND_FAILS),
}
"""What banks may do besides: it comes to something else, but to the same wherever one is killed."""

LATER_SECONDS = 60


@frozen(kw_only=True)
class Trouble:
    """A fault that strikes the first call for a kind of effect."""

    effect: str
    method: str
    kind: FaultKind

    def __str__(self) -> str:
        return f"{self.effect}: {self.kind}"

    def strike(self, arrange: Arrange, stage: Stage) -> Scene:
        """Arrange a scene in which the fault waits for its call."""
        scene = arrange(stage)
        fault = Fault(method=self.method, kind=self.kind, delay_seconds=self._delay_seconds)
        stage.world.controls.faults.add_fault(fault)
        stage.outlasts_keys = self.kind is FaultKind.ERROR_NEVER
        if self._delay_seconds:
            stage.business_passes = timedelta(seconds=LATER_SECONDS)
        return scene if self.kind in ANYWHERE else evolve(scene, comes_to=None)

    @property
    def _delay_seconds(self) -> int:
        comes_late = {FaultKind.ERROR_LATER, FaultKind.LATE_SETTLEMENT, FaultKind.REFUND_PENDS}
        return LATER_SECONDS if self.kind in comes_late else 0


def troubled(
    scenarios: Mapping[str, Arrange], points_of: Callable[[Arrange], tuple[Point, ...]]
) -> Mapping[str, Arrange]:
    """Return scenarios with trouble, by the kind of effect and the fault that strikes it."""
    told = {name: points_of(arrange) for name, arrange in scenarios.items()}
    return {
        str(trouble): partial(trouble.strike, scenarios[name])
        for effect in EffectKind
        for name, trouble in _troubles(effect, told)
    }


def _troubles(effect: str, told: Mapping[str, tuple[Point, ...]]) -> Iterator[tuple[str, Trouble]]:
    having = [name for name, points in told.items() if any(p.effect == effect for p in points)]
    shortest = min(having, key=lambda name: len(told[name]))
    method = next(p.method for p in told[shortest] if p.effect == effect and p.method)
    for kind in (*ANYWHERE, *BY_BANKS.get(effect, ())):
        yield shortest, Trouble(effect=effect, method=method, kind=kind)
