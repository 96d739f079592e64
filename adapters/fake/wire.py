"""The way of every call into the world: faults, idempotency keys, the log."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from attrs import frozen

from adapters.fake import keys
from adapters.fake.answers import (
    BROKEN,
    LOCKED,
    RATE_LIMITED,
    TIMED_OUT,
    answer_with,
    answer_with_error,
    error_of,
    value_of,
)
from adapters.fake.faults import take_fault
from adapters.fake.records import Answer, Call, LateEffect, WaitingFault
from adapters.fake.store import Rows, Store, StoreAway
from adapters.fake.turn import Turn
from application.ports.clock import Clock, WallClock
from application.ports.gateway import Declined, GatewayRefused, OutcomeUnknown
from application.ports.open_units import refuse_inside_a_unit
from application.ports.test_mode import Fault, FaultKind

P = TypeVar("P")
A = TypeVar("A")

LATER = timedelta(minutes=1)
"""When an effect comes that was to come later, if nothing else was said."""

_NOT_EXECUTED = {
    FaultKind.LOST_REQUEST: TIMED_OUT,
    FaultKind.RATE_LIMITED: RATE_LIMITED,
    FaultKind.LOCKED: LOCKED,
}

_UNREADABLE = {
    **_NOT_EXECUTED,
    FaultKind.LOST_ANSWER: TIMED_OUT,
    FaultKind.ERROR_NOW: BROKEN,
    FaultKind.ERROR_LATER: BROKEN,
    FaultKind.ERROR_NEVER: BROKEN,
}


@frozen
class Effect(Generic[P, A]):
    """A method of the port that changes the world.

    `run` checks first and writes last: what it raises as `GatewayRefused` must have changed
    nothing. What it wrote before it raises `Declined` stays, as a failed try does at Stripe.
    """

    method: str
    params: type[P]
    answer: Any
    """The type of what `run` returns."""
    run: Callable[[Turn, P], A]


@frozen(kw_only=True)
class _Request:
    """A call as it comes in; `text` is its parameters as JSON."""

    effect: Effect[Any, Any]
    params: object
    key: str | None
    text: str
    wall: datetime

    @property
    def digest(self) -> str:
        return sha256(f"{self.effect.method}\n{self.text}".encode()).hexdigest()

    @property
    def fields(self) -> Mapping[str, object]:
        found: dict[str, object] = msgspec.json.decode(self.text)
        return found


class Tide(Protocol):
    """What changes by itself when business time goes on."""

    def is_due(self, rows: Rows, now: datetime) -> bool:
        """Tell whether anything has to change by now."""
        ...

    def catch_up(self, rows: Rows, now: datetime) -> int:
        """Make the changes that are due, oldest first; return how many there were."""
        ...


@frozen(kw_only=True)
class Wire:
    """Take calls to the world, one at a time."""

    store: Store
    clock: Clock
    wall_clock: WallClock
    tide: Tide

    def change(self, effect: Effect[P, A], params: P, *, key: str | None) -> A:
        """Call a method that changes something."""
        refuse_inside_a_unit()
        text = msgspec.json.encode(params, order="deterministic").decode()
        request = _Request(
            effect=effect, params=params, key=key, text=text, wall=self.wall_clock.now()
        )
        try:
            answer = self._write(lambda turn: _receive(turn, request))
            if isinstance(answer, Fault):
                slow = answer
                # The key is taken and no transaction is open: twins are turned away meanwhile.
                self.wall_clock.sleep(slow.delay_seconds)
                answer = self._write(lambda turn: _go_on(turn, request, slow))
        except StoreAway as error:
            raise OutcomeUnknown(str(error)) from error
        value: A = value_of(answer, effect.answer)
        return value

    def look(self, method: str, about: Mapping[str, str], see: Callable[[Turn], A]) -> A:
        """Call a method that changes nothing; it is logged only when a fault strikes it."""
        refuse_inside_a_unit()
        now = self.clock.now()
        try:
            return self.store.read(lambda rows: self._see_in_calm(rows, now, see))
        except _NotCalm:
            pass
        except StoreAway as error:
            raise OutcomeUnknown(str(error)) from error
        try:
            fault = self._write(lambda turn: _strike_a_look(turn, method, about))
            if fault is not None and fault.kind is FaultKind.SLOW:
                self.wall_clock.sleep(fault.delay_seconds)
            if fault is not None and fault.kind in _UNREADABLE:
                raise error_of(_UNREADABLE[fault.kind])
            return self.store.read(lambda rows: see(Turn(rows, now)))
        except StoreAway as error:
            raise OutcomeUnknown(str(error)) from error

    def control(self, work: Callable[[Turn], A]) -> A:
        """Let something happen that nobody called for; no fault strikes it."""
        refuse_inside_a_unit()
        return self._write(work)

    def _write(self, work: Callable[[Turn], A]) -> A:
        now = self.clock.now()

        def alone(rows: Rows) -> A:
            self.tide.catch_up(rows, now)
            return work(Turn(rows, now))

        return self.store.write(alone)

    def _see_in_calm(self, rows: Rows, now: datetime, see: Callable[[Turn], A]) -> A:
        if rows.newest(WaitingFault.KIND, limit=1) or self.tide.is_due(rows, now):
            raise _NotCalm
        return see(Turn(rows, now))


class _NotCalm(Exception):
    """A look must wait for the world to catch up, or for a fault to strike."""


def _strike_a_look(turn: Turn, method: str, about: Mapping[str, str]) -> Fault | None:
    fault = take_fault(turn, method, about)
    if fault is not None:
        outcome = _UNREADABLE[fault.kind].error if fault.kind in _UNREADABLE else None
        text = msgspec.json.encode(about).decode()
        _log(turn, method, None, text, outcome=outcome or "ok", fault=fault)
    return fault


def _receive(turn: Turn, request: _Request) -> Answer | Fault:
    """Answer a call, or say by which fault it is slow: then the rest happens in `_execute`."""
    fault = take_fault(turn, request.effect.method, request.fields)
    if fault is not None and fault.kind in _NOT_EXECUTED:
        return _logged(turn, request, _NOT_EXECUTED[fault.kind], fault)
    if request.key is not None:
        earlier = keys.earlier_answer(turn, request.key, request.digest, wall=request.wall)
        if earlier is not None:
            lost = fault is not None and fault.kind is FaultKind.LOST_ANSWER
            return _logged(turn, request, TIMED_OUT if lost else earlier, fault, replayed=True)
    if fault is not None and fault.kind is FaultKind.SLOW:
        if request.key is not None:
            keys.take_key(turn, request.key, request.digest, wall=request.wall)
        return fault
    return _execute(turn, request, fault)


def _go_on(turn: Turn, request: _Request, slow: Fault) -> Answer:
    """Execute a slow call, unless it slept past its lock and a twin was answered meanwhile."""
    if request.key is not None:
        earlier = keys.given_answer(turn, request.key, wall=request.wall)
        if earlier is not None:
            return _logged(turn, request, earlier, slow, replayed=True)
    return _execute(turn, request, slow)


def _execute(turn: Turn, request: _Request, fault: Fault | None) -> Answer:
    """Let a call have its effect, and save what it is answered with."""
    kind = None if fault is None else fault.kind
    turn.fault = fault
    answer = BROKEN
    if kind is FaultKind.ERROR_LATER:
        _postpone(turn, request, fault)
    elif kind is not FaultKind.ERROR_NEVER:
        answer = run_effect(turn, request.effect, request.params)
    saved = BROKEN if kind is FaultKind.ERROR_NOW else answer
    if request.key is not None:
        keys.save_answer(turn, request.key, request.digest, saved, wall=request.wall)
    given = TIMED_OUT if kind is FaultKind.LOST_ANSWER else saved
    return _logged(turn, request, given, fault)


def run_effect(turn: Turn, effect: Effect[P, A], params: P) -> Answer:
    """Let a call have its effect; a definite no is an answer too."""
    try:
        return answer_with(effect.run(turn, params))
    except (Declined, GatewayRefused) as error:
        return answer_with_error(error)


def _postpone(turn: Turn, request: _Request, fault: Fault | None) -> None:
    delay = timedelta(seconds=fault.delay_seconds) if fault is not None else LATER
    id_, seq = turn.mint("late")
    turn.save(
        LateEffect(
            id=id_,
            seq=seq,
            due=turn.now + (delay or LATER),
            method=request.effect.method,
            params=request.text,
        )
    )


def _logged(
    turn: Turn, request: _Request, answer: Answer, fault: Fault | None, *, replayed: bool = False
) -> Answer:
    method, outcome = request.effect.method, answer.error or "ok"
    _log(turn, method, request.key, request.text, outcome=outcome, fault=fault, replayed=replayed)
    return answer


def _log(
    turn: Turn,
    method: str,
    key: str | None,
    text: str,
    *,
    outcome: str,
    fault: Fault | None,
    replayed: bool = False,
) -> None:
    fields = msgspec.json.decode(text)
    id_, seq = turn.mint("call")
    turn.save(
        Call(
            id=id_,
            seq=seq,
            method=method,
            key=key,
            operation=fields.get("operation"),
            params=text,
            outcome=outcome,
            fault=None if fault is None else fault.kind,
            replayed=replayed,
            effects=tuple(turn.effects),
            at=turn.now,
        )
    )


def log_late_effect(turn: Turn, late: LateEffect, answer: Answer) -> None:
    """Note in the log that a call took effect long after it was answered."""
    outcome = f"late {answer.error or 'ok'}"
    _log(turn, late.method, None, late.params, outcome=outcome, fault=None)
