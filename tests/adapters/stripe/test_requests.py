"""What the Stripe adapter sends."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from adapters.stripe.client import (
    stripe_gateway,
)
from application.ports.gateway import (
    Declined,
    Gateway,
    GatewayCustomer,
    GatewayRefundStatus,
    GatewayRefused,
    OutcomeUnknown,
)
from application.ports.open_units import inside_a_unit
from domain.errors import BrokenInvariant
from tests.adapters.stripe.builders import (
    RETURN_URL,
    Canned,
    a_confirmation,
    a_customer,
    a_gateway,
    new_account,
    new_payment,
    new_refund,
    new_transfer,
    settings,
)
from tests.doubles.stripe_shapes import make
from tests.doubles.stripe_wire import Request, StripeWire

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def wire() -> StripeWire:
    return StripeWire()


@pytest.fixture
def gateway(wire: StripeWire) -> Gateway:
    return a_gateway(wire)


def last(wire: StripeWire) -> Request:
    return wire.requests[-1]


def test_our_key_travels_in_the_header_and_not_among_the_parameters(
    wire: StripeWire, gateway: Gateway
) -> None:
    gateway.payments.create_payment(new_payment(a_customer(gateway).id), key="test:charge:op:1")
    assert last(wire).headers["idempotency-key"] == "test:charge:op:1"
    assert "idempotency_key" not in last(wire).params


def test_a_browser_payment_leaves_the_choice_of_methods_to_the_dashboard(
    wire: StripeWire, gateway: Gateway
) -> None:
    gateway.payments.create_payment(new_payment(a_customer(gateway).id), key="k")
    sent = last(wire).params
    assert sent["automatic_payment_methods"] == {"enabled": "true"}
    assert sent["metadata"] == {"booking": "bk_1", "tuition_operation": "op_payment"}
    assert not {"payment_method_types", "confirm", "off_session"} & sent.keys()


def test_a_server_payment_admits_no_method_that_redirects(
    wire: StripeWire, gateway: Gateway
) -> None:
    request = new_payment(a_customer(gateway).id, payment_method="pm_card_visa")
    gateway.payments.create_payment(request, key="k")
    sent = last(wire).params
    assert sent["automatic_payment_methods"] == {"enabled": "true", "allow_redirects": "never"}
    assert sent["confirm"] == "true"
    assert "off_session" not in sent


def test_a_payment_with_the_payer_away_says_so(wire: StripeWire, gateway: Gateway) -> None:
    customer = a_customer(gateway).id
    card = gateway.cards.attach_card("pm_card_visa", customer=customer, key="attach")
    request = new_payment(customer, payment_method=card.id, on_session=False, save_card=True)
    gateway.payments.create_payment(request, key="k")
    assert last(wire).params["off_session"] == "true"
    assert "setup_future_usage" not in last(wire).params


def test_saving_a_card_sets_it_up_for_payments_with_the_payer_away(
    wire: StripeWire, gateway: Gateway
) -> None:
    customer = a_customer(gateway).id
    request = new_payment(customer, payment_method="pm_card_visa", save_card=True)
    gateway.payments.create_payment(request, key="k")
    assert last(wire).params["setup_future_usage"] == "off_session"
    assert len(gateway.cards.cards_of(customer)) == 1


def test_another_try_of_a_browser_payment_brings_an_address_to_return_to(
    wire: StripeWire, gateway: Gateway
) -> None:
    payment = gateway.payments.create_payment(new_payment(a_customer(gateway).id), key="k")
    gateway.payments.confirm_payment(a_confirmation(payment.id), key="k2")
    assert last(wire).params["return_url"] == RETURN_URL
    assert last(wire).params["use_stripe_sdk"] == "true"


def test_another_try_with_the_payer_away_asks_for_no_action(
    wire: StripeWire, gateway: Gateway
) -> None:
    payment = gateway.payments.create_payment(new_payment(a_customer(gateway).id), key="k")
    gateway.payments.confirm_payment(a_confirmation(payment.id, on_session=False), key="k2")
    assert last(wire).params["off_session"] == "true"
    assert "use_stripe_sdk" not in last(wire).params


def test_a_connected_account_is_described_by_controller_properties(
    wire: StripeWire, gateway: Gateway
) -> None:
    gateway.accounts.create_account(new_account(), key="k")
    sent = last(wire).params
    assert sent["controller"]["stripe_dashboard"] == {"type": "express"}
    assert sent["capabilities"] == {"transfers": {"requested": "true"}}
    assert "type" not in sent


def test_a_transfer_from_one_charge_names_it(wire: StripeWire, gateway: Gateway) -> None:
    request = new_payment(a_customer(gateway).id, payment_method="pm_card_visa")
    charge = gateway.payments.create_payment(request, key="k").charge
    account = gateway.accounts.create_account(new_account(), key="a").id
    wire.store.things[account]["capabilities"] = {"transfers": "active"}
    gateway.transfers.create_transfer(new_transfer(account, source_charge=charge), key="t")
    assert last(wire).params["source_transaction"] == charge


def test_clearing_the_default_card_sends_an_empty_string(
    wire: StripeWire, gateway: Gateway
) -> None:
    gateway.customers.set_default_card(a_customer(gateway).id, None, key="k")
    assert last(wire).params["invoice_settings"] == {"default_payment_method": ""}


def test_looking_for_an_effect_lists_and_never_searches(wire: StripeWire, gateway: Gateway) -> None:
    gateway.payments.find_payment("op", customer="cus_1", since=SINCE)
    gateway.refunds.find_refund("op", payment="pi_1")
    gateway.customers.find_customer("op", email="a@b.example", since=SINCE)
    gateway.transfers.find_transfer("op", transfer_group="po_1")
    gateway.accounts.find_account("op", since=SINCE)
    assert len(wire.requests) == 5
    assert not [request.path for request in wire.requests if "search" in request.path]


def test_looking_for_an_effect_allows_for_clocks_that_differ(
    wire: StripeWire, gateway: Gateway
) -> None:
    gateway.payments.find_payment("op", customer="cus_1", since=SINCE)
    assert int(last(wire).params["created"]["gte"]) < SINCE.timestamp()


def test_an_effect_is_found_beyond_the_first_page(wire: StripeWire, gateway: Gateway) -> None:
    customer = a_customer(gateway).id
    for number in range(103):
        request = new_payment(customer, operation=f"op_{number}")
        gateway.payments.create_payment(request, key=f"k{number}")
    found = gateway.payments.find_payment("op_0", customer=customer, since=SINCE)
    assert found is not None
    assert found.operation == "op_0"
    assert [request.verb for request in wire.requests[-2:]] == ["get", "get"]


CALLS: dict[str, Callable[[Gateway], object]] = {
    "create_payment": lambda gateway: gateway.payments.create_payment(
        new_payment("cus_1"), key="k"
    ),
    "confirm_payment": lambda gateway: gateway.payments.confirm_payment(
        a_confirmation("pi_1"), key="k"
    ),
    "cancel_payment": lambda gateway: gateway.payments.cancel_payment("pi_1", key="k"),
    "payment": lambda gateway: gateway.payments.payment("pi_1"),
    "create_refund": lambda gateway: gateway.refunds.create_refund(new_refund("pi_1"), key="k"),
    "cards_of": lambda gateway: gateway.cards.cards_of("cus_1"),
    "balance_transactions": lambda gateway: gateway.books.balance_transactions(),
    "create_transfer": lambda gateway: gateway.transfers.create_transfer(
        new_transfer("acct_1"), key="k"
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_nothing_is_sent_inside_a_unit_of_work(
    wire: StripeWire, gateway: Gateway, call: Callable[[Gateway], object]
) -> None:
    with inside_a_unit(), pytest.raises(BrokenInvariant):
        call(gateway)
    assert wire.requests == []


def test_a_walk_through_the_books_does_not_go_on_inside_a_unit(gateway: Gateway) -> None:
    gateway.payments.create_payment(
        new_payment(a_customer(gateway).id, payment_method="pm_card_visa"), key="k"
    )
    movements = gateway.books.balance_transactions()
    with inside_a_unit(), pytest.raises(BrokenInvariant):
        next(movements)


@pytest.mark.parametrize("token", ["pm_card_chargeDeclined", "pm_card_visa_chargeDeclined"])
def test_both_spellings_of_a_declining_card_decline(gateway: Gateway, token: str) -> None:
    request = new_payment(a_customer(gateway).id, payment_method=token)
    with pytest.raises(Declined) as caught:
        gateway.payments.create_payment(request, key="k")
    assert (caught.value.code, caught.value.decline_code) == ("card_declined", "generic_decline")


def test_a_declined_try_tells_which_card_it_was(gateway: Gateway) -> None:
    request = new_payment(a_customer(gateway).id, payment_method="pm_card_chargeDeclined")
    with pytest.raises(Declined) as caught:
        gateway.payments.create_payment(request, key="k")
    payment = caught.value.payment
    assert payment is not None
    assert (payment.card_brand, payment.card_last4) == ("visa", "0002")


def test_a_charge_may_be_settled_later(wire: StripeWire, gateway: Gateway) -> None:
    wire.store.settles_late = True
    request = new_payment(a_customer(gateway).id, payment_method="pm_card_visa")
    payment = gateway.payments.create_payment(request, key="k")
    assert payment.balance_transaction is None
    assert payment.charge is not None
    assert gateway.books.charge_transaction(payment.charge) is None


def test_a_saved_card_may_come_with_another_try(wire: StripeWire, gateway: Gateway) -> None:
    customer = a_customer(gateway).id
    payment = gateway.payments.create_payment(new_payment(customer), key="k")
    gateway.payments.confirm_payment(a_confirmation(payment.id, save_card=True), key="k2")
    assert last(wire).params["setup_future_usage"] == "off_session"
    assert len(gateway.cards.cards_of(customer)) == 1


def test_a_bank_account_is_no_card(gateway: Gateway) -> None:
    with pytest.raises(GatewayRefused) as caught:
        gateway.cards.card("pm_usBankAccount_success")
    assert caught.value.code == "not_a_card"


def test_a_customer_deleted_at_stripe_is_known_as_such() -> None:
    canned = Canned(200, '{"id": "cus_1", "object": "customer", "deleted": true}')
    customer = stripe_gateway(settings(canned)).customers.customer("cus_1")
    assert customer == GatewayCustomer(id="cus_1", deleted=True)


def test_a_set_up_without_a_client_secret_is_of_no_use() -> None:
    canned = Canned(200, json.dumps(make("setup_intent", id="seti_1")))
    with pytest.raises(OutcomeUnknown):
        stripe_gateway(settings(canned)).cards.set_up_card("cus_1")


def test_a_refund_that_was_canceled_counts_as_failed() -> None:
    refund = make("refund", id="re_1", currency="usd", amount=1, status="canceled")
    found = stripe_gateway(settings(Canned(200, json.dumps(refund)))).refunds.refund("re_1")
    assert (found.status, found.failure_reason) == (GatewayRefundStatus.FAILED, "canceled")


@pytest.mark.parametrize(
    "id", ["", ".", "..", "pm_1/detach", "pm_1?x=1", "pm_1#", "pm_é", "pm_\x00"], ids=range(8)
)
def test_what_is_no_id_never_becomes_part_of_a_path(
    wire: StripeWire, gateway: Gateway, id: str
) -> None:
    for call in (gateway.cards.card, gateway.cards.cards_of, gateway.customers.customer):
        with pytest.raises(GatewayRefused) as caught:
            call(id)
        assert caught.value.code == "resource_missing"
    assert wire.requests == []
