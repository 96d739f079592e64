"""What is under way: nothing may be stuck."""

from datetime import datetime, timedelta

from application.ports.records import Operation
from application.verification.report import Look

STUCK_AFTER = timedelta(hours=1)
"""An effect, or a delivery, that is not finished after this long will hardly finish by itself."""


def check_operations(look: Look, now: datetime) -> list[Operation]:
    """I13: no effect on the gateway is stuck. Return those that are under way."""
    under_way = []
    for operation in look.each("operations", look.views.everything.operations()):
        if not operation.state.is_open:
            continue
        under_way.append(operation)
        age = now - operation.created_at
        if age > STUCK_AFTER:
            look.wrong(
                "I13",
                operation.id,
                f"{operation.kind} of {operation.subject} is {operation.state} since "
                f"{operation.created_at.isoformat()}, after {operation.tries} tries: "
                f"{operation.error or 'no error is known'}",
            )
    if under_way:
        look.notes.append(f"{len(under_way)} effects on the gateway are under way")
    return under_way


def check_queues(look: Look, now: datetime) -> None:
    """I12: deliveries and events reach whom they are for."""
    health = look.views.due.health()
    oldest = health.oldest_waiting_delivery_at
    if oldest is not None and now - oldest > STUCK_AFTER:
        look.wrong(
            "I12",
            "inbox",
            f"{health.waiting_deliveries} webhooks wait, the oldest since {oldest.isoformat()}",
        )
    elif health.waiting_deliveries:
        look.notes.append(f"{health.waiting_deliveries} webhooks wait to be processed")
    if health.waiting_messages:
        look.notes.append(f"{health.waiting_messages} events wait for their reactions")
