"""The double of Stripe: its idempotency, faults and refusals; and the adapter over a socket."""

from collections.abc import Iterator

import pytest
import stripe

from adapters.stripe.client import stripe_client, stripe_gateway
from application.ports.gateway import (
    Declined,
    Gateway,
    GatewayBusy,
    GatewayPayment,
    GatewayPaymentStatus,
    GatewayRefused,
    KeyReused,
    NewPayment,
    OutcomeUnknown,
)
from tests.adapters.stripe.builders import (
    a_customer,
    a_gateway,
    new_payment,
    new_refund,
    settings,
)
from tests.doubles.stripe_loopback import Loopback, serving
from tests.doubles.stripe_params import BadParams
from tests.doubles.stripe_shapes import must_fit
from tests.doubles.stripe_wire import RESTRICTED_KEY, Fault, InProcess, StripeWire
from tests.doubles.stripe_world import StripeWorld

CREATE = ("post", "/v1/payment_intents")


@pytest.fixture
def wire() -> StripeWire:
    return StripeWire()


@pytest.fixture
def gateway(wire: StripeWire) -> Gateway:
    return a_gateway(wire)


@pytest.fixture
def request_(gateway: Gateway) -> NewPayment:
    return new_payment(a_customer(gateway).id, payment_method="pm_card_visa")


def pay(gateway: Gateway, request: NewPayment, key: str = "k") -> GatewayPayment:
    return gateway.payments.create_payment(request, key=key)


def intents(wire: StripeWire) -> int:
    return len(list(wire.store.all("payment_intent")))


def test_the_same_key_replays_the_same_answer(
    wire: StripeWire, gateway: Gateway, request_: NewPayment
) -> None:
    assert pay(gateway, request_) == pay(gateway, request_)
    assert intents(wire) == 1


def test_a_replay_shows_the_answer_of_then(
    gateway: Gateway, wire: StripeWire, request_: NewPayment
) -> None:
    first = pay(gateway, request_)
    gateway.refunds.create_refund(new_refund(first.id), key="r")
    assert pay(gateway, request_).refunded == 0
    assert gateway.payments.payment(first.id).refunded == 1000


def test_a_key_is_forgotten_after_a_day(
    wire: StripeWire, gateway: Gateway, request_: NewPayment
) -> None:
    pay(gateway, request_)
    StripeWorld(wire.store).let_time_pass(2)
    pay(gateway, request_)
    assert intents(wire) == 2


def test_a_key_with_other_parameters_is_refused(gateway: Gateway, request_: NewPayment) -> None:
    pay(gateway, request_)
    with pytest.raises(KeyReused):
        gateway.payments.create_payment(new_payment(request_.customer), key="k")


def test_a_decline_is_kept_under_its_key(
    wire: StripeWire, gateway: Gateway, request_: NewPayment
) -> None:
    declining = new_payment(request_.customer, payment_method="pm_card_chargeDeclined")
    for _ in range(2):
        with pytest.raises(Declined):
            pay(gateway, declining)
    assert intents(wire) == 1


def test_a_key_that_is_running_is_busy_and_nothing_is_kept(
    wire: StripeWire, gateway: Gateway, request_: NewPayment
) -> None:
    with wire.running("k"), pytest.raises(GatewayBusy):
        pay(gateway, request_)
    assert pay(gateway, request_).captured == 7500


@pytest.mark.parametrize("fault", [Fault.LOCKED, Fault.LIMITED])
def test_what_was_turned_away_succeeds_under_the_same_key(
    wire: StripeWire, gateway: Gateway, request_: NewPayment, fault: Fault
) -> None:
    wire.fail_next(*CREATE, fault)
    with pytest.raises(GatewayBusy):
        pay(gateway, request_)
    assert intents(wire) == 0
    assert pay(gateway, request_).captured == 7500


@pytest.mark.parametrize(
    ("fault", "made"),
    [
        (Fault.BROKEN_NEVER, 0),
        (Fault.BROKEN_AFTER, 1),
        (Fault.LOST_REQUEST, 0),
        (Fault.LOST_ANSWER, 1),
    ],
)
def test_an_unknown_outcome_may_have_happened(
    wire: StripeWire, gateway: Gateway, request_: NewPayment, fault: Fault, made: int
) -> None:
    wire.fail_next(*CREATE, fault)
    with pytest.raises(OutcomeUnknown):
        pay(gateway, request_)
    assert intents(wire) == made


@pytest.mark.parametrize("fault", [Fault.BROKEN_NEVER, Fault.BROKEN_AFTER, Fault.BROKEN_BEFORE])
def test_a_kept_500_is_replayed_for_ever(
    wire: StripeWire, gateway: Gateway, request_: NewPayment, fault: Fault
) -> None:
    wire.fail_next(*CREATE, fault)
    for _ in range(3):
        with pytest.raises(OutcomeUnknown):
            pay(gateway, request_)


def test_what_broke_may_happen_later(
    wire: StripeWire, gateway: Gateway, request_: NewPayment
) -> None:
    wire.fail_next(*CREATE, Fault.BROKEN_BEFORE)
    with pytest.raises(OutcomeUnknown):
        pay(gateway, request_)
    assert intents(wire) == 0
    wire.catch_up()
    assert intents(wire) == 1


def test_an_answer_that_was_lost_is_replayed(
    wire: StripeWire, gateway: Gateway, request_: NewPayment
) -> None:
    wire.fail_next(*CREATE, Fault.LOST_ANSWER)
    with pytest.raises(OutcomeUnknown):
        pay(gateway, request_)
    assert pay(gateway, request_).captured == 7500
    assert intents(wire) == 1


def test_a_key_without_rights_is_refused(wire: StripeWire) -> None:
    with pytest.raises(GatewayRefused) as caught:
        a_gateway(wire, secret_key=RESTRICTED_KEY).books.balances()
    assert caught.value.code == "permission_denied"


def test_a_wrong_key_is_refused(wire: StripeWire) -> None:
    with pytest.raises(GatewayRefused) as caught:
        a_gateway(wire, secret_key="sk_test_other").books.balances()
    assert caught.value.code == "authentication_failed"
    assert "sk_test" not in str(caught.value)


def test_a_request_of_an_older_api_does_not_get_past_the_double(wire: StripeWire) -> None:
    client = stripe_client(settings(InProcess(wire)))
    # The suppressed error proves that mypy finds it as well: one that is not needed is an error.
    with pytest.raises(BadParams, match="payment_method_types: unknown parameter"):
        client.v1.payment_intents.create(
            {"amount": 100, "currency": "usd", "payment_method_types": ["card"]}  # type: ignore[typeddict-unknown-key]
        )


def test_a_payment_below_the_minimum_is_refused(gateway: Gateway, request_: NewPayment) -> None:
    with pytest.raises(GatewayRefused) as caught:
        pay(gateway, new_payment(request_.customer, amount=49))
    assert caught.value.code == "amount_too_small"


def test_a_payment_for_the_browser_needs_an_address_to_return_to(
    wire: StripeWire, gateway: Gateway, request_: NewPayment
) -> None:
    payment = pay(gateway, new_payment(request_.customer))
    client = stripe_client(settings(InProcess(wire)))
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.confirm(payment.id, {"payment_method": "pm_card_visa"})
    assert caught.value.param == "return_url"


def test_a_card_that_was_paid_with_unsaved_cannot_be_used_again(
    wire: StripeWire, gateway: Gateway, request_: NewPayment
) -> None:
    used = pay(gateway, request_).payment_method
    assert used is not None
    with pytest.raises(GatewayRefused):
        pay(gateway, new_payment(request_.customer, payment_method=used), key="k2")
    with pytest.raises(GatewayRefused):
        gateway.cards.attach_card(used, customer=request_.customer, key="a")


def test_a_dispute_takes_the_money_and_a_fee(
    wire: StripeWire, gateway: Gateway, request_: NewPayment
) -> None:
    pay(gateway, new_payment(request_.customer, payment_method="pm_card_createDispute"))
    assert [(each.kind, each.amount) for each in gateway.books.balance_transactions()] == [
        ("dispute", -7500),
        ("charge", 7500),
    ]
    assert wire.store.events[-1]["type"] == "charge.dispute.funds_withdrawn"


def test_every_event_fits_the_current_api(
    wire: StripeWire, gateway: Gateway, request_: NewPayment
) -> None:
    payment = pay(gateway, request_)
    gateway.refunds.create_refund(new_refund(payment.id), key="r")
    for event in wire.store.events:
        must_fit(event)
        must_fit(event["data"]["object"])


# --- Over a socket ------------------------------------------------------------------------------


@pytest.fixture
def loopback(wire: StripeWire) -> Iterator[Loopback]:
    with serving(wire) as loopback:
        yield loopback


@pytest.fixture
def client() -> Iterator[stripe.RequestsClient]:
    client = stripe.RequestsClient(timeout=(3.0, 0.3))
    yield client
    client.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def remote(loopback: Loopback, client: stripe.RequestsClient) -> Gateway:
    return stripe_gateway(settings(client, api_base=loopback.address))


def test_a_payment_goes_through_over_a_socket(remote: Gateway) -> None:
    request = new_payment(a_customer(remote).id, payment_method="pm_card_visa")
    assert pay(remote, request).status is GatewayPaymentStatus.SUCCEEDED


def test_a_decline_comes_back_over_a_socket(remote: Gateway) -> None:
    request = new_payment(a_customer(remote).id, payment_method="pm_card_chargeDeclined")
    with pytest.raises(Declined) as caught:
        pay(remote, request)
    assert caught.value.payment is not None


def test_a_connection_that_breaks_leaves_the_outcome_unknown(
    wire: StripeWire, remote: Gateway
) -> None:
    request = new_payment(a_customer(remote).id)
    wire.fail_next(*CREATE, Fault.LOST_ANSWER)
    with pytest.raises(OutcomeUnknown):
        pay(remote, request)
    assert intents(wire) == 1


def test_an_answer_that_takes_too_long_leaves_the_outcome_unknown(
    loopback: Loopback, remote: Gateway
) -> None:
    request = new_payment(a_customer(remote).id)
    loopback.stalled = True
    with pytest.raises(OutcomeUnknown):
        pay(remote, request)


def test_a_server_that_is_not_there_leaves_the_outcome_unknown(
    client: stripe.RequestsClient,
) -> None:
    gateway = stripe_gateway(settings(client, api_base="http://127.0.0.1:9"))
    with pytest.raises(OutcomeUnknown):
        gateway.books.balances()
