"""What the simulator says when something is wrong: which invariant, and how to tell it again."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

from domain.payments import Payment
from entrypoints.cli import DONE, WRONG, main
from entrypoints.simulation.outcome import Plan
from entrypoints.simulation.running import simulate
from entrypoints.simulation.shrinking import shortest

STEPS = 200


@contextmanager
def refunds_without_a_limit() -> Iterator[None]:
    """Plant a mistake: nobody looks at what is left of a payment."""
    with mock.patch.object(Payment, "must_be_refundable"):
        yield


def first_bad_seed() -> int:
    for seed in range(1, 40):
        if not simulate(Plan(seed=seed, steps=STEPS)).is_clean:
            return seed
    raise AssertionError("nothing was found")


def test_a_story_that_breaks_names_the_invariant_and_how_to_tell_it_again() -> None:
    with refunds_without_a_limit():
        seed = first_bad_seed()
        outcome = simulate(Plan(seed=seed, steps=STEPS))
        assert outcome.broken[0].invariant in {"I5", "I9", "bug"}
        assert outcome.last_lines
        assert outcome.plan.command == f"tuition simulate --seed {seed} --steps {STEPS}"
        cut = shortest(outcome)
        assert cut.plan.steps <= outcome.steps
        assert not cut.is_clean
        again = simulate(cut.plan)
        assert (again.digest, again.broken) == (cut.digest, cut.broken)


def test_the_command_shows_what_broke_and_exits_with_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with refunds_without_a_limit():
        seed = first_bad_seed()
        assert main(["simulate", "--seed", str(seed), "--steps", str(STEPS)]) == WRONG
    shown = capsys.readouterr().out
    assert f"✗ Seed {seed} breaks after" in shown
    assert f"tuition simulate --seed {seed} --steps" in shown


def test_the_command_sums_up_what_was_survived_and_exits_with_zero(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["simulate", "--seed", "7", "--steps", "60"]) == DONE
    shown = capsys.readouterr().out
    assert "✓ Nothing was lost, doubled or forgotten." in shown
    assert "What was survived:" in shown


def test_many_stories_are_told_by_several_processes(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["simulate", "--seed", "3", "--seeds", "3", "--steps", "20", "--processes", "2"]
    assert main([*asked, "--json"]) == DONE
    shown = capsys.readouterr().out
    assert '"stories": 3' in shown
    assert '"clean": true' in shown


def test_the_story_can_be_read_along(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--seed", "7", "--steps", "10", "--story"]) == DONE
    assert "it happens that" in capsys.readouterr().out


@pytest.mark.parametrize("steps", ["0", "-1", "many"])
def test_no_steps_is_misuse(steps: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["simulate", "--steps", steps])
    assert stopped.value.code == 2
