import pytest

from application.ports.gateway import (
    AuthenticationRequired,
    Declined,
    GatewayPaymentStatus,
    GatewayRefused,
)
from tests.contract.gateway.builders import (
    a_card,
    a_customer,
    a_paid_payment,
    an_open_payment,
    confirmation,
    fresh,
    long_before,
    new_payment,
)
from tests.contract.gateway.harness import GatewayHarness

S = GatewayPaymentStatus

ALWAYS_DECLINES = "pm_card_chargeCustomerFail"
ASKS_FOR_ACTION = "pm_card_authenticationRequired"
BANK_ACCOUNT = "pm_usBankAccount_success"


def test_a_payment_without_a_method_waits_for_the_browser(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    request = new_payment(customer)
    payment = harness.gateway.payments.create_payment(request, key=fresh())
    assert payment.status is S.NEEDS_METHOD
    assert (payment.amount, payment.currency) == (7500, "usd")
    assert payment.captured == payment.refunded == 0
    assert payment.client_secret is not None
    assert payment.client_secret.startswith(payment.id)
    assert payment.customer == customer
    assert payment.operation == request.operation
    assert payment.metadata["tuition_booking"] == "bk_1"
    assert payment.charge is None
    assert payment.failure is None
    assert harness.gateway.payments.payment(payment.id) == payment


def test_a_browser_pays_with_a_good_card(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    harness.world.confirm_in_browser(payment.id, "pm_card_visa")
    paid = harness.gateway.payments.payment(payment.id)
    assert paid.status is S.SUCCEEDED
    assert paid.captured == 7500
    assert (paid.method_type, paid.card_brand, paid.card_last4) == ("card", "visa", "4242")
    assert paid.charge is not None
    assert paid.receipt_url is not None
    assert paid.balance_transaction is not None
    assert paid.balance_transaction.source == paid.charge


def test_the_server_pays_with_a_saved_card(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    card = a_card(harness.gateway, customer, "pm_card_mastercard")
    request = new_payment(customer, payment_method=card)
    paid = harness.gateway.payments.create_payment(request, key=fresh())
    assert paid.status is S.SUCCEEDED
    assert paid.payment_method == card
    assert (paid.card_brand, paid.card_last4) == ("mastercard", "4444")


def test_a_saved_card_can_be_used_again_with_the_payer_away(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    card = a_card(harness.gateway, customer)
    for _ in range(2):
        request = new_payment(customer, payment_method=card, on_session=False)
        assert harness.gateway.payments.create_payment(request, key=fresh()).status is S.SUCCEEDED


def test_a_fresh_card_is_kept_when_that_was_asked_for(harness: GatewayHarness) -> None:
    paid = a_paid_payment(harness.gateway, save_card=True)
    assert paid.customer is not None
    assert [card.id for card in harness.gateway.cards.cards_of(paid.customer)] == [
        paid.payment_method
    ]


def test_a_fresh_card_is_not_kept_otherwise(harness: GatewayHarness) -> None:
    paid = a_paid_payment(harness.gateway)
    assert paid.customer is not None
    assert harness.gateway.cards.cards_of(paid.customer) == ()


@pytest.mark.parametrize(
    ("token", "code", "decline_code", "advice"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline", "try_again_later"),
        (
            "pm_card_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
            "try_again_later",
        ),
        ("pm_card_chargeDeclinedLostCard", "card_declined", "lost_card", "do_not_try_again"),
        ("pm_card_chargeDeclinedStolenCard", "card_declined", "stolen_card", "do_not_try_again"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None, "use_another_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None, "confirm_card_data"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None, "try_again_later"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline", "try_again_later"),
    ],
)
def test_a_decline_tells_what_to_do_about_it(
    harness: GatewayHarness, token: str, code: str, decline_code: str | None, advice: str
) -> None:
    customer = a_customer(harness.gateway)
    request = new_payment(customer, payment_method=token)
    with pytest.raises(Declined) as refused:
        harness.gateway.payments.create_payment(request, key=fresh())
    error = refused.value
    assert (error.code, error.decline_code, error.advice) == (code, decline_code, advice)
    assert error.message
    assert not isinstance(error, AuthenticationRequired)


def test_a_declined_payment_exists_and_waits_for_another_method(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    request = new_payment(customer, payment_method="pm_card_chargeDeclined")
    with pytest.raises(Declined) as refused:
        harness.gateway.payments.create_payment(request, key=fresh())
    told = refused.value.payment
    assert told is not None
    payment = harness.gateway.payments.payment(told.id)
    assert payment.status is S.NEEDS_METHOD
    assert payment.captured == 0
    assert payment.failure is not None
    assert payment.failure.decline_code == "generic_decline"
    assert payment.operation == request.operation
    assert payment.balance_transaction is None


def test_a_declined_payment_can_be_tried_again_from_the_server(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    bad = a_card(harness.gateway, customer, ALWAYS_DECLINES)
    good = a_card(harness.gateway, customer)
    request = new_payment(customer, payment_method=bad)
    with pytest.raises(Declined) as refused:
        harness.gateway.payments.create_payment(request, key=fresh())
    payment = refused.value.payment
    assert payment is not None
    paid = harness.gateway.payments.confirm_payment(confirmation(payment, good), key=fresh())
    assert paid.id == payment.id
    assert paid.status is S.SUCCEEDED
    assert paid.failure is None
    assert paid.captured == 7500
    assert paid.operation == request.operation


def test_a_second_decline_leaves_the_payment_open(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    for _ in range(2):
        with pytest.raises(Declined):
            harness.gateway.payments.confirm_payment(
                confirmation(payment, "pm_card_chargeDeclined"), key=fresh()
            )
    assert harness.gateway.payments.payment(payment.id).status is S.NEEDS_METHOD


def test_a_decline_in_the_browser_can_be_followed_by_success(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    harness.world.confirm_in_browser(payment.id, "pm_card_chargeDeclinedInsufficientFunds")
    declined = harness.gateway.payments.payment(payment.id)
    assert declined.status is S.NEEDS_METHOD
    assert declined.failure is not None
    assert declined.failure.decline_code == "insufficient_funds"
    harness.world.confirm_in_browser(payment.id, "pm_card_visa")
    assert harness.gateway.payments.payment(payment.id).status is S.SUCCEEDED


def test_three_d_secure_can_be_passed(harness: GatewayHarness) -> None:
    waiting = a_paid_payment(harness.gateway, ASKS_FOR_ACTION)
    assert waiting.status is S.NEEDS_ACTION
    assert waiting.client_secret is not None
    assert waiting.captured == 0
    harness.world.authenticate(waiting.id, "succeed")
    paid = harness.gateway.payments.payment(waiting.id)
    assert paid.status is S.SUCCEEDED
    assert paid.captured == 7500


def test_three_d_secure_can_be_failed_and_the_payment_tried_again(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    harness.world.confirm_in_browser(payment.id, ASKS_FOR_ACTION)
    assert harness.gateway.payments.payment(payment.id).status is S.NEEDS_ACTION
    harness.world.authenticate(payment.id, "fail")
    failed = harness.gateway.payments.payment(payment.id)
    assert failed.status is S.NEEDS_METHOD
    assert failed.failure is not None
    assert failed.failure.code == "payment_intent_authentication_failure"
    harness.world.confirm_in_browser(payment.id, "pm_card_visa")
    assert harness.gateway.payments.payment(payment.id).status is S.SUCCEEDED


def test_a_payer_who_is_away_cannot_pass_three_d_secure(harness: GatewayHarness) -> None:
    customer = a_customer(harness.gateway)
    card = a_card(harness.gateway, customer, ASKS_FOR_ACTION)
    request = new_payment(customer, payment_method=card, on_session=False)
    with pytest.raises(AuthenticationRequired) as refused:
        harness.gateway.payments.create_payment(request, key=fresh())
    error = refused.value
    assert error.code == "authentication_required"
    assert error.advice is None
    assert error.payment is not None
    payment = harness.gateway.payments.payment(error.payment.id)
    assert payment.status is S.NEEDS_METHOD
    waiting = harness.gateway.payments.confirm_payment(confirmation(payment, card), key=fresh())
    assert waiting.status is S.NEEDS_ACTION


def test_a_bank_debit_takes_days_to_succeed(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    harness.world.confirm_in_browser(payment.id, BANK_ACCOUNT)
    processing = harness.gateway.payments.payment(payment.id)
    assert processing.status is S.PROCESSING
    assert processing.captured == 0
    harness.world.let_time_pass(days=10)
    paid = harness.gateway.payments.payment(payment.id)
    assert paid.status is S.SUCCEEDED
    assert paid.captured == 7500
    assert paid.method_type == "us_bank_account"
    assert paid.card_last4 is None


def test_a_bank_debit_can_fail_after_days(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    harness.world.confirm_in_browser(payment.id, "pm_usBankAccount_insufficientFunds")
    assert harness.gateway.payments.payment(payment.id).status is S.PROCESSING
    harness.world.let_time_pass(days=10)
    failed = harness.gateway.payments.payment(payment.id)
    assert failed.status is S.NEEDS_METHOD
    assert failed.failure is not None


def test_an_open_payment_can_be_cancelled(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    canceled = harness.gateway.payments.cancel_payment(payment.id, key=fresh())
    assert canceled.status is S.CANCELED
    assert harness.gateway.payments.payment(payment.id).status is S.CANCELED


def test_a_payment_that_waits_for_three_d_secure_can_be_cancelled(harness: GatewayHarness) -> None:
    waiting = a_paid_payment(harness.gateway, ASKS_FOR_ACTION)
    canceled = harness.gateway.payments.cancel_payment(waiting.id, key=fresh())
    assert canceled.status is S.CANCELED


def test_a_cancellation_that_comes_too_late_changes_nothing(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    harness.world.confirm_in_browser(payment.id, "pm_card_visa")
    with pytest.raises(GatewayRefused) as refused:
        harness.gateway.payments.cancel_payment(payment.id, key=fresh())
    assert refused.value.code == "payment_intent_unexpected_state"
    assert harness.gateway.payments.payment(payment.id).status is S.SUCCEEDED


@pytest.mark.parametrize("end", ["succeeded", "canceled"])
def test_a_payment_that_is_over_cannot_be_tried_again(harness: GatewayHarness, end: str) -> None:
    payment = an_open_payment(harness.gateway)
    if end == "succeeded":
        harness.world.confirm_in_browser(payment.id, "pm_card_visa")
    else:
        harness.gateway.payments.cancel_payment(payment.id, key=fresh())
    with pytest.raises(GatewayRefused) as refused:
        harness.gateway.payments.confirm_payment(confirmation(payment, "pm_card_visa"), key=fresh())
    assert refused.value.code == "payment_intent_unexpected_state"
    assert harness.gateway.payments.payment(payment.id).status == end


def test_an_unknown_payment_is_refused(harness: GatewayHarness) -> None:
    with pytest.raises(GatewayRefused) as refused:
        harness.gateway.payments.payment("pi_unknown")
    assert refused.value.code == "resource_missing"


def test_an_unknown_customer_cannot_pay(harness: GatewayHarness) -> None:
    with pytest.raises(GatewayRefused) as refused:
        harness.gateway.payments.create_payment(new_payment("cus_unknown"), key=fresh())
    assert (refused.value.code, refused.value.param) == ("resource_missing", "customer")


def test_an_amount_below_the_minimum_is_refused(harness: GatewayHarness) -> None:
    with pytest.raises(GatewayRefused) as refused:
        an_open_payment(harness.gateway, amount=49)
    assert refused.value.code == "amount_too_small"


def test_another_customers_card_is_refused(harness: GatewayHarness) -> None:
    card = a_card(harness.gateway, a_customer(harness.gateway))
    request = new_payment(a_customer(harness.gateway), payment_method=card)
    with pytest.raises(GatewayRefused):
        harness.gateway.payments.create_payment(request, key=fresh())


def test_a_payment_is_found_by_its_operation(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    customer = a_customer(gateway)
    request = new_payment(customer)
    payment = gateway.payments.create_payment(request, key=fresh())
    gateway.payments.create_payment(new_payment(customer), key=fresh())
    since = payment.created_at
    found = gateway.payments.find_payment(request.operation, customer=customer, since=since)
    assert found == payment


def test_a_payment_of_another_customer_or_operation_is_not_found(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    customer = a_customer(gateway)
    request = new_payment(customer)
    payment = gateway.payments.create_payment(request, key=fresh())
    since = long_before(payment.created_at)
    find = gateway.payments.find_payment
    assert find(fresh(), customer=customer, since=since) is None
    assert find(request.operation, customer=a_customer(gateway), since=since) is None


def test_a_currency_without_decimals_is_charged_in_whole_units(harness: GatewayHarness) -> None:
    paid = a_paid_payment(harness.gateway, amount=7500, currency="jpy")
    assert (paid.captured, paid.currency) == (7500, "jpy")
