"""Webhooks, the audit log, health, figures, and the test mode."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from attrs import evolve
from litestar.testing import TestClient

from application.bus import bus_of
from application.webhooks import ReceiveWebhook
from domain.errors import StorageUnavailable
from domain.ledger import SUSPENSE, clearing
from entrypoints.http.app import create_app
from tests.builders import an_entry
from tests.http.shop import Caller, Shop, refused, shown

LOCAL = ("127.0.0.1", 50_000)


def test_a_signed_webhook_is_kept_and_acknowledged_as_often_as_it_comes(shop: Shop) -> None:
    booking = shop.booking()["id"]
    intent = shown(
        shop.student.post("/payments/create-payment-intent", {"booking_id": booking}), 201
    )
    shop.anybody.post(f"/test/payment-intents/{intent['payment_intent_id']}/confirm")
    deliveries = shop.market.world.controls.deliveries.pending_deliveries()

    for delivery in (*deliveries, *deliveries):
        response = shop.anybody.post(
            "/webhooks/stripe",
            content=delivery.body,
            headers={"Stripe-Signature": delivery.signature},
        )
        assert shown(response) == {"received": True}

    assert shown(shop.student.get(f"/bookings/{booking}"))["payment_status"] == "paid"
    events = shown(shop.admin.get("/webhook-events"))["items"]
    assert len(events) == len(deliveries)
    event = next(each for each in events if each["type"] == "payment_intent.succeeded")
    assert event["state"] == "applied"
    path = f"/webhook-events/{event['id']}"
    assert shown(shop.admin.get(path)) == event
    assert shown(shop.admin.post(f"{path}/replay"))["id"] == event["id"]


def test_a_forged_webhook_is_refused(window: Shop) -> None:
    for headers in ({}, {"Stripe-Signature": "t=1,v1=00"}):
        response = window.anybody.post("/webhooks/stripe", content=b"{}", headers=headers)

        refused(response, 400, "bad_signature")


def test_a_webhook_over_a_quarter_of_a_mebibyte_is_not_read(window: Shop) -> None:
    response = window.anybody.post("/webhooks/stripe", content=b"x" * (256 * 1024 + 1))

    refused(response, 413, "content_too_large")


def test_a_webhook_is_asked_for_again_while_the_database_is_away(shop: Shop) -> None:
    shop.payment()
    (delivery, *_) = shop.market.world.controls.deliveries.pending_deliveries()

    def away(*_: object) -> None:
        raise StorageUnavailable("The database is away.")

    services = evolve(shop.services, bus=bus_of({ReceiveWebhook: away}))
    with TestClient(create_app(services)) as client:
        response = Caller(client).post(
            "/webhooks/stripe",
            content=delivery.body,
            headers={"Stripe-Signature": delivery.signature},
        )

    refused(response, 503, "storage_unavailable")


def test_what_staff_does_is_in_the_audit_log(shop: Shop) -> None:
    path = f"/payments/{shop.payment()['id']}/refund"
    response = shop.admin.post(
        path, {"amount": "5.00", "reason": "x"}, headers={"X-Request-Id": "from-a-test"}
    )
    shown(response, 201)

    (entry, *_) = shown(shop.admin.get("/audit-log", actor_id=shop.admin.id))["items"]

    assert entry["request_id"] == "from-a-test"
    assert shown(shop.admin.get(f"/audit-log/{entry['id']}")) == entry
    refused(shop.teacher.get("/audit-log"), 403, "forbidden")


def test_health_tells_whether_the_process_answers_and_can_serve(window: Shop) -> None:
    assert shown(window.anybody.get("//health/live")) == {"status": "ok"}
    assert shown(window.anybody.get("//health/ready"))["status"] == "ready"


def test_it_is_not_ready_while_the_database_is_away() -> None:
    def away() -> None:
        raise StorageUnavailable("The database is away.")

    with Shop(services={"ready_checks": {"database": away}}) as shop:
        response = shop.anybody.get("//health/ready")

        assert response.status_code == 503
        assert response.json() == {"status": "not_ready", "checks": {"database": "away"}}


def test_figures_are_for_admins_and_the_machine_itself(shop: Shop) -> None:
    shop.payment()
    app = shop.client.app

    refused(shop.anybody.get("//metrics"), 401, "not_authenticated")
    refused(shop.teacher.get("//metrics"), 403, "forbidden")
    text = shop.admin.get("//metrics").text
    assert 'tuition_payments{status="succeeded"} 1.0' in text
    assert "tuition_webhook_lag_seconds" in text
    assert "tuition_oldest_open_operation_seconds" in text
    assert 'route="/api/v1/bookings"' in text
    assert 'tuition_commands_total{command="BookGig",outcome="done"}' in text

    assert asyncio.run(_from_here(app)) == 200
    assert asyncio.run(_from_here(app, {"X-Forwarded-For": "203.0.113.7"})) == 401


def test_money_in_suspense_is_a_positive_figure(shop: Shop) -> None:
    stray = an_entry("charge_in_suspense:ch_1", 500, debit=clearing("ch_1"), credit=SUSPENSE)
    shop.market.storage.work(lambda unit: unit.ledger.post(stray))

    figures = shop.admin.get("//metrics").text

    assert 'tuition_suspense_minor_units{currency="usd"} 500.0' in figures


async def _from_here(app: Any, headers: Mapping[str, str] | None = None) -> int:
    """Ask for figures from the machine itself."""
    transport = httpx.ASGITransport(app=app, client=LOCAL)
    async with httpx.AsyncClient(transport=transport, base_url="http://tuition.test") as client:
        return (await client.get("/metrics", headers=headers)).status_code


def test_business_time_moves_and_what_is_due_happens(shop: Shop) -> None:
    booking = shop.booking()["id"]
    before = shown(shop.anybody.get("/test/clock"))["now"]

    after = shown(shop.anybody.post("/test/clock", {"advance_seconds": 3600}))["now"]

    assert (before, after) == ("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")
    assert shown(shop.student.get(f"/bookings/{booking}"))["status"] == "expired"
    refused(shop.anybody.post("/test/clock", {"advance_seconds": -1}), 422, "validation_failed")


def test_unknown_objects_of_the_world_are_absent(window: Shop) -> None:
    for path in (
        "/test/payment-intents/pi_nothing/confirm",
        "/test/payment-intents/pi_nothing/authenticate",
        "/test/setup-intents/seti_nothing/complete",
        "/test/refunds/re_nothing/fail",
        "/test/accounts/acct_nothing/enable",
    ):
        refused(window.anybody.post(path), 404, "not_found")


def test_a_step_that_the_gateway_does_not_allow_is_a_conflict(shop: Shop) -> None:
    intent = shop.payment()["stripe_payment_intent_id"]

    response = shop.anybody.post(f"/test/payment-intents/{intent}/authenticate")

    refused(response, 409, "gateway_state_conflict")


def test_faults_strike_and_are_forgotten(shop: Shop) -> None:
    fault = {"method": "create_payment", "kind": "declined", "decline_code": "insufficient_funds"}
    shown(shop.anybody.post("/test/faults", {"method": "billing_portal", "kind": "locked"}), 201)
    assert shop.anybody.delete("/test/faults").status_code == 204
    shown(shop.anybody.post("/test/faults", fault), 201)
    wanted = {"booking_id": shop.booking()["id"], "payment_method_id": "pm_card_visa"}

    problem = refused(shop.student.post("/payments/process-payment", wanted), 402, "card_declined")

    assert problem["decline_code"] == "insufficient_funds"
    refused(
        shop.anybody.post("/test/faults", {**fault, "method": "nonsense"}),
        422,
        "validation_failed",
    )
