import hmac
import json
from datetime import timedelta
from hashlib import sha256

import pytest

from application.ports.gateway import BadSignature
from tests.contract.gateway.builders import (
    a_card,
    a_customer,
    a_paid_payment,
    an_account,
    an_open_payment,
    events,
    fresh,
    new_payment,
    new_refund,
    new_transfer,
    types,
)
from tests.contract.gateway.harness import SECRET, Delivered, GatewayHarness


def signed(harness: GatewayHarness, body: bytes, *, secret: str = SECRET, age: int = 0) -> str:
    timestamp = int((harness.wall_now() - timedelta(seconds=age)).timestamp())
    signature = hmac.new(secret.encode(), b"%d." % timestamp + body, sha256).hexdigest()
    return f"t={timestamp},v1={signature}"


def a_delivery(harness: GatewayHarness) -> Delivered:
    a_paid_payment(harness.gateway)
    return harness.deliveries()[-1]


def test_success_is_told_with_the_payment_it_belongs_to(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    harness.deliveries()
    request = new_payment(customer, payment_method="pm_card_visa")
    paid = harness.gateway.payments.create_payment(request, key=fresh())
    (event,) = [each for each in events(harness) if each.type == "payment_intent.succeeded"]
    assert event.id.startswith("evt_")
    assert (event.object_type, event.object_id) == ("payment_intent", paid.id)
    assert event.payment == paid.id
    assert event.livemode is False
    assert event.account is None
    assert event.api_version == harness.gateway.profile.api_version
    assert event.facts["operation"] == request.operation
    assert event.facts["status"] == "succeeded"
    assert event.facts["customer"] == customer
    assert event.facts["amount"] == "7500"
    assert event.facts["latest_charge"] == paid.charge


def test_every_step_of_a_payment_is_told(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    harness.deliveries()
    harness.world.confirm_in_browser(payment.id, "pm_card_chargeDeclined")
    assert "payment_intent.payment_failed" in types(harness)
    harness.world.confirm_in_browser(payment.id, "pm_card_authenticationRequired")
    assert "payment_intent.requires_action" in types(harness)
    harness.gateway.payments.cancel_payment(payment.id, key=fresh())
    assert "payment_intent.canceled" in types(harness)


def test_a_delayed_payment_is_told_twice(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    harness.world.confirm_in_browser(payment.id, "pm_usBankAccount_success")
    assert "payment_intent.processing" in types(harness)
    harness.world.let_time_pass(days=10)
    assert "payment_intent.succeeded" in types(harness)


def test_a_refund_is_told_with_its_payment_and_operation(harness: GatewayHarness) -> None:
    paid = a_paid_payment(harness.gateway)
    harness.deliveries()
    request = new_refund(paid, 1000)
    refund = harness.gateway.refunds.create_refund(request, key=fresh())
    told = {event.type: event for event in events(harness)}
    assert {"refund.created", "charge.refunded"} <= told.keys()
    created = told["refund.created"]
    assert (created.object_type, created.object_id) == ("refund", refund.id)
    assert created.payment == paid.id
    assert created.facts["operation"] == request.operation
    assert created.facts["amount"] == "1000"
    assert told["charge.refunded"].payment == paid.id
    assert told["charge.refunded"].facts["amount_refunded"] == "1000"


def test_a_transfer_is_told(harness: GatewayHarness) -> None:
    account, paid = an_account(harness), a_paid_payment(harness.gateway)
    harness.deliveries()
    request = new_transfer(account, 1000, source_charge=paid.charge)
    transfer = harness.gateway.transfers.create_transfer(request, key=fresh())
    (event,) = [each for each in events(harness) if each.type == "transfer.created"]
    assert event.object_id == transfer.id
    assert event.facts["operation"] == request.operation
    assert event.facts["destination"] == account.id


def test_a_detached_card_tells_whose_it_was(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    card = a_card(harness.gateway, customer)
    harness.deliveries()
    harness.gateway.cards.detach_card(card, key=fresh())
    (event,) = [each for each in events(harness) if each.type == "payment_method.detached"]
    assert event.object_id == card
    assert event.facts["previous_customer"] == customer


def test_a_delivery_is_taken_with_its_own_signature(harness: GatewayHarness) -> None:
    delivery = a_delivery(harness)
    event = harness.gateway.webhooks.decode(delivery.body, delivery.signature)
    assert event.id == json.loads(delivery.body)["id"]


@pytest.mark.parametrize(
    "signature", [None, "", "v1=00", "t=1", "t=x,v1=00", "t=1,v1=é", "nonsense"]
)
def test_a_missing_or_broken_signature_is_refused(
    harness: GatewayHarness, signature: str | None
) -> None:
    with pytest.raises(BadSignature):
        harness.gateway.webhooks.decode(a_delivery(harness).body, signature)


def test_one_altered_byte_is_refused(harness: GatewayHarness) -> None:
    delivery = a_delivery(harness)
    for index in (0, len(delivery.body) // 2, len(delivery.body) - 1):
        altered = bytearray(delivery.body)
        altered[index] ^= 1
        with pytest.raises(BadSignature):
            harness.gateway.webhooks.decode(bytes(altered), delivery.signature)


def test_a_stale_signature_is_refused(harness: GatewayHarness) -> None:
    body = a_delivery(harness).body
    decode = harness.gateway.webhooks.decode
    decode(body, signed(harness, body, age=290))
    with pytest.raises(BadSignature):
        decode(body, signed(harness, body, age=310))


def test_another_secret_is_refused(harness: GatewayHarness) -> None:
    body = a_delivery(harness).body
    with pytest.raises(BadSignature):
        harness.gateway.webhooks.decode(body, signed(harness, body, secret="whsec_other"))


def test_a_secret_can_be_rotated(harness: GatewayHarness) -> None:
    body = a_delivery(harness).body
    decoder = harness.decoder("whsec_new", SECRET)
    decoder.decode(body, signed(harness, body))
    decoder.decode(body, signed(harness, body, secret="whsec_new"))
    with pytest.raises(BadSignature):
        harness.decoder("whsec_new").decode(body, signed(harness, body))


def test_a_sender_may_sign_with_several_secrets(harness: GatewayHarness) -> None:
    body = a_delivery(harness).body
    ours = signed(harness, body)
    timestamp, mac = ours.split(",")
    both = f"{timestamp},v1={'0' * 64},{mac}"
    told = harness.gateway.webhooks.decode(body, both)
    assert told.type == json.loads(body)["type"]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff\xfe", b'{"id": "evt_1"}', b"null"])
def test_a_signed_body_that_is_no_event_is_refused(harness: GatewayHarness, body: bytes) -> None:
    with pytest.raises(BadSignature):
        harness.gateway.webhooks.decode(body, signed(harness, body))
