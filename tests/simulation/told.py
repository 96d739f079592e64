"""Read along while a story is told."""

from entrypoints.simulation.marketplace import Marketplace
from entrypoints.simulation.outcome import Plan
from entrypoints.simulation.running import simulate


def told_by_lines(plan: Plan) -> list[str]:
    """Return every line of a story's diary, from the first step on."""
    lines: list[str] = []

    def listen(market: Marketplace) -> None:
        market.diary.listener = lines.append

    simulate(plan, listen)
    return lines
