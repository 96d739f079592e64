"""The layers that catch mistakes, each with the smallest run that is enough.

A run raises an error when it finds something wrong. Equal runs are one: they are compared, so that
each is shown to be green only once.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from unittest import mock

from attrs import frozen
from hypothesis import Phase, is_hypothesis_test, settings

from adapters.memory import memory_storage
from entrypoints.simulation.client import Asked
from entrypoints.simulation.outcome import Plan
from entrypoints.simulation.running import simulate
from tests.contract.storage.keeping import keep
from tests.contract.storage.school import GIG, PEOPLE
from tests.contract.storage.sql_harness import CountingIds, sqlite_storage
from tests.crash.enumerating import Enumeration
from tests.crash.scenarios import SCENARIOS
from tests.crash.scenarios.faults import Trouble
from tests.crash.stage import Scene, Stage
from tests.http.shop import Shop
from tests.http.test_slow_twins import SleepyMarket
from tests.market import Market
from tests.races.arena import Arena, new_file

Lend = Callable[[], AbstractContextManager[tuple[Any, ...]]]
"""Lends what a test is called with."""


class Layer(Protocol):
    """A run of a layer."""

    @property
    def folder(self) -> str:
        """Return where the layer lies."""
        ...

    def run(self) -> None:
        """Raise an error when something is wrong."""
        ...

    def __hash__(self) -> int:
        """Be one with an equal run."""
        ...


@frozen
class CrashPoints:
    """A scenario of `tests/crash`, killed at each of its points, whatever its clients do then."""

    scenario: str
    trouble: Trouble | None = None
    folder: str = "tests/crash"

    def run(self) -> None:
        """Kill it everywhere."""
        Enumeration(self._arrange).kill_everywhere()

    def _arrange(self, stage: Stage) -> Scene:
        arrange = SCENARIOS[self.scenario]
        return arrange(stage) if self.trouble is None else self.trouble.strike(arrange, stage)

    def __str__(self) -> str:
        trouble = "" if self.trouble is None else f" ({self.trouble})"
        return f"{self.scenario.replace('_', ' ')}{trouble}, killed at all points"


@frozen
class Stories:
    """Stories of the simulator, from the first seed to the last."""

    first: int
    last: int
    steps: int
    folder: str = "tests/simulation"

    def run(self) -> None:
        """Tell them until one breaks."""
        for seed in range(self.first, self.last + 1):
            outcome = simulate(Plan(seed=seed, steps=self.steps))
            told = (outcome.plan.command, *map(str, outcome.broken))
            assert outcome.is_clean, "\n".join(told)

    def __str__(self) -> str:
        return f"seeds {self.first} to {self.last}, {self.steps} steps each"


TEN_STORIES = Stories(1, 10, 200)
"""Enough for what is no narrow race."""


@frozen
class Proof:
    """What `tuition verify` says of a market in which something has happened."""

    happens: Callable[[Market], object]
    folder: str = "tuition verify"

    def run(self) -> None:
        """Let it happen, and prove the books."""
        with Market(settings={"TUITION_RATE_LIMITS": "off"}) as market:
            self.happens(market)
            report = market.installation.verification().run()
        assert report.is_clean, "\n".join(map(str, report.findings))

    def __str__(self) -> str:
        return f"after {self.happens.__name__.replace('_', ' ')}"


@frozen
class Overtaken:
    """A request that falls asleep before each of its units in turn, while another is carried out.

    These are a few of the orders that `tests/interleavings` plays; none of them is left to chance.
    """

    meet: Callable[[SleepyMarket], tuple[Asked, Asked]]
    folder: str = "tests/http"

    def run(self) -> None:
        """Let each order end, and prove the books."""
        with SleepyMarket() as market:
            units = market.units_of(self.meet(market)[0])
        assert units
        for number in range(1, units + 1):
            with SleepyMarket() as market:
                slow, fast = self.meet(market)
                market.sleep.units, market.sleep.before = 0, number
                market.sleep.meanwhile = partial(market.awake.send, fast)
                market.sleepy.send(slow)
                market.settle()
                report = market.installation.verification().run()
            assert report.is_clean, "\n".join(map(str, report.findings))

    def __str__(self) -> str:
        return f"{self.meet.__name__.replace('_', ' ')}, one asleep before each of its units"


@contextmanager
def nothing() -> Iterator[tuple[Any, ...]]:
    """Lend nothing."""
    yield ()


@contextmanager
def a_storage() -> Iterator[tuple[Any, ...]]:
    """Lend an empty storage in memory."""
    yield (memory_storage(CountingIds()),)


@contextmanager
def a_sqlite_storage() -> Iterator[tuple[Any, ...]]:
    """Lend an empty storage in a file of its own."""
    with (
        TemporaryDirectory() as directory,
        sqlite_storage(Path(directory) / "planted.db") as opened,
    ):
        yield (opened,)


@contextmanager
def a_school() -> Iterator[tuple[Any, ...]]:
    """Lend a storage that knows the people that everything else is about, and a gig."""
    storage = memory_storage(CountingIds())
    keep(storage, *PEOPLE, GIG)
    yield (storage,)


@contextmanager
def a_shop() -> Iterator[tuple[Any, ...]]:
    """Lend an installation behind its HTTP API."""
    with Shop() as shop:
        yield (shop,)


@contextmanager
def _in_haste(test: Any) -> Iterator[None]:
    """Let a property be content with the first example against it, always the same one."""
    quick = settings(
        max_examples=100,
        phases=(Phase.explicit, Phase.generate),
        derandomize=True,
        database=None,
        deadline=None,
    )
    if is_hypothesis_test(test):
        with mock.patch.object(test, "_hypothesis_internal_use_settings", quick):
            yield
    else:
        yield


@frozen
class One:
    """One test of a layer: an example, a property, a machine, an attack."""

    test: Callable[..., object]
    lend: Lend = nothing
    case: tuple[object, ...] = ()
    """What the test is called with besides, where it has several cases."""

    def run(self) -> None:
        """Run it as pytest does."""
        with self.lend() as lent, _in_haste(self.test):
            self.test(*lent, *self.case)

    @property
    def folder(self) -> str:
        """Return where the test lies."""
        return "/".join(self.test.__module__.split(".")[:-1])

    def __str__(self) -> str:
        return self.test.__name__.removeprefix("test_").replace("_", " ")


@frozen
class Race:
    """A race of threads on SQLite, so many rounds of it."""

    test: Callable[[Arena], object]
    rounds: int = 2
    folder: str = "tests/races"

    def run(self) -> None:
        """Race."""
        module = import_module(self.test.__module__)
        with ExitStack() as stack:
            for rounds in {"ROUNDS", "FEWER"} & vars(module).keys():
                stack.enter_context(mock.patch.object(module, rounds, self.rounds))
            directory = stack.enter_context(TemporaryDirectory())
            arena = stack.enter_context(Arena(new_file(Path(directory))))
            stack.enter_context(closing(arena.world))
            self.test(arena)

    def __str__(self) -> str:
        told = self.test.__name__.removeprefix("test_").replace("_", " ")
        return f"{told}, {self.rounds} rounds"
