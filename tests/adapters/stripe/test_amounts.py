"""Stripe's minor units, where they are not ISO's, and what it publishes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.stripe.amounts import from_wire, to_wire
from adapters.stripe_facts import (
    CARDS_BY_NUMBER,
    CARDS_BY_TOKEN,
    CHARGEABLE_CURRENCIES,
    MINIMUM_CHARGES,
    PUBLISHED_CARDS,
    advice_for,
    charge_limit,
    decline_message,
    maximum_charge,
    standard_fee,
)
from application.ports.gateway import ChargeLimit, ChargeLimits, GatewayRefused
from domain.errors import InvalidField
from domain.money import EXPONENTS
from tests.adapters.stripe.builders import a_customer, a_gateway, new_payment
from tests.doubles.stripe_wire import StripeWire


@pytest.mark.parametrize(
    ("iso", "currency", "wire"),
    [
        (7500, "usd", 7500),
        (500, "jpy", 500),
        (5, "isk", 500),
        (5, "ugx", 500),
        (5120, "kwd", 5120),
        (700, "mga", 7),
        (17500, "huf", 17500),
    ],
)
def test_amounts_go_out_as_stripe_counts(iso: int, currency: str, wire: int) -> None:
    assert to_wire(iso, currency) == wire
    assert from_wire(wire, currency) == iso


@pytest.mark.parametrize(
    ("amount", "currency"), [(5124, "kwd"), (750, "mga"), (0, "usd"), (-100, "usd")]
)
def test_what_stripe_cannot_represent_is_refused_and_not_rounded(
    amount: int, currency: str
) -> None:
    with pytest.raises(GatewayRefused) as caught:
        to_wire(amount, currency)
    assert caught.value.param == "amount"


@pytest.mark.parametrize("currency", ["iqd", "xxx", "USD"])
def test_a_currency_that_stripe_does_not_charge_is_refused(currency: str) -> None:
    with pytest.raises(GatewayRefused) as caught:
        to_wire(100, currency)
    assert caught.value.param == "currency"
    with pytest.raises(InvalidField):
        charge_limit(currency)


@given(st.sampled_from(sorted(CHARGEABLE_CURRENCIES)), st.integers(1, 10**9))
def test_every_amount_that_keeps_the_step_comes_back_as_it_went(currency: str, count: int) -> None:
    amount = count * charge_limit(currency).step
    assert from_wire(to_wire(amount, currency), currency) == amount


def test_a_fee_with_a_fraction_of_a_whole_currency_is_rounded() -> None:
    assert from_wire(150, "isk") == 2
    assert from_wire(-149, "isk") == -1


def test_a_currency_unknown_to_us_keeps_its_number() -> None:
    assert from_wire(123, "xxx") == 123


def test_a_payment_in_a_whole_currency_reads_as_it_was_asked() -> None:
    wire = StripeWire()
    gateway = a_gateway(wire)
    request = new_payment(
        a_customer(gateway).id, amount=1003, currency="isk", payment_method="pm_card_visa"
    )
    payment = gateway.payments.create_payment(request, key="k")
    assert wire.store.things[payment.id]["amount"] == 100300
    assert (payment.amount, payment.captured) == (1003, 1003)
    assert payment.balance_transaction is not None
    assert payment.balance_transaction.amount == 1003


@pytest.mark.parametrize(
    ("currency", "limit"),
    [
        ("usd", ChargeLimit(minimum=50)),
        ("eur", ChargeLimit(minimum=50)),
        ("jpy", ChargeLimit(minimum=50)),
        ("huf", ChargeLimit(minimum=17500)),
        ("kwd", ChargeLimit(minimum=10, step=10)),
        ("isk", ChargeLimit(minimum=1)),
        ("mga", ChargeLimit(minimum=100, step=100)),
    ],
)
def test_limits_are_in_our_own_minor_units(currency: str, limit: ChargeLimit) -> None:
    limits: ChargeLimits = charge_limit
    assert limits(currency) == limit


def test_every_currency_that_can_be_charged_is_one_of_ours() -> None:
    assert set(EXPONENTS) >= CHARGEABLE_CURRENCIES >= set(MINIMUM_CHARGES)
    for currency in CHARGEABLE_CURRENCIES:
        assert charge_limit(currency).minimum < maximum_charge(currency)


@pytest.mark.parametrize(
    ("currency", "maximum"),
    [("usd", 99_999_999), ("jpy", 9_999_999_999), ("isk", 999_999), ("mga", 9_999_999_900)],
)
def test_there_is_a_largest_charge(currency: str, maximum: int) -> None:
    assert maximum_charge(currency) == maximum


def luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def test_published_numbers_are_well_formed_and_unique() -> None:
    numbers = [card.number for card in PUBLISHED_CARDS if card.number]
    assert len(CARDS_BY_NUMBER) == len(numbers)
    assert all(luhn(number) for number in numbers)


def test_no_token_means_two_cards() -> None:
    tokens = [token for card in PUBLISHED_CARDS for token in (card.token, *card.spellings)]
    assert len(CARDS_BY_TOKEN) == len(tokens)


@pytest.mark.parametrize(
    ("number", "token"),
    [
        ("4242424242424242", "pm_card_visa"),
        ("5555555555554444", "pm_card_mastercard"),
        ("378282246310005", "pm_card_amex"),
        ("4000000000000002", "pm_card_chargeDeclined"),
        ("4000000000009995", "pm_card_chargeDeclinedInsufficientFunds"),
        ("4000000000000341", "pm_card_chargeCustomerFail"),
        ("4000002500003155", "pm_card_authenticationRequiredOnSetup"),
    ],
)
def test_numbers_stand_for_tokens(number: str, token: str) -> None:
    assert CARDS_BY_NUMBER[number].token == token
    assert CARDS_BY_NUMBER[number].last4 == number[-4:]


def test_only_amex_has_four_digits_on_its_front() -> None:
    assert {card.brand for card in PUBLISHED_CARDS if card.cvc_length == 4} == {"amex"}


def test_a_payer_is_not_told_of_loss_or_fraud() -> None:
    assert decline_message("card_declined", "stolen_card") == "Your card was declined."
    assert advice_for("card_declined", "stolen_card") == "do_not_try_again"


@given(st.integers(1, 10**9), st.sampled_from(sorted(CHARGEABLE_CURRENCIES)))
def test_a_fee_never_exceeds_what_it_is_of(amount: int, currency: str) -> None:
    assert 0 <= standard_fee(amount, currency) <= amount


def test_the_standard_fee_is_what_stripe_publishes() -> None:
    assert standard_fee(7500, "usd") == 248
