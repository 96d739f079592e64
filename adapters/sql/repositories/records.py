"""Operations, webhooks, events on their way, answers, audit, settings."""

from collections.abc import Iterable
from datetime import datetime

from attrs import define, evolve
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_into

from adapters.sql.mapper import claimed, insert_if_absent, locked
from adapters.sql.repositories.base import SqlRepository
from adapters.sql.repositories.earnings import LOCK_BY_NAME
from adapters.sql.rows.records import (
    audit_to_row,
    idempotency_from_row,
    idempotency_to_row,
    message_from_row,
)
from adapters.sql.tables import (
    audit_log,
    deliveries,
    idempotency_keys,
    operations,
    outbox,
    settings,
)
from adapters.sql.transaction import Transaction
from application.ports.records import (
    AuditEntry,
    Delivery,
    DeliveryState,
    IdempotencyRecord,
    Operation,
    OperationState,
    OutboxMessage,
)
from domain.ids import MessageId, OperationId

OPEN_STATES = sorted(state for state in OperationState if state.is_open)

OPERATIONS_OF_SUBJECT = (
    select(operations)
    .where(operations.c.subject == bindparam("subject"))
    .order_by(operations.c.created_at, operations.c.id)
)
CLAIMED_OPERATIONS = claimed(
    select(operations)
    .where(operations.c.state.in_(OPEN_STATES), operations.c.lease_until <= bindparam("at"))
    .order_by(operations.c.lease_until, operations.c.id)
    .limit(bindparam("limit"))
)

DUE_DELIVERIES = (
    select(deliveries.c.id)
    .where(
        deliveries.c.state == DeliveryState.RECEIVED, deliveries.c.next_try_at <= bindparam("at")
    )
    .order_by(deliveries.c.received_at, deliveries.c.id)
    .limit(bindparam("limit"))
)

WAITING_MESSAGES = claimed(
    select(outbox).where(~outbox.c.is_done).order_by(outbox.c.seq).limit(bindparam("limit"))
)
MARK_DONE = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("messages", expanding=True)))
    .values(is_done=True)
)

_one_key = (
    idempotency_keys.c.scope == bindparam("wanted_scope"),
    idempotency_keys.c.key == bindparam("wanted_key"),
)
INSERT_KEY = insert_if_absent(idempotency_keys)
FIND_KEY = locked(select(idempotency_keys).where(*_one_key))
UPDATE_KEY = update(idempotency_keys).where(*_one_key)
DROP_KEY = delete(idempotency_keys).where(*_one_key)
PRUNE_KEYS = delete(idempotency_keys).where(idempotency_keys.c.created_at < bindparam("before"))

APPEND_AUDIT = insert(audit_log)

FIND_SETTING = locked(select(settings.c.value).where(settings.c.name == bindparam("wanted_name")))
_put = insert_into(settings)
PUT_SETTING = _put.on_conflict_do_update(
    index_elements=["name"], set_={"value": _put.excluded.value}
)


class SqlOperations(SqlRepository[Operation, OperationId]):
    """Effects on the gateway."""

    def of_subject(self, subject: str) -> tuple[Operation, ...]:
        """Return the operations about one thing, oldest first."""
        return self._all(OPERATIONS_OF_SUBJECT, subject=subject)

    def claim_due(self, at: datetime, until: datetime, limit: int) -> tuple[Operation, ...]:
        """Claim open operations whose lease has run out; another's are skipped."""
        due = self._all(CLAIMED_OPERATIONS, at=at, limit=limit)
        return tuple(
            self.save(evolve(operation, fence=operation.fence + 1, lease_until=until))
            for operation in due
        )


class SqlInbox(SqlRepository[Delivery, str]):
    """Received webhooks."""

    def receive(self, delivery: Delivery) -> bool:
        """Insert a delivery; False when its event id is there already."""
        row = self._mapper.to_row(delivery) | {"version": 1}
        is_new = bool(self._transaction.run(self._mapper.insert, row))
        if is_new:
            self._events.append(delivery.events)
        return is_new

    def due(self, at: datetime, limit: int) -> tuple[str, ...]:
        """Return the ids of deliveries in state received whose `next_try_at` has come."""
        return tuple(row.id for row in self._transaction.all(DUE_DELIVERIES, at=at, limit=limit))


@define
class SqlOutbox:
    """Events on their way to their reactions."""

    _transaction: Transaction

    def waiting(self, limit: int) -> tuple[OutboxMessage, ...]:
        """Return messages not handed over yet, oldest first, locked; another's are skipped."""
        rows = self._transaction.all(WAITING_MESSAGES, limit=limit)
        return tuple(message_from_row(row) for row in rows)

    def done(self, messages: Iterable[MessageId]) -> None:
        """Mark messages as handed over."""
        self._transaction.run(MARK_DONE, {"messages": list(messages)})


@define
class SqlIdempotencyKeys:
    """Requests that carry an idempotency key."""

    _transaction: Transaction

    def insert(self, record: IdempotencyRecord) -> bool:
        """Insert a record; False when scope and key are there already."""
        return bool(self._transaction.run(INSERT_KEY, idempotency_to_row(record)))

    def find(self, scope: str, key: str) -> IdempotencyRecord | None:
        """Return a record, locked until the unit ends."""
        row = self._transaction.one(FIND_KEY, wanted_scope=scope, wanted_key=key)
        return None if row is None else idempotency_from_row(row)

    def update(self, record: IdempotencyRecord) -> None:
        """Overwrite a record."""
        row = idempotency_to_row(record)
        where = {"wanted_scope": row.pop("scope"), "wanted_key": row.pop("key")}
        self._transaction.run(UPDATE_KEY, row | where)

    def drop(self, scope: str, key: str) -> None:
        """Forget a record."""
        self._transaction.run(DROP_KEY, {"wanted_scope": scope, "wanted_key": key})

    def prune(self, before: datetime) -> int:
        """Forget records made before an instant; return how many."""
        return self._transaction.run(PRUNE_KEYS, {"before": before})


@define
class SqlAuditLog:
    """What staff did."""

    _transaction: Transaction

    def append(self, entry: AuditEntry) -> None:
        """Add an entry."""
        self._transaction.run(APPEND_AUDIT, audit_to_row(entry))


@define
class SqlSettings:
    """Small values that belong to the installation."""

    _transaction: Transaction

    def get(self, name: str) -> str | None:
        """Return a value, locked until the unit ends, and so is its absence."""
        found = self._find(name)
        if found is None and self._transaction.is_postgresql:
            self._transaction.one(LOCK_BY_NAME, name=f"setting:{name}")
            found = self._find(name)
        return found

    def put(self, name: str, value: str) -> None:
        """Write a value."""
        self._transaction.run(PUT_SETTING, {"name": name, "value": value})

    def _find(self, name: str) -> str | None:
        found: str | None = self._transaction.value(FIND_SETTING, wanted_name=name)
        return found
