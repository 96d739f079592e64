"""Known mistakes, switched on one by one: the layer that is there to find each of them does.

A layer that stays green although the bug is there fails here; so does one that is red without it.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest
import structlog
from attrs import evolve

from tests.domain import test_fees
from tests.planted.bugs import BUGS
from tests.planted.catalogue import Bug, Caught, catch, complaint_without_a_bug
from tests.planted.layers import One

Figure = Callable[[str, object], None]
"""Notes a figure of a test's, for the report of a run (`--junitxml`)."""

AN_EXAMPLE = One(test_fees.test_a_cap_bounds_the_rate)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Log nothing: what goes wrong is meant to."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_planted_bug_is_caught_by_its_layer(bug: Bug, record_property: Figure) -> None:
    caught = catch(bug)
    assert caught is not None, f"{bug.caught_by.folder} stays green: {bug.caught_by}"
    record_property("caught by", f"{bug.caught_by.folder}: {bug.caught_by}")
    record_property("seconds", round(caught.seconds, 2))
    assert caught.is_about(bug), caught.complaint
    assert complaint_without_a_bug(bug.caught_by) is None


def test_a_mistake_that_is_none_is_not_caught() -> None:
    bug = next(iter(BUGS.values()))
    assert catch(evolve(bug, plant=nullcontext, caught_by=AN_EXAMPLE)) is None


def test_a_complaint_about_something_else_does_not_count() -> None:
    bug = next(iter(BUGS.values()))
    assert not Caught(complaint="AssertionError\nIt rains.", seconds=0.1).is_about(bug)


def test_there_are_as_many_as_were_asked_for() -> None:
    assert len(BUGS) >= 25


def test_each_layer_catches_something() -> None:
    assert {bug.caught_by.folder for bug in BUGS.values()} >= {
        *("tests/domain", "tests/contract/storage", "tests/crash", "tests/simulation"),
        *("tests/races", "tests/http", "tests/security", "tuition verify"),
    }
