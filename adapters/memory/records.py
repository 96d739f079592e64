"""What is kept besides the aggregates: operations, deliveries, events, answers, audit, settings."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from attrs import evolve

from adapters.memory.aggregates import Repository
from adapters.memory.tables import Draft
from application.ports.records import (
    AuditEntry,
    Delivery,
    IdempotencyRecord,
    Operation,
    OutboxMessage,
)
from domain.ids import MessageId, OperationId


class Operations(Repository[Operation, OperationId]):
    """Effects on the gateway."""

    what = "This operation"

    def of_subject(self, subject: str) -> tuple[Operation, ...]:
        """Return the operations about one thing, oldest first."""
        operations = self._rows.of("subject", subject)
        return tuple(sorted(operations, key=lambda each: (each.created_at, each.id)))

    def claim_due(self, at: datetime, until: datetime, limit: int) -> tuple[Operation, ...]:
        """Claim open operations whose lease has run out: fence + 1, lease until `until`."""
        due = tuple(islice(self._rows.ascending("lease", through=at), limit))
        return tuple(
            self.save(evolve(each, fence=each.fence + 1, lease_until=until)) for each in due
        )


class Inbox(Repository[Delivery, str]):
    """Received webhooks."""

    what = "This delivery"

    def receive(self, delivery: Delivery) -> bool:
        """Insert a delivery; False when its event id is there already."""
        if self.find(delivery.id) is not None:
            return False
        self.save(delivery)
        return True

    def due(self, at: datetime, limit: int) -> tuple[str, ...]:
        """Return the ids of deliveries whose `next_try_at` has come, oldest first."""
        due = (
            delivery.id
            for delivery in self._rows.ascending("waiting")
            if delivery.next_try_at is not None and delivery.next_try_at <= at
        )
        return tuple(islice(due, limit))


class Outbox:
    """Events on their way to their reactions."""

    def __init__(self, rows: Draft[OutboxMessage]) -> None:
        self._rows = rows

    def waiting(self, limit: int) -> tuple[OutboxMessage, ...]:
        """Return messages not handed over yet, oldest first."""
        return tuple(islice(self._rows.rows(), limit))

    def done(self, messages: Iterable[MessageId]) -> None:
        """Forget messages that were handed over."""
        for message in messages:
            self._rows.drop(message)


class IdempotencyKeys:
    """Requests that carry an idempotency key."""

    def __init__(self, rows: Draft[IdempotencyRecord]) -> None:
        self._rows = rows

    def insert(self, record: IdempotencyRecord) -> bool:
        """Insert a record; False when scope and key are there already."""
        if self._rows.stored(record) is not None:
            return False
        self._rows.put(record)
        return True

    def find(self, scope: str, key: str) -> IdempotencyRecord | None:
        """Return a record."""
        return self._rows.find((scope, key))

    def update(self, record: IdempotencyRecord) -> None:
        """Overwrite a record."""
        if self._rows.stored(record) is not None:
            self._rows.put(record)

    def drop(self, scope: str, key: str) -> None:
        """Forget a record."""
        self._rows.drop((scope, key))

    def prune(self, before: datetime) -> int:
        """Forget records made before an instant; return how many."""
        old = [
            record
            for record in self._rows.ascending("created", through=before)
            if record.created_at < before
        ]
        for record in old:
            self._rows.drop((record.scope, record.key))
        return len(old)


class AuditLog:
    """What staff did."""

    def __init__(self, rows: Draft[AuditEntry]) -> None:
        self._rows = rows

    def append(self, entry: AuditEntry) -> None:
        """Add an entry."""
        self._rows.put(entry)


class Settings:
    """Small values that belong to the installation."""

    def __init__(self, rows: Draft[tuple[str, str]]) -> None:
        self._rows = rows

    def get(self, name: str) -> str | None:
        """Return a value."""
        setting = self._rows.find(name)
        return None if setting is None else setting[1]

    def put(self, name: str, value: str) -> None:
        """Write a value."""
        self._rows.put((name, value))
