"""What is under way: nothing may be stuck."""

from datetime import datetime, timedelta

from application.verification.report import Look

STUCK_AFTER = timedelta(hours=1)
"""An effect, or a delivery, that is not finished after this long will hardly finish by itself."""


def check_operations(look: Look, now: datetime) -> None:
    """I13: no effect on the gateway is stuck."""
    under_way = 0
    for operation in look.each("effects under way", look.views.under_way.operations()):
        under_way += 1
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
        look.notes.append(f"{under_way} effects on the gateway are under way")


def check_queues(look: Look, now: datetime) -> None:
    """I12: deliveries and events reach whom they are for."""
    health = look.views.due.health()
    for queue, what, number, oldest in (
        ("inbox", "webhooks", health.waiting_deliveries, health.oldest_waiting_delivery_at),
        ("outbox", "events", health.waiting_messages, health.oldest_waiting_message_at),
    ):
        if oldest is not None and now - oldest > STUCK_AFTER:
            look.wrong("I12", queue, f"{number} {what} wait, the oldest since {oldest.isoformat()}")
        elif number:
            purpose = "to be processed" if queue == "inbox" else "for their reactions"
            look.notes.append(f"{number} {what} wait {purpose}")
