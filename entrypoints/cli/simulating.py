"""`tuition simulate`."""

from argparse import Namespace
from collections import Counter
from collections.abc import Mapping
from secrets import randbelow
from typing import Any

from entrypoints.cli import DONE, WRONG
from entrypoints.simulation.campaign import Summary, told
from entrypoints.simulation.marketplace import Marketplace
from entrypoints.simulation.outcome import Outcome, Plan
from entrypoints.simulation.running import BEGINS_AT, simulate
from entrypoints.simulation.shrinking import shortest
from entrypoints.terminal import Progress, Terminal

SHRUNK_AT_MOST = 3


def run(arguments: Namespace, terminal: Terminal) -> int:
    """Tell stories; status 1 when something happened that must never happen."""
    first = randbelow(1_000_000) if arguments.seed is None else arguments.seed
    plans = [
        Plan(seed=seed, steps=arguments.steps, storage=arguments.storage)
        for seed in range(first, first + arguments.seeds)
    ]
    summary = Summary()
    with terminal.progress() as progress:
        if len(plans) == 1:
            summary.add(_watched(plans[0], arguments, terminal, progress))
        else:
            for outcome in told(plans, arguments.processes):
                summary.add(outcome)
                progress(f"stories, {len(summary.bad)} bad", summary.stories, len(plans))
                if not outcome.is_clean:
                    terminal.bad(f"seed {outcome.plan.seed}: {outcome.broken[0]}")
        bad = [shortest(outcome) for outcome in summary.bad[:SHRUNK_AT_MOST]]
    _show(plans, summary, terminal)
    for outcome in bad:
        _show_bad(outcome, terminal)
    terminal.answer(as_json(plans, summary, bad))
    return WRONG if summary.bad else DONE


def _watched(plan: Plan, arguments: Namespace, terminal: Terminal, progress: Progress) -> Outcome:
    """Tell one story to somebody who looks on."""

    def watch(market: Marketplace) -> None:
        if arguments.story and market.diary.listener is None:
            market.diary.listener = terminal.say
        days = (market.clock.now() - BEGINS_AT).days
        lessons = len(market.witness.mirror.all("bookings"))
        kills = market.diary.counts["processes killed"]
        what = f"steps · day {days + 1} · {lessons} bookings · {kills} kills"
        progress(what, market.diary.step, plan.steps)

    return simulate(plan, watch)


# --- Showing -------------------------------------------------------------------------------------


def _show(plans: list[Plan], summary: Summary, terminal: Terminal) -> None:
    last = plans[-1].seed
    seeds = f"Seed {plans[0].seed}" if len(plans) == 1 else f"Seeds {plans[0].seed} to {last}"
    terminal.say(f"{seeds}, {summary.steps:,} steps, on the {plans[0].storage} storage.")
    for title, counts in (
        ("What became of it", summary.states),
        ("What was survived", summary.faults),
        ("What happened on the way", summary.happened),
    ):
        if counts:
            terminal.say()
            terminal.say(f"{title}:")
            rows = [(what, f"{times:,}") for what, times in sorted(counts.items())]
            terminal.table(("", "times"), rows, indent="  ")
    terminal.say()
    terminal.say(
        f"{summary.checks:,} times an invariant was checked, at {summary.points:,} points where "
        "another task might have gone on."
    )
    if not summary.bad:
        terminal.good("Nothing was lost, doubled or forgotten.")


def _show_bad(outcome: Outcome, terminal: Terminal) -> None:
    terminal.say()
    terminal.bad(f"Seed {outcome.plan.seed} breaks after {outcome.plan.steps} steps:")
    for broken in outcome.broken:
        terminal.bad(str(broken))
    terminal.say("What came before:")
    for line in outcome.last_lines:
        terminal.say(f"  {line}")
    terminal.say("The shortest beginning found that breaks; tell it again with")
    terminal.say(f"  {outcome.plan.command}")


def as_json(plans: list[Plan], summary: Summary, bad: list[Outcome]) -> dict[str, Any]:
    """Return what scripts read."""
    return {
        "clean": not summary.bad,
        "first_seed": plans[0].seed,
        "stories": summary.stories,
        "steps": summary.steps,
        "storage": plans[0].storage,
        "points": summary.points,
        "checks": summary.checks,
        "states": _plain(summary.states),
        "faults": _plain(summary.faults),
        "happened": _plain(summary.happened),
        "bad_seeds": [outcome.plan.seed for outcome in summary.bad],
        "shrunk": [
            {
                "seed": outcome.plan.seed,
                "steps": outcome.plan.steps,
                "broken": [str(each) for each in outcome.broken],
                "replay": outcome.plan.command,
            }
            for outcome in bad
        ],
    }


def _plain(counts: Counter[str]) -> Mapping[str, int]:
    return dict(sorted(counts.items()))
