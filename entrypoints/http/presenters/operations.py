"""What operators and test mode see."""

from collections.abc import Callable, Mapping
from typing import Literal

from application.ports.gateway import GatewayProfile
from application.ports.records import AuditEntry, Delivery
from application.ports.storage import Views
from application.ports.test_mode import BrowserAnswer
from domain.errors import NotFound
from entrypoints.http.endpoints import Reply
from entrypoints.http.schemas import operations as schema


def config(profile: GatewayProfile) -> schema.StripeConfig:
    """Show what a page may know of the gateway."""
    return schema.StripeConfig(
        publishable_key=profile.publishable_key,
        livemode=profile.livemode,
        api_version=profile.api_version,
        gateway="stripe" if profile.name == "stripe" else "fake",
    )


def delivery(value: Delivery) -> schema.WebhookEvent:
    """Show a delivery without its body."""
    return schema.WebhookEvent(
        id=value.id,
        type=value.type,
        object_type=value.object_type,
        object_id=value.object_id,
        payment_intent_id=value.payment,
        account=value.account,
        livemode=value.livemode,
        api_version=value.api_version,
        state=value.state,
        tries=value.tries,
        error=value.error,
        event_at=value.event_at,
        received_at=value.received_at,
        next_try_at=value.next_try_at,
        applied_at=value.applied_at,
    )


def delivery_by_id(id: str, views: Views, _: object) -> Reply:
    """Answer with the delivery of an id."""
    found = views.deliveries.find(id)
    if found is None:
        raise NotFound("This delivery")
    return Reply(200, delivery(found))


def audit_entry(value: AuditEntry) -> schema.AuditEntry:
    """Show what a member of staff did."""
    return schema.AuditEntry(
        id=value.id,
        actor_id=value.actor_id,
        action=value.action,
        subject=value.subject,
        before=value.before,
        after=value.after,
        request_id=value.request_id,
        created_at=value.created_at,
    )


def readiness(checks: Mapping[str, Callable[[], None]]) -> schema.Readiness:
    """Ask everything that requests need."""
    found = {name: _asked(check) for name, check in checks.items()}
    all_there = all(answer == "ok" for answer in found.values())
    return schema.Readiness(status="ready" if all_there else "not_ready", checks=found)


def _asked(check: Callable[[], None]) -> Literal["ok", "away"]:
    try:
        check()
    except Exception:  # noqa: BLE001 - whatever keeps it from answering, it is away
        return "away"
    return "ok"


def browser_answer(value: BrowserAnswer) -> schema.BrowserAnswer:
    """Show what Stripe.js would answer."""
    error = value.error
    return schema.BrowserAnswer(
        id=value.id,
        object=value.object,
        status=value.status,
        payment_method=value.payment_method,
        error=None
        if error is None
        else schema.BrowserProblem(
            type=error.type,
            code=error.code,
            message=error.message,
            decline_code=error.decline_code,
            advice=error.advice,
        ),
    )
