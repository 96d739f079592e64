"""What operators use: the gateway's webhooks, its configuration, the audit log, health, figures."""

from functools import partial
from typing import Any

from application.ports.storage import AuditFilter, DeliveryFilter, Health
from application.staff import GetAudit, ListAudit
from application.webhooks import (
    GetDelivery,
    ListDeliveries,
    ReceiveWebhook,
    ReplayDelivery,
    WebhookRejected,
)
from domain.errors import StorageUnavailable
from domain.ids import AuditId, UserId
from entrypoints.http.endpoints import Call, Do, Raw, Reply, Resource, shown_as
from entrypoints.http.figures import Figures, exposition
from entrypoints.http.paging import created_in, page_of
from entrypoints.http.policies import ADMIN, OPERATOR, PUBLIC, SIGNED
from entrypoints.http.presenters import operations as present
from entrypoints.http.presenters.common import pages
from entrypoints.http.schemas import operations as schema
from entrypoints.http.schemas.common import Page

WEBHOOK_LIMIT_BYTES = 256 * 1024
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

webhooks = Resource("/webhooks", tag="Webhooks")
deliveries = Resource("/webhook-events", tag="Webhooks")
stripe = Resource("/stripe", tag="Payments")
audit = Resource("/audit-log", tag="Operations")
health = Resource("/health", tag="Health", base="")
metrics = Resource("/metrics", tag="Health", base="")


@stripe.get("/config", who=PUBLIC, answers={200: schema.StripeConfig})
def stripe_config(call: Call) -> Reply:
    """Show what a page needs to talk to the gateway."""
    return Reply(200, present.config(call.services.profile))


@webhooks.post(
    "/stripe",
    keyed=False,
    who=SIGNED,
    limit_bytes=WEBHOOK_LIMIT_BYTES,
    answers={200: schema.Received},
    refuses=(WebhookRejected,),
)
def receive_webhook(raw: bytes, call: Call) -> Do[Any]:
    """Receive a webhook of the gateway's.

    The signature is checked over the body as it came. What was received is kept before it is
    acknowledged; the same event again changes nothing.
    """
    command = ReceiveWebhook(body=raw, signature=call.header("stripe-signature"))
    return Do(command, lambda _, __: Reply(200, schema.Received(received=True)))


@deliveries.get("", who=ADMIN, answers={200: Page[schema.WebhookEvent]})
def list_webhook_events(query: schema.DeliveryQuery) -> Do[Any]:
    """List what the gateway delivered."""
    where = DeliveryFilter(state=query.state, type=query.type, created=created_in(query))
    return Do(ListDeliveries(where=where, page=page_of(query)), pages(present.delivery))


@deliveries.get("/{event_id}", who=ADMIN, answers={200: schema.WebhookEvent})
def show_webhook_event(event_id: str) -> Do[Any]:
    """Show a delivery, and what became of it."""
    return Do(GetDelivery(delivery_id=event_id), shown_as(200, present.delivery))


@deliveries.post("/{event_id}/replay", who=ADMIN, answers={200: schema.WebhookEvent})
def replay_webhook_event(event_id: str) -> Do[Any]:
    """Apply a delivery once more; what it brought before is not brought twice."""
    return Do(ReplayDelivery(delivery_id=event_id), partial(present.delivery_by_id, event_id))


@audit.get("", who=ADMIN, answers={200: Page[schema.AuditEntry]})
def list_audit_log(query: schema.AuditQuery) -> Do[Any]:
    """List what staff did."""
    where = AuditFilter(
        actor_id=None if query.actor_id is None else UserId(query.actor_id),
        subject=query.subject,
        action=query.action,
        created=created_in(query),
    )
    return Do(ListAudit(where=where, page=page_of(query)), pages(present.audit_entry))


@audit.get("/{audit_id}", who=ADMIN, answers={200: schema.AuditEntry})
def show_audit_entry(audit_id: str) -> Do[Any]:
    """Show one thing that staff did."""
    return Do(GetAudit(audit_id=AuditId(audit_id)), shown_as(200, present.audit_entry))


@health.get("/live", who=PUBLIC, answers={200: schema.Alive})
def live() -> Reply:
    """Tell that the process answers."""
    return Reply(200, schema.Alive(status="ok"))


@health.get("/ready", who=PUBLIC, answers={200: schema.Readiness, 503: schema.Readiness})
def ready(call: Call) -> Reply:
    """Tell whether requests can be served now."""
    shown = present.readiness(call.services.ready_checks)
    return Reply(200 if shown.status == "ready" else 503, shown)


def metrics_of(figures: Figures) -> Any:
    """Return the route that shows these figures."""

    @metrics.get("", who=OPERATOR, answers={200: Raw(METRICS_TYPE)})
    def show_metrics(call: Call) -> Reply:
        """Show figures for Prometheus: from the machine itself, or to an admin."""
        registries = (figures.registry, *call.services.registries)
        text = exposition(registries, _health(call), call.services.wall.now())
        return Reply(200, Raw(METRICS_TYPE, text))

    return show_metrics


def _health(call: Call) -> Health | None:
    try:
        return call.services.read(lambda views: views.due.health())
    except StorageUnavailable:
        return None
