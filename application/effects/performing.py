"""Call and T2: perform an effect, and find out what became of one that was cut off."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import attrs
from attrs import evolve, frozen

from application.effects.planning import LEASE, Effect, fingerprint
from application.effects.refusals import OperationUnderWay, failure_of, kind_of
from application.idempotency import KeyInUse
from application.ports.clock import WallClock
from application.ports.gateway import (
    Declined,
    GatewayBusy,
    GatewayError,
    GatewayRefused,
    KeyReused,
    OutcomeUnknown,
)
from application.ports.ids import Randomness
from application.ports.records import Operation, OperationState
from application.ports.storage import Unit, UnitOfWork
from domain.errors import GatewayUnavailable
from domain.events import StaffAlerted
from domain.ids import OperationId

Then = Callable[[Unit, Operation], object]
"""What to do in the unit that books an outcome, such as committing the answer."""

CALL_MARGIN = timedelta(seconds=12)
"""What must be left of a lease to begin a call; calls give up after ten seconds."""

SAME_KEY_UNTIL = timedelta(hours=23)
"""How long the gateway surely remembers a key; it may forget after 24 hours."""

NEW_KEY_FROM = timedelta(hours=26)
"""From when the gateway has surely forgotten a key, so that another attempt is safe to begin."""

TELL_STAFF_AFTER_TRIES = 8
BUSY_TRIES = 3

JOIN_SECONDS = 10.0


@frozen
class Effects:
    """Call and T2: perform and recover operations."""

    kinds: Mapping[str, Effect]
    work: UnitOfWork
    wall: WallClock
    randomness: Randomness
    environment: str

    def perform(self, operation: Operation, *, then: Then | None = None) -> Operation:
        """Send an operation that we hold the lease of, and book the outcome.

        `then` runs in the booking unit, unless the gateway refused: it commits the answer with the
        effect. Return the operation: done, refused, or unknown. Raises `GatewayUnavailable` when
        nothing was executed and it was given up; `patiently` never gives up.
        """
        return self._run(operation, then, is_patient=False, has_looked=False)

    def patiently(self, operation: Operation, *, then: Then | None = None) -> Operation:
        """Perform what must happen in the end: a busy gateway leaves it to the worker."""
        return self._run(operation, then, is_patient=True, has_looked=False)

    def _run(
        self, operation: Operation, then: Then | None, *, is_patient: bool, has_looked: bool
    ) -> Operation:
        """Send it; a lost answer is looked for once, and sent again once, before giving up."""
        if not operation.state.is_open:
            return self._as_it_ended(operation, then)
        effect = self.kinds[operation.kind]
        try:
            made = self._send(effect, operation)
        except OutcomeUnknown as unknown:
            if has_looked:
                return self._unknown(operation, unknown, then)
            return self._look_and_send_again(effect, operation, unknown, then)
        except GatewayBusy as busy:
            if is_patient:
                return self._unknown(operation, busy, then)
            self._refuse(effect, operation, busy)
            raise GatewayUnavailable("The payment gateway is busy. Try again soon.") from busy
        except KeyReused as reused:
            return self._key_reused(effect, operation, reused, then)
        except (Declined, GatewayRefused) as refusal:
            return self._refuse(effect, operation, refusal)
        return self._apply(effect, operation, made, then)

    def _as_it_ended(self, operation: Operation, then: Then | None) -> Operation:
        if operation.state is OperationState.DONE and then is not None:
            self.work(lambda unit: _go_on(then, unit, operation))
        return operation

    def join(self, id: OperationId, *, then: Then | None = None) -> Operation:
        """Wait for an operation that another request performs, or carry it on if that one died.

        Raises `OperationUnderWay` when it takes too long.
        """
        waited = 0.0
        while True:
            operation, is_ours = self.work(lambda unit: self._claim(unit, id))
            if not operation.state.is_open:
                return self.perform(operation, then=then)
            if is_ours:
                return self.recover(operation, then=then)
            if waited >= JOIN_SECONDS:
                raise OperationUnderWay("Another request is under way for this. Try again soon.")
            self.wall.sleep(0.05)
            waited += 0.05

    def _claim(self, unit: Unit, id: OperationId) -> tuple[Operation, bool]:
        operation = unit.operations.get(id)
        now = self.wall.now()
        if not operation.state.is_open or operation.lease_until > now:
            return operation, False
        claimed = evolve(
            operation, fence=operation.fence + 1, lease_until=now + LEASE, updated_at=now
        )
        return unit.operations.save(claimed), True

    def recover(self, operation: Operation, *, then: Then | None = None) -> Operation:
        """Finish an operation whose lease we claimed: probe, then the same key, by its age."""
        effect = self.kinds[operation.kind]
        try:
            found = effect.probe(operation)
        except Declined as refusal:
            return self._refuse(effect, operation, refusal)
        except (OutcomeUnknown, GatewayBusy, GatewayRefused) as error:
            return self._unknown(operation, error, then)
        if found is not None:
            return self._apply(effect, operation, found, then)
        age = self.wall.now() - operation.created_at
        if age < SAME_KEY_UNTIL:
            return self._run(operation, then, is_patient=True, has_looked=True)
        return self._too_old(operation, age, then)

    def _too_old(self, operation: Operation, age: timedelta, then: Then | None) -> Operation:
        if age < NEW_KEY_FROM:
            return self._unknown(
                operation, OutcomeUnknown("the key may be forgotten; waiting"), then
            )
        if operation.attempt > 1:
            self.alert("stuck_operation", operation.id, f"{operation.kind}: {operation.error}")
        return self.work(lambda unit: self._begin_attempt(unit, operation))

    def _begin_attempt(self, unit: Unit, operation: Operation) -> Operation:
        current = unit.operations.get(operation.id)
        if not current.state.is_open or current.fence != operation.fence:
            return current  # another has taken over while we slept
        now = self.wall.now()
        return unit.operations.save(
            evolve(current, attempt=current.attempt + 1, created_at=now, lease_until=now)
        )

    def _send(self, effect: Effect, operation: Operation) -> Any:
        if fingerprint(operation.params) != operation.params_sha256:
            raise OutcomeUnknown("the stored params were altered")
        for tried in range(1, BUSY_TRIES + 1):
            if self.wall.now() + CALL_MARGIN > operation.lease_until:
                raise OutcomeUnknown("the lease has run out")
            try:
                return effect.send(operation, operation.key(self.environment))
            except GatewayBusy:
                if tried == BUSY_TRIES:
                    raise
                self.wall.sleep(0.2 * 2**tried * (0.5 + self.randomness.fraction()))
        raise AssertionError("unreachable")

    def _look_and_send_again(
        self,
        effect: Effect,
        operation: Operation,
        unknown: GatewayError,
        then: Then | None,
    ) -> Operation:
        try:
            found = effect.probe(operation)
        except Declined as refusal:
            return self._refuse(effect, operation, refusal)
        except GatewayError:
            return self._unknown(operation, unknown, then)
        if found is not None:
            return self._apply(effect, operation, found, then)
        return self._run(operation, then, is_patient=True, has_looked=True)

    def _key_reused(
        self,
        effect: Effect,
        operation: Operation,
        reused: KeyReused,
        then: Then | None,
    ) -> Operation:
        if operation.error != str(reused):  # told already, when it was tried before
            self.alert("key_reused", operation.id, str(reused))
        try:
            found = effect.probe(operation)
        except Declined as refusal:
            return self._refuse(effect, operation, refusal)
        except GatewayError:
            found = None
        if found is None:
            return self._unknown(operation, reused, then)
        return self._apply(effect, operation, found, then)

    def _apply(
        self, effect: Effect, operation: Operation, made: Any, then: Then | None
    ) -> Operation:
        def decide(unit: Unit) -> Operation:
            result = effect.apply(unit, operation, made)
            current = unit.operations.get(operation.id)
            if current.state.is_open:
                current = unit.operations.save(
                    current.moved(
                        OperationState.DONE,
                        at=self.wall.now(),
                        result=result,
                        tries=current.tries + 1,
                        error=None,
                    )
                )
            _go_on(then, unit, current)
            return current

        return self.work(decide)

    def _refuse(self, effect: Effect, operation: Operation, error: GatewayError) -> Operation:
        def decide(unit: Unit) -> Operation:
            effect.refuse(unit, operation, error)
            current = unit.operations.get(operation.id)
            if not current.state.is_open:
                return current
            return unit.operations.save(
                current.moved(
                    OperationState.REFUSED,
                    at=self.wall.now(),
                    tries=current.tries + 1,
                    error=str(error)[:500],
                    refusal={**attrs.asdict(failure_of(error)), "kind": kind_of(error)},
                )
            )

        return self.work(decide)

    def _unknown(
        self,
        operation: Operation,
        error: GatewayError,
        then: Then | None,
    ) -> Operation:
        def decide(unit: Unit) -> Operation:
            current = unit.operations.get(operation.id)
            if current.state.is_open and current.fence == operation.fence:
                tries = current.tries + 1
                pause = min(2.0**tries, 600.0) * (0.5 + self.randomness.fraction())
                current = unit.operations.save(
                    current.moved(
                        OperationState.UNKNOWN,
                        at=self.wall.now(),
                        tries=tries,
                        error=str(error)[:500],
                        lease_until=self.wall.now() + timedelta(seconds=pause),
                    )
                )
            if then is not None:
                then(unit, current)
            return current

        return self.work(decide)

    def left_open(self, operation: Operation, why: str) -> None:
        """Note that an operation could not be finished for a reason of our own; tell staff once."""
        left = self._unknown(operation, OutcomeUnknown(why), None)
        if left.tries == TELL_STAFF_AFTER_TRIES:
            self.alert("stuck_operation", operation.id, f"{operation.kind}: {why}")

    def alert(self, topic: str, subject: str, detail: str) -> None:
        """Tell staff, through the outbox, about an operation."""

        def decide(unit: Unit) -> None:
            operation = unit.operations.get(OperationId(subject))
            event = StaffAlerted(topic=topic, subject=subject, detail=detail, at=self.wall.now())
            unit.operations.save(evolve(operation, events=(event,)))

        self.work(decide)


def _go_on(then: Then | None, unit: Unit, operation: Operation) -> None:
    """Commit the answer with the outcome, unless a twin answers: the outcome is booked anyway."""
    if then is None:
        return
    with suppress(KeyInUse):
        then(unit, operation)
