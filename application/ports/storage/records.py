"""The records that a unit of work keeps beside the aggregates."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from application.ports.records import (
    AuditEntry,
    Delivery,
    IdempotencyRecord,
    Operation,
    OutboxMessage,
)
from application.ports.storage.repositories import Repository
from domain.ids import MessageId, OperationId
from domain.ledger import Entry
from domain.money import Currency


class Operations(Repository[Operation, OperationId], Protocol):
    """Effects on the gateway."""

    def of_subject(self, subject: str) -> tuple[Operation, ...]:
        """Return the operations about one thing, oldest first."""
        ...

    def claim_due(self, at: datetime, until: datetime, limit: int) -> tuple[Operation, ...]:
        """Claim open operations whose lease has run out: fence + 1, lease until `until`. Two
        workers never claim the same one.
        """
        ...


class Inbox(Protocol):
    """Received webhooks."""

    def receive(self, delivery: Delivery) -> bool:
        """Insert a delivery; False when its event id is there already."""
        ...

    def get(self, id: str) -> Delivery:
        """Return a delivery, locked until the unit ends. Raises `NotFound`."""
        ...

    def save(self, delivery: Delivery) -> Delivery:
        """Write a delivery. Raises `StaleWrite`."""
        ...

    def due(self, at: datetime, limit: int) -> tuple[str, ...]:
        """Return ids of deliveries in state received whose `next_try_at` has come, oldest first."""
        ...


class Outbox(Protocol):
    """Events on their way to their reactions."""

    def waiting(self, limit: int) -> tuple[OutboxMessage, ...]:
        """Return messages not handed over yet, oldest first, locked; locked ones are skipped."""
        ...

    def done(self, messages: Iterable[MessageId]) -> None:
        """Mark messages as handed over."""
        ...


class Ledger(Protocol):
    """The append-only ledger."""

    def post(self, entry: Entry) -> bool:
        """Append an entry; False, and nothing written, when its key is booked already."""
        ...

    def balance(self, account: str, currency: Currency) -> int:
        """Return the signed sum of an account, in minor units."""
        ...

    def seal(self, limit: int) -> int:
        """Chain up to `limit` committed entries that are not sealed yet; return how many.

        Each seal is the SHA-256 of the one before and of the entry's canonical text
        (`application.sealing.canonical`).
        """
        ...


class IdempotencyKeys(Protocol):
    """Requests that carry an idempotency key."""

    def insert(self, record: IdempotencyRecord) -> bool:
        """Insert a record; False when scope and key are there already."""
        ...

    def find(self, scope: str, key: str) -> IdempotencyRecord | None:
        """Return a record, locked until the unit ends."""
        ...

    def update(self, record: IdempotencyRecord) -> None:
        """Overwrite a record."""
        ...

    def drop(self, scope: str, key: str) -> None:
        """Forget a record."""
        ...

    def prune(self, before: datetime) -> int:
        """Forget records made before an instant; return how many."""
        ...


class AuditLog(Protocol):
    """What staff did."""

    def append(self, entry: AuditEntry) -> None:
        """Add an entry."""
        ...


class Settings(Protocol):
    """Small values that belong to the installation: the generated secret, the clock's offset."""

    def get(self, name: str) -> str | None:
        """Return a value, locked until the unit ends."""
        ...

    def put(self, name: str, value: str) -> None:
        """Write a value."""
        ...
