"""Idempotency keys: the same request again gets the same answer, and one effect.

The rules are those of the HTTP contract: a key is bound to who sends it, where, and the hash of the
raw body. Another body is refused; a twin that comes while the first is under way is told so.
"""

from datetime import timedelta

from attrs import evolve, frozen

from application.ports.clock import WallClock
from application.ports.records import Answer, IdempotencyRecord
from application.ports.storage import Unit, UnitOfWork
from domain.errors import Conflict, Refused
from domain.ids import OperationId

LEASE = timedelta(seconds=60)
"""How long a request may take before its twin may carry it on: longer than a gateway call."""

KEPT_FOR = timedelta(hours=48)
"""How long answers are kept; the gateway prunes its own after 24 hours."""


class KeyReusedForAnotherRequest(Refused):
    """The key came with another body before."""

    code = "idempotency_key_reused"


class KeyInUse(Conflict):
    """The first request with this key is still under way."""

    code = "idempotency_key_in_use"


@frozen
class Idempotency:
    """Begin, refuse and release requests that carry a key."""

    work: UnitOfWork
    wall: WallClock

    def begin(self, scope: str, key: str, body_sha256: str) -> IdempotencyRecord:
        """Take the key, or return the record that holds the stored answer.

        A record without an answer is ours to carry out; its `operations` are what an earlier run
        that died has begun. Raises `KeyReusedForAnotherRequest`, or `KeyInUse` while a twin holds
        it.
        """
        now = self.wall.now()
        fresh = IdempotencyRecord(
            scope=scope,
            key=key,
            body_sha256=body_sha256,
            lease_until=now + LEASE,
            created_at=now,
        )

        def decide(unit: Unit) -> IdempotencyRecord:
            if unit.idempotency.insert(fresh):
                return fresh
            known = unit.idempotency.find(scope, key)
            if known is None:  # dropped by its twin between the two statements
                raise KeyInUse("The first request with this key is still under way.")
            if known.body_sha256 != body_sha256:
                raise KeyReusedForAnotherRequest("This key was used with another request.")
            if known.answer is not None:
                return known
            if known.lease_until > now:
                raise KeyInUse("The first request with this key is still under way.")
            taken_over = evolve(known, lease_until=now + LEASE)
            unit.idempotency.update(taken_over)
            return taken_over

        return self.work(decide)

    def refused(self, record: IdempotencyRecord, answer: Answer) -> None:
        """Store a refusal by rule, which came without an effect or after its own commit.

        Raises `KeyInUse` when a twin has taken the key over: what it answers, counts.
        """

        def decide(unit: Unit) -> None:
            known = unit.idempotency.find(record.scope, record.key)
            if known is None or not known.is_held_by(record):
                raise KeyInUse("Another request with this key has taken over.")
            unit.idempotency.update(evolve(known, answer=answer))

        self.work(decide)

    def release(self, record: IdempotencyRecord) -> None:
        """Forget a key whose request is not to be remembered, so that it can be tried again.

        A key that has begun an operation is kept: the retry must carry that on. One that a twin has
        taken over is the twin's.
        """

        def decide(unit: Unit) -> None:
            known = unit.idempotency.find(record.scope, record.key)
            if known is None or not known.is_held_by(record):
                return
            begun = (
                unit.operations.find(OperationId(operation))
                for operation in known.operations.values()
            )
            if any(operation is not None and operation.state.is_open for operation in begun):
                unit.idempotency.update(evolve(known, lease_until=self.wall.now()))
            else:
                unit.idempotency.drop(record.scope, record.key)

        self.work(decide)

    def prune(self) -> int:
        """Forget what is older than `KEPT_FOR`."""
        before = self.wall.now() - KEPT_FOR
        return self.work(lambda unit: unit.idempotency.prune(before))
