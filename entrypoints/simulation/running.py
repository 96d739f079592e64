"""Tell one story: from an empty marketplace through so many steps to rest.

    outcome = simulate(Plan(seed=7, steps=500))
    outcome.broken        # () if nothing happened that must never happen

In each step somebody does something, or something happens to them, and what is under way goes on a
little, in an order that the seed decides. Then faults stop, and all must come to rest.
"""

import logging
import sys
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NoReturn

import structlog
from attrs import define, field

from application.commands import SYSTEM, Actor
from application.people import EnsureAdmin, Register
from application.webhooks.receiving import WebhookRejected
from domain.errors import GatewayUnavailable, StaleWrite, StorageUnavailable
from domain.people import Role
from entrypoints.settings import Settings, load_settings
from entrypoints.simulation.ending import come_to_rest, must_be_at_rest, proved
from entrypoints.simulation.marketplace import Marketplace
from entrypoints.simulation.outcome import Outcome, Plan
from entrypoints.simulation.people import HABITS, STAFF, STUDENTS, TEACHERS, Person
from entrypoints.simulation.people.teachers import opens_an_account, publishes_a_gig
from entrypoints.simulation.platform import Platform
from entrypoints.simulation.process import Process
from entrypoints.simulation.storages import opened
from entrypoints.simulation.weather import HAPPENINGS

BEGINS_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "lots of practice"  # noqa: S105 - nobody attacks here
MOST_UNDER_WAY = 6
LOOK_EVERY_STEPS = 50
"""How often the books are proved as a whole; what a commit touches is checked after each."""

_EXPECTED = (StorageUnavailable, GatewayUnavailable, StaleWrite, WebhookRejected)
"""What a worker may meet while things go wrong (a signature grows stale while the worker sleeps);
anything else is a bug.
"""

_NOT_WHILE_UNDER_WAY = {"I3", "I7", "I12", "I13"}
"""What holds only when things were given time to finish."""


def _nobody_watches(market: Marketplace) -> None:
    """Look at nothing."""


@define(eq=False)
class Story:
    """One run."""

    plan: Plan
    market: Marketplace
    complaints: list[str]
    """What was logged as an error since somebody looked."""
    watch: Callable[[Marketplace], None]
    platform: Platform = field(init=False)
    people: dict[str, list[Person]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        skews = (0, *self.market.chance.sample((-20, -7, 5, 17), k=1))
        processes = [
            Process(f"process {number}", self.market, timedelta(seconds=skew))
            for number, skew in enumerate(skews)
        ]
        self.platform = Platform(self.market, processes)
        self.people = self._people()

    def tell(self) -> Outcome:
        """Play all steps, then let everything come to rest."""
        self.watch(self.market)
        for number in range(self.plan.steps):
            self.market.diary.step = number + 1
            self._step()
            if number % LOOK_EVERY_STEPS == LOOK_EVERY_STEPS - 1:
                self._look_at_everything()
            self.watch(self.market)
            if self._is_broken():
                return self._outcome()
        come_to_rest(self.platform)
        if not self._is_broken():
            must_be_at_rest(self.platform)
        return self._outcome()

    # --- Beginning -------------------------------------------------------------------------

    def _people(self) -> dict[str, list[Person]]:
        def register(name: str, role: Role) -> Person:
            email = f"{name}@school.test"
            command = Register(email=email, password=PASSWORD, name=name, role=role)
            return Person(name, Actor(user_id=bus.handle(command, Actor()), role=role), platform)

        platform, bus = self.platform, self.platform.processes[0].installation.bus
        ann = EnsureAdmin(email="ann@school.test", password=PASSWORD, name="ann")
        admin = Actor(user_id=bus.handle(ann, SYSTEM).user_id, role=Role.ADMIN)
        people = {
            STUDENTS: [register(name, Role.STUDENT) for name in ("sam", "olga", "nils", "mia")],
            TEACHERS: [register(name, Role.TEACHER) for name in ("tina", "tom")],
            STAFF: [Person("ann", admin, self.platform)],
        }
        for teacher in people[TEACHERS]:
            publishes_a_gig(teacher)
            if self.market.happens(0.7):
                opens_an_account(teacher)
        return people

    # --- Steps -----------------------------------------------------------------------------

    def _step(self) -> None:
        market = self.market
        if market.happens(0.5):
            self._somebody_acts()
        else:
            happenings, weights = zip(*HAPPENINGS, strict=True)
            (happening,) = market.chance.choices(happenings, weights)
            market.diary.note("it happens that", happening.__name__, market.clock.now())
            happening(self.platform)
        self._go_on(market.chance.choice((0, 1, 2, 3, 5, 8)))
        while len(market.under_way) > MOST_UNDER_WAY:
            self._go_on(1)
        market.witness.world_moved()

    def _go_on(self, turns: int) -> None:
        for _ in range(turns):
            if not self.market.turn():
                if len(self.market.under_way) > MOST_UNDER_WAY:
                    self.market.wake_the_first()
                return

    def _somebody_acts(self) -> None:
        market = self.market
        (habit,) = market.chance.choices(HABITS, [habit.weight for habit in HABITS])
        person = market.chance.choice(self.people[habit.whose])
        market.diary.note(person.name, habit.name, market.clock.now())
        market.begin(f"{person.name} {habit.name}", lambda: habit.do(person))

    # --- Looking ---------------------------------------------------------------------------

    def _is_broken(self) -> bool:
        for complaint in self.complaints:
            self.market.witness.report("bug", "a worker", complaint)
        self.complaints.clear()
        return bool(self.market.witness.broken)

    def _look_at_everything(self) -> None:
        for finding in proved(self.market, each_at_gateway=False).findings:
            if finding.invariant not in _NOT_WHILE_UNDER_WAY:
                self.market.witness.report(finding.invariant, finding.subject, finding.detail)

    def _outcome(self) -> Outcome:
        self._is_broken()
        return Outcome.of(self.plan, self.market)


def simulate(plan: Plan, watch: Callable[[Marketplace], None] | None = None) -> Outcome:
    """Tell a story and return what came of it; an error that nobody expected is in it too.

    `watch` is called before the first step and after each, to look on.
    """
    with ExitStack() as until_told:
        complaints = until_told.enter_context(_listening())
        open_storage, store = until_told.enter_context(opened(plan.storage))
        market = Marketplace(
            seed=plan.seed,
            settings=_settings(plan),
            begins_at=BEGINS_AT,
            open_storage=open_storage,
            store=store,
        )
        until_told.callback(market.close)
        try:
            return Story(plan, market, complaints, watch or _nobody_watches).tell()
        except Exception as error:  # noqa: BLE001 - an entrypoint: any bug is what is looked for
            market.witness.report("bug", type(error).__name__, traceback.format_exc())
            return Outcome.of(plan, market)


_CHOICES = {
    "TUITION_FEE_ON_REFUND": ("proportional", "kept", "kept:30", "absorbed"),
    "TUITION_CANCELLATION_POLICY": ("flexible", "moderate", "strict"),
    "TUITION_FEE_BASIS_POINTS": ("1500", "1250", "0"),
    "TUITION_FEE_MINIMUM": ("0", "usd:1.00,jpy:100,kwd:0.300"),
    "TUITION_PAYOUT_HOLD_HOURS": ("48", "0"),
    "TUITION_PAYOUT_MINIMUM": ("usd:10.00,jpy:1000,kwd:3.000", "usd:0.01,jpy:1,kwd:0.010"),
}


def _settings(plan: Plan) -> Settings:
    """Choose what an operator may set."""
    chance = Random(f"settings of {plan.seed}")  # noqa: S311 - repeatable on purpose
    chosen = {name: chance.choice(values) for name, values in _CHOICES.items()}
    return load_settings(
        {
            "TUITION_DATABASE_URL": "memory://",
            "TUITION_CURRENCIES": "usd,jpy,kwd",
            "TUITION_RATE_LIMITS": "off",
            **chosen,
        }
    )


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Collect what is logged as an error, instead of showing it."""
    complaints: list[str] = []

    def complain(_: object, __: str, event: MutableMapping[str, Any]) -> NoReturn:
        error = sys.exc_info()[1]
        if not isinstance(error, _EXPECTED):
            told = "".join(traceback.format_exception(error)) if error else str(event)
            complaints.append(told)
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR), processors=[complain]
    )
    try:
        yield complaints
    finally:
        structlog.configure(**before)
