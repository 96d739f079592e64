"""Whether a unit of work is open in this context.

Storage adapters wrap `decide` in `inside_a_unit()`; gateway adapters call `refuse_inside_a_unit()`
first. It is a context variable and no process-wide flag: other threads may call while one decides.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from domain.errors import BrokenInvariant

_open: ContextVar[bool] = ContextVar("unit_of_work_is_open", default=False)


@contextmanager
def inside_a_unit() -> Iterator[None]:
    """Mark this context as inside a unit of work. A nested unit raises `BrokenInvariant`."""
    if _open.get():
        raise BrokenInvariant("a unit of work was opened inside another")
    token = _open.set(True)
    try:
        yield
    finally:
        _open.reset(token)


def is_inside_a_unit() -> bool:
    """Tell whether a unit is open in this context."""
    return _open.get()


def refuse_inside_a_unit() -> None:
    """Raise `BrokenInvariant` when a unit is open: locks would wait for the network."""
    if is_inside_a_unit():
        raise BrokenInvariant("a gateway was called inside a unit of work")
