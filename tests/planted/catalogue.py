"""The planted bugs: what each one is, what it stands for, and who catches it."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache

import pytest
from attrs import frozen

from domain.errors import BrokenInvariant, DomainError
from tests.planted.layers import Layer

Plant = Callable[[], AbstractContextManager[object]]

FOUND_OUT = (
    *(AssertionError, BrokenInvariant, DomainError, ExceptionGroup),
    pytest.fail.Exception,
)
"""What a layer raises when it finds something; anything else is a bug of the planting."""


@frozen(kw_only=True)
class Bug:
    """A known mistake, switched on by `plant`.

    `says` is what the layer's complaint has to contain (a pattern), so that it is for this bug that
    it complains.
    """

    name: str
    stands_for: str
    plant: Plant
    caught_by: Layer
    says: str


@frozen(kw_only=True)
class Caught:
    """How a layer found a bug, and how long that took."""

    complaint: str
    seconds: float

    def is_about(self, bug: Bug) -> bool:
        """Tell whether it was found for a reason that belongs to it."""
        return re.search(bug.says, self.complaint) is not None


BUGS: dict[str, Bug] = {}
"""Every planted bug by its name; importing `tests.planted.bugs` fills it."""


def planted(
    *, stands_for: str, caught_by: Layer, says: str
) -> Callable[[Callable[[], Iterator[None]]], Plant]:
    """Add a function to the bugs: its name is the bug's, and while it waits the bug is there."""

    def add(mistake: Callable[[], Iterator[None]]) -> Plant:
        name, plant = mistake.__name__.replace("_", " "), contextmanager(mistake)
        BUGS[name] = Bug(
            name=name, stands_for=stands_for, plant=plant, caught_by=caught_by, says=says
        )
        return plant

    return add


def catch(bug: Bug) -> Caught | None:
    """Switch a bug on, and let its layer look; None when that finds nothing."""
    started = time.perf_counter()
    with bug.plant():
        complaint = complaint_of(bug.caught_by)
    if complaint is None:
        return None
    return Caught(complaint=complaint, seconds=time.perf_counter() - started)


def complaint_of(layer: Layer) -> str | None:
    """Return what a layer complains of, with all notes; None when all is right."""
    try:
        layer.run()
    except FOUND_OUT as error:
        return "\n".join((type(error).__name__, str(error), *getattr(error, "__notes__", ())))
    return None


@cache
def complaint_without_a_bug(layer: Layer) -> str | None:
    """Return the same where nothing is planted; each distinct run is made once."""
    return complaint_of(layer)
