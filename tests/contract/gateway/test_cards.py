import pytest

from application.ports.gateway import Declined, GatewayRefused, NewCustomer
from tests.contract.gateway.builders import (
    a_card,
    a_customer,
    a_paid_payment,
    fresh,
    long_before,
    new_payment,
    types,
)
from tests.contract.gateway.harness import GatewayHarness


def test_a_test_token_becomes_a_card_with_an_id_of_its_own(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    card = harness.gateway.cards.attach_card("pm_card_visa", customer=customer, key=fresh())
    assert card.id.startswith("pm_")
    assert card.id != "pm_card_visa"
    assert (card.brand, card.last4, card.country) == ("visa", "4242", "US")
    assert 1 <= card.exp_month <= 12
    assert card.customer == customer
    assert harness.gateway.cards.card(card.id) == card


@pytest.mark.parametrize(
    ("token", "brand", "last4"),
    [("pm_card_mastercard", "mastercard", "4444"), ("pm_card_amex", "amex", "0005")],
)
def test_other_brands_attach_too(
    harness: GatewayHarness, token: str, brand: str, last4: str
) -> None:
    card = a_card(harness.gateway, a_customer(harness.gateway), token)
    read = harness.gateway.cards.card(card)
    assert (read.brand, read.last4) == (brand, last4)


def test_a_card_that_the_bank_refuses_does_not_attach(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    with pytest.raises(Declined) as refused:
        a_card(harness.gateway, customer, "pm_card_chargeDeclined")
    assert refused.value.code == "card_declined"
    assert harness.gateway.cards.cards_of(customer) == ()


def test_a_card_can_attach_and_decline_each_charge(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    card = a_card(harness.gateway, customer, "pm_card_chargeCustomerFail")
    for _ in range(2):
        with pytest.raises(Declined):
            harness.gateway.payments.create_payment(
                new_payment(customer, payment_method=card), key=fresh()
            )


def test_a_token_can_be_read_before_it_is_attached(harness: GatewayHarness) -> None:
    card = harness.gateway.cards.card("pm_card_visa")
    assert card.last4 == "4242"
    assert card.customer is None


def test_an_unknown_card_is_refused(harness: GatewayHarness) -> None:
    with pytest.raises(GatewayRefused) as refused:
        harness.gateway.cards.card("pm_unknown")
    assert refused.value.code == "resource_missing"


def test_cards_are_listed_newest_first(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    cards = [a_card(harness.gateway, customer) for _ in range(3)]
    a_card(harness.gateway, a_customer(harness.gateway))
    listed = [card.id for card in harness.gateway.cards.cards_of(customer)]
    assert listed == list(reversed(cards))


def test_another_customers_card_cannot_be_attached(harness: GatewayHarness) -> None:
    card = a_card(harness.gateway, a_customer(harness.gateway))
    with pytest.raises(GatewayRefused):
        a_card(harness.gateway, a_customer(harness.gateway), card)


def test_a_detached_card_is_gone_for_good(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    card = a_card(harness.gateway, customer)
    detached = harness.gateway.cards.detach_card(card, key=fresh())
    assert detached.customer is None
    assert harness.gateway.cards.cards_of(customer) == ()
    with pytest.raises(GatewayRefused):
        a_card(harness.gateway, customer, card)
    with pytest.raises(GatewayRefused):
        harness.gateway.payments.create_payment(
            new_payment(customer, payment_method=card), key=fresh()
        )


def test_a_card_that_is_not_attached_cannot_be_detached(harness: GatewayHarness) -> None:
    card = harness.gateway.cards.card("pm_card_visa")
    with pytest.raises(GatewayRefused):
        harness.gateway.cards.detach_card(card.id, key=fresh())


def test_a_card_used_once_without_being_kept_is_spent(harness: GatewayHarness) -> None:
    paid = a_paid_payment(harness.gateway)
    assert paid.customer is not None
    with pytest.raises(GatewayRefused):
        harness.gateway.payments.create_payment(
            new_payment(paid.customer, payment_method=paid.payment_method), key=fresh()
        )


def test_the_default_card_can_be_set_and_cleared(harness: GatewayHarness) -> None:
    customers = harness.gateway.customers
    customer = a_customer(harness.gateway)
    card = a_card(harness.gateway, customer)
    assert customers.customer(customer).default_card is None
    customers.set_default_card(customer, card, key=fresh())
    assert customers.customer(customer).default_card == card
    customers.set_default_card(customer, None, key=fresh())
    assert customers.customer(customer).default_card is None


def test_a_foreign_card_cannot_be_the_default(harness: GatewayHarness) -> None:
    card = a_card(harness.gateway, a_customer(harness.gateway))
    with pytest.raises(GatewayRefused):
        harness.gateway.customers.set_default_card(a_customer(harness.gateway), card, key=fresh())


def test_a_card_is_set_up_in_the_browser(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    setup = harness.gateway.cards.set_up_card(customer)
    assert setup.client_secret.startswith(setup.id)
    harness.world.complete_setup(setup.id, "pm_card_visa")
    (card,) = harness.gateway.cards.cards_of(customer)
    assert card.last4 == "4242"
    assert {"setup_intent.succeeded", "payment_method.attached"} <= set(types(harness))


def test_a_card_set_up_in_the_browser_pays_with_the_payer_away(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    setup = harness.gateway.cards.set_up_card(customer)
    harness.world.complete_setup(setup.id, "pm_card_authenticationRequiredOnSetup")
    (card,) = harness.gateway.cards.cards_of(customer)
    request = new_payment(customer, payment_method=card.id, on_session=False)
    assert harness.gateway.payments.create_payment(request, key=fresh()).captured == 7500


def test_a_customer_is_found_by_its_operation(harness: GatewayHarness) -> None:
    customers = harness.gateway.customers
    request = NewCustomer(operation=fresh(), user="usr_1", email="found@tuition.test", name="Found")
    customer = customers.create_customer(request, key=fresh())
    since = long_before(harness.wall_now())
    assert customer.operation == request.operation
    assert not customer.deleted
    find = customers.find_customer
    assert find(request.operation, email=request.email, since=since) == customer
    assert find(fresh(), email=request.email, since=since) is None
    assert find(request.operation, email="other@tuition.test", since=since) is None


def test_an_unknown_customer_is_refused(harness: GatewayHarness) -> None:
    with pytest.raises(GatewayRefused) as refused:
        harness.gateway.customers.customer("cus_unknown")
    assert refused.value.code == "resource_missing"


def test_a_customer_gets_a_portal(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    url = harness.gateway.customers.billing_portal(customer, return_url="https://tuition.test/me")
    assert url.startswith("https://")
    with pytest.raises(GatewayRefused):
        harness.gateway.customers.billing_portal("cus_unknown", return_url=None)
