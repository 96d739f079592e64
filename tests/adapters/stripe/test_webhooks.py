"""What the Stripe adapter makes of deliveries."""

import json
import time
from typing import Any

import pytest
import stripe

from adapters.stripe.doctor import ACCOUNT_EVENTS, CONNECT_EVENTS
from adapters.stripe.webhooks import TOLERANCE_SECONDS, StripeWebhooks
from application.ports.gateway import BadSignature, GatewayEvent
from tests.doubles.stripe_shapes import Json, make
from tests.doubles.stripe_store import StripeStore
from tests.doubles.stripe_world import delivery

OLD, NEW = "whsec_old", "whsec_new"


def an_event(type: str, thing: Json, previous: Json | None = None) -> Json:
    store = StripeStore()
    store.tell(type, thing, previous)
    return store.events[0]


def a_refund(**over: Any) -> Json:
    return make(
        "refund",
        **{
            "id": "re_1",
            "amount": 500,
            "currency": "usd",
            "payment_intent": "pi_1",
            "charge": "ch_1",
            "status": "failed",
            "failure_reason": "declined",
            "metadata": {"tuition_operation": "op_1"},
            **over,
        },
    )


def decoded(event: Json) -> GatewayEvent:
    body, signature = delivery(event, NEW)
    return StripeWebhooks((NEW,)).decode(body, signature)


REFUND = an_event("refund.failed", a_refund())


def test_a_signed_delivery_is_read() -> None:
    event = decoded(REFUND)
    assert (event.type, event.object_type, event.object_id) == ("refund.failed", "refund", "re_1")
    assert event.payment == "pi_1"
    assert event.api_version == "2026-10-28.endive"
    assert not event.livemode
    assert event.facts == {
        "status": "failed",
        "currency": "usd",
        "failure_reason": "declined",
        "amount": "500",
        "charge": "ch_1",
        "operation": "op_1",
    }


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_a_secret_is_replaced_both_are_good(secret: str) -> None:
    body, signature = delivery(REFUND, secret)
    assert StripeWebhooks((OLD, NEW)).decode(body, signature).object_id == "re_1"


def test_a_secret_that_was_dropped_is_good_no_more() -> None:
    body, signature = delivery(REFUND, OLD)
    with pytest.raises(BadSignature):
        StripeWebhooks((NEW,)).decode(body, signature)


def test_a_header_with_two_signatures_is_good_for_either() -> None:
    body, old = delivery(REFUND, OLD)
    _, new = delivery(REFUND, NEW, at=int(old.split(",")[0][2:]))
    both = f"{old},{new.split(',')[1]}"
    assert StripeWebhooks((NEW,)).decode(body, both).id == REFUND["id"]
    assert StripeWebhooks((OLD,)).decode(body, both).id == REFUND["id"]


def test_a_delivery_just_within_the_tolerance_is_good() -> None:
    body, signature = delivery(REFUND, NEW, at=int(time.time()) - TOLERANCE_SECONDS + 30)
    assert StripeWebhooks((NEW,)).decode(body, signature).id == REFUND["id"]


def test_a_stale_delivery_is_refused() -> None:
    body, signature = delivery(REFUND, NEW, at=int(time.time()) - TOLERANCE_SECONDS - 2)
    with pytest.raises(BadSignature):
        StripeWebhooks((NEW,)).decode(body, signature)


def test_an_altered_byte_is_refused() -> None:
    body, signature = delivery(REFUND, NEW)
    with pytest.raises(BadSignature):
        StripeWebhooks((NEW,)).decode(body.replace(b"500", b"900"), signature)


GOOD = delivery(REFUND, NEW)[1]


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "nonsense",
        "t=,v1=",
        "t=1",
        "v1=abc",
        GOOD.replace("v1=", "v0="),
        GOOD + "é",
        "t=" + "9" * 6000 + ",v1=abc",
        "t=-1,v1=abc",
    ],
    ids=range(10),
)
def test_a_header_of_any_other_form_is_refused(signature: str | None) -> None:
    with pytest.raises(BadSignature):
        StripeWebhooks((NEW,)).decode(json.dumps(REFUND).encode(), signature)


def test_a_body_that_is_no_text_is_refused() -> None:
    with pytest.raises(BadSignature):
        StripeWebhooks((NEW,)).decode(b"\xff\xfe", GOOD)


@pytest.mark.parametrize("body", ["{", "[]", '{"id": "evt_1"}', '{"object": "v2.core.event"}'])
def test_a_signed_body_that_is_no_event_is_refused(body: str) -> None:
    signature = stripe.WebhookSignature.generate_signature_header(body, NEW)
    with pytest.raises(BadSignature):
        StripeWebhooks((NEW,)).decode(body.encode(), signature)


def test_without_a_secret_nothing_is_good() -> None:
    body, signature = delivery(REFUND, NEW)
    for secrets in ((), ("",)):
        with pytest.raises(BadSignature):
            StripeWebhooks(secrets).decode(body, signature)


def test_a_charge_that_was_settled_tells_its_balance_transaction() -> None:
    charge = make("charge", id="ch_1", payment_intent="pi_1", balance_transaction="txn_1")
    event = decoded(an_event("charge.updated", charge, {"balance_transaction": None}))
    assert event.payment == "pi_1"
    assert event.facts["balance_transaction"] == "txn_1"


def test_a_detached_card_tells_whose_it_was() -> None:
    card = make("payment_method", id="pm_1", type="card", customer=None)
    event = decoded(an_event("payment_method.detached", card, {"customer": "cus_1"}))
    assert event.facts == {"previous_customer": "cus_1"}


def test_an_account_tells_what_it_may_do() -> None:
    account = make(
        "account",
        id="acct_1",
        capabilities={"transfers": "active"},
        charges_enabled=True,
        payouts_enabled=False,
        details_submitted=True,
    )
    event = decoded(an_event("account.updated", account))
    assert event.facts == {
        "charges_enabled": "true",
        "payouts_enabled": "false",
        "details_submitted": "true",
        "transfers_enabled": "true",
    }


def test_an_event_of_a_connected_account_names_it() -> None:
    assert decoded({**REFUND, "account": "acct_1"}).account == "acct_1"


def test_amounts_are_told_in_our_own_minor_units() -> None:
    event = decoded(an_event("refund.updated", a_refund(amount=500, currency="isk")))
    assert event.facts["amount"] == "5"


def test_an_expanded_reference_counts_as_its_id() -> None:
    event = json.loads(json.dumps(REFUND))
    event["data"]["object"]["charge"] = {"id": "ch_2", "object": "charge"}
    assert decoded(event).facts["charge"] == "ch_2"


HANDLED = {
    "payment_intent": "succeeded payment_failed processing requires_action canceled"
    " amount_capturable_updated",
    "charge": "refunded updated",
    "refund": "created updated failed",
    "charge.dispute": "created updated closed funds_withdrawn funds_reinstated",
    "invoice": "paid payment_failed finalized voided",
    "customer.subscription": "created updated deleted paused resumed",
    "setup_intent": "succeeded setup_failed",
    "payment_method": "attached detached updated automatically_updated",
    "account": "updated",
    "transfer": "created reversed",
    "payout": "paid failed",
}
KINDS = {"charge.dispute": "dispute", "customer.subscription": "subscription"}


TYPES = tuple(f"{of}.{verb}" for of, verbs in HANDLED.items() for verb in verbs.split())


@pytest.mark.parametrize("type", TYPES)
def test_every_type_that_is_handled_can_be_read(type: str) -> None:
    of = type.rpartition(".")[0]
    kind = KINDS.get(of, of)
    event = decoded(an_event(type, make(kind, id="obj_1")))
    assert (event.type, event.object_type, event.object_id) == (type, kind, "obj_1")


def test_a_type_that_nobody_knows_can_be_read() -> None:
    event = decoded({**REFUND, "type": "moon.landed", "data": {"object": {"object": "moon"}}})
    assert (event.type, event.object_type, event.object_id) == ("moon.landed", "moon", "moon")


def test_an_endpoint_is_asked_for_what_is_handled_and_nothing_else() -> None:
    assert CONNECT_EVENTS == ("account.updated",)
    assert sorted((*ACCOUNT_EVENTS, *CONNECT_EVENTS)) == sorted(TYPES)
