"""What is to be told, and what came of it."""

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

from adapters.fake.records import Call
from entrypoints.simulation.marketplace import Marketplace
from entrypoints.simulation.witness import Broken

StorageName = Literal["memory", "sqlite"]


@frozen(kw_only=True)
class Plan:
    """A story to tell: everything in it follows from these."""

    seed: int
    steps: int = 300
    storage: StorageName = "memory"

    @property
    def command(self) -> str:
        """Return the command that tells it again."""
        where = "" if self.storage == "memory" else f" --storage {self.storage}"
        return f"tuition simulate --seed {self.seed} --steps {self.steps}{where}"


@frozen(kw_only=True)
class Outcome:
    """What came of a story."""

    plan: Plan
    steps: int
    """How many were played: fewer than planned when something broke."""
    digest: str
    """The hash of all that happened; on the memory storage the same seed has the same."""
    points: int
    """At how many points another task might have gone on."""
    checks: int
    """How many invariants were checked."""
    broken: tuple[Broken, ...] = ()
    last_lines: tuple[str, ...] = field(default=(), repr=False)
    happened: Mapping[str, int] = field(factory=dict, repr=False)
    faults: Mapping[str, int] = field(factory=dict, repr=False)
    """How often each kind of fault struck, by its name."""
    states: Mapping[str, int] = field(factory=dict, repr=False)
    """How many bookings, payments, refunds and payouts ended in each status."""

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing happened that must never happen."""
        return not self.broken

    @classmethod
    def of(cls, plan: Plan, market: Marketplace) -> "Outcome":
        """Sum a story up."""
        return cls(
            plan=plan,
            steps=market.diary.step,
            digest=market.diary.digest,
            points=market.diary.lines,
            checks=market.witness.checks,
            broken=tuple(market.witness.broken[:20]),
            last_lines=tuple(market.diary.kept) if market.witness.broken else (),
            happened=dict(market.diary.counts),
            faults=_faults(market),
            states=_states(market),
        )


def _faults(market: Marketplace) -> Mapping[str, int]:
    struck: Counter[str] = Counter(market.troubles.met)
    for call in market.truth.all(Call):
        if call.fault is not None:
            struck[call.fault] += 1
    return struck


def _states(market: Marketplace) -> Mapping[str, int]:
    states: Counter[str] = Counter()
    for repository in ("bookings", "payments", "refunds", "payouts"):
        for each in market.witness.mirror.all(repository):
            states[f"{repository} {each.status}"] += 1
    return states
