"""Many stories, on as many processes as wanted, and what they come to together."""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import islice
from multiprocessing import get_context

from attrs import define, field

from entrypoints.simulation.outcome import Outcome, Plan
from entrypoints.simulation.running import simulate

AHEAD = 4
"""How many stories wait for each process."""


@define
class Summary:
    """What stories come to."""

    stories: int = 0
    steps: int = 0
    points: int = 0
    checks: int = 0
    happened: Counter[str] = field(factory=Counter)
    faults: Counter[str] = field(factory=Counter)
    states: Counter[str] = field(factory=Counter)
    bad: list[Outcome] = field(factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count another one."""
        self.stories += 1
        self.steps += min(outcome.steps, outcome.plan.steps)
        self.points += outcome.points
        self.checks += outcome.checks
        self.happened.update(outcome.happened)
        self.faults.update({str(kind): times for kind, times in outcome.faults.items()})
        self.states.update(outcome.states)
        if not outcome.is_clean:
            self.bad.append(outcome)


def told(plans: Iterable[Plan], processes: int = 1) -> Iterator[Outcome]:
    """Tell stories; yield each outcome when it is there."""
    if processes == 1:
        yield from map(simulate, plans)
        return
    waiting = iter(plans)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(simulate, plan) for plan in islice(waiting, processes * AHEAD)}
        while running:
            done = next(as_completed(running))
            running.discard(done)
            running.update(pool.submit(simulate, plan) for plan in islice(waiting, 1))
            yield done.result()
