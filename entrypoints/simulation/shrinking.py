"""Find a short beginning of a story that still ends badly."""

from attrs import evolve

from entrypoints.simulation.outcome import Outcome
from entrypoints.simulation.running import simulate


def shortest(bad: Outcome) -> Outcome:
    """Return the outcome of the shortest failing prefix that halving finds.

    After its last step every prefix comes to rest, so what was done wrong early is often found
    early. That a longer prefix fails too is not certain: the shortest of all may be another one.
    """
    fine, worst = 0, _cut(bad)
    while fine + 1 < worst.plan.steps:
        middle = (fine + worst.plan.steps) // 2
        outcome = simulate(evolve(worst.plan, steps=middle))
        if outcome.is_clean:
            fine = middle
        else:
            worst = _cut(outcome)
    return worst


def _cut(bad: Outcome) -> Outcome:
    """Plan no more steps than were played before it broke."""
    return evolve(bad, plan=evolve(bad.plan, steps=min(bad.plan.steps, bad.steps)))
