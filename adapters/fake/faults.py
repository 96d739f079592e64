"""Faults that wait for calls."""

from collections.abc import Mapping

from attrs import evolve

from adapters.fake.records import WaitingFault
from adapters.fake.turn import Turn
from application.ports.test_mode import Fault


def take_fault(turn: Turn, method: str, params: Mapping[str, object]) -> Fault | None:
    """Return the oldest fault that fits a call, and count it as having struck."""
    for waiting in reversed(list(turn.newest(WaitingFault))):
        if _fits(waiting.fault, method, params):
            _count(turn, waiting)
            return waiting.fault
    return None


def _fits(fault: Fault, method: str, params: Mapping[str, object]) -> bool:
    return fault.method in ("*", method) and all(
        str(params.get(name)) == value for name, value in fault.matching.items()
    )


def _count(turn: Turn, waiting: WaitingFault) -> None:
    if waiting.left is None:
        return
    if waiting.left > 1:
        turn.save(evolve(waiting, left=waiting.left - 1))
    else:
        turn.delete(waiting)


def add_fault(turn: Turn, fault: Fault) -> str:
    """Let a fault wait; return its id."""
    id_, seq = turn.mint("fault")
    turn.save(WaitingFault(id=id_, seq=seq, fault=fault, left=fault.times))
    return id_


def clear_faults(turn: Turn) -> None:
    """Forget the faults that still wait."""
    for waiting in list(turn.newest(WaitingFault)):
        turn.delete(waiting)
