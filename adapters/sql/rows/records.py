"""Operations, deliveries, events, answers, and the audit log."""

from typing import Any

from attrs import asdict

from adapters.sql.mapper import Row, mapper
from adapters.sql.tables import deliveries, operations
from application.ports.records import (
    Answer,
    AuditEntry,
    Delivery,
    DeliveryState,
    IdempotencyRecord,
    Operation,
    OperationState,
    OutboxMessage,
)
from domain.events import EVENTS, Event
from domain.ids import AuditId, MessageId, OperationId, UserId


def operation_to_row(operation: Operation) -> dict[str, Any]:
    """Write an operation."""
    return {
        "id": operation.id,
        "kind": operation.kind,
        "subject": operation.subject,
        "params": dict(operation.params),
        "params_sha256": operation.params_sha256,
        "attempt": operation.attempt,
        "state": operation.state,
        "fence": operation.fence,
        "lease_until": operation.lease_until,
        "tries": operation.tries,
        "result": operation.result,
        "error": operation.error,
        "refusal": None if operation.refusal is None else dict(operation.refusal),
        "created_at": operation.created_at,
        "updated_at": operation.updated_at,
        "version": operation.version,
    }


def operation_from_row(row: Row) -> Operation:
    """Read an operation."""
    return Operation(
        id=OperationId(row.id),
        kind=row.kind,
        subject=row.subject,
        params=row.params,
        params_sha256=row.params_sha256,
        attempt=row.attempt,
        state=OperationState(row.state),
        fence=row.fence,
        lease_until=row.lease_until,
        tries=row.tries,
        result=row.result,
        error=row.error,
        refusal=row.refusal,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def delivery_to_row(delivery: Delivery) -> dict[str, Any]:
    """Write a delivery."""
    return {
        "id": delivery.id,
        "type": delivery.type,
        "object_type": delivery.object_type,
        "object_id": delivery.object_id,
        "payment": delivery.payment,
        "account": delivery.account,
        "livemode": delivery.livemode,
        "api_version": delivery.api_version,
        "facts": dict(delivery.facts),
        "body": delivery.body,
        "event_at": delivery.event_at,
        "received_at": delivery.received_at,
        "state": delivery.state,
        "next_try_at": delivery.next_try_at,
        "tries": delivery.tries,
        "error": delivery.error,
        "applied_at": delivery.applied_at,
        "version": delivery.version,
    }


def delivery_from_row(row: Row) -> Delivery:
    """Read a delivery."""
    return Delivery(
        id=row.id,
        type=row.type,
        object_type=row.object_type,
        object_id=row.object_id,
        payment=row.payment,
        account=row.account,
        livemode=row.livemode,
        api_version=row.api_version,
        facts=row.facts,
        body=row.body,
        event_at=row.event_at,
        received_at=row.received_at,
        state=DeliveryState(row.state),
        next_try_at=row.next_try_at,
        tries=row.tries,
        error=row.error,
        applied_at=row.applied_at,
        version=row.version,
    )


def event_to_row(id: str, event: Event) -> dict[str, Any]:
    """Write an event: the name of its class, its instant, and its other fields."""
    body = asdict(event)
    at = body.pop("at")
    return {"id": id, "name": type(event).__name__, "body": body, "at": at, "is_done": False}


def message_from_row(row: Row) -> OutboxMessage:
    """Read an event on its way."""
    event = EVENTS[row.name](at=row.at, **row.body)
    return OutboxMessage(id=MessageId(row.id), event=event)


def idempotency_to_row(record: IdempotencyRecord) -> dict[str, Any]:
    """Write a request with an idempotency key."""
    answer = record.answer
    return {
        "scope": record.scope,
        "key": record.key,
        "body_sha256": record.body_sha256,
        "lease_until": record.lease_until,
        "created_at": record.created_at,
        "operations": dict(record.operations),
        "answer_status": None if answer is None else answer.status,
        "answer_body": None if answer is None else answer.body,
        "answer_content_type": None if answer is None else answer.content_type,
    }


def idempotency_from_row(row: Row) -> IdempotencyRecord:
    """Read a request with an idempotency key."""
    answer = row.answer_status is not None
    return IdempotencyRecord(
        scope=row.scope,
        key=row.key,
        body_sha256=row.body_sha256,
        lease_until=row.lease_until,
        created_at=row.created_at,
        operations=row.operations,
        answer=Answer(
            status=row.answer_status, body=row.answer_body, content_type=row.answer_content_type
        )
        if answer
        else None,
    )


def audit_to_row(entry: AuditEntry) -> dict[str, Any]:
    """Write an entry of the audit log."""
    return {
        "id": entry.id,
        "actor_id": entry.actor_id,
        "action": entry.action,
        "subject": entry.subject,
        "before": dict(entry.before),
        "after": dict(entry.after),
        "request_id": entry.request_id,
        "created_at": entry.created_at,
    }


def audit_from_row(row: Row) -> AuditEntry:
    """Read an entry of the audit log."""
    return AuditEntry(
        id=AuditId(row.id),
        actor_id=None if row.actor_id is None else UserId(row.actor_id),
        action=row.action,
        subject=row.subject,
        before=row.before,
        after=row.after,
        request_id=row.request_id,
        created_at=row.created_at,
    )


OPERATIONS = mapper("This operation", operations, operation_to_row, operation_from_row)
DELIVERIES = mapper("This delivery", deliveries, delivery_to_row, delivery_from_row)
