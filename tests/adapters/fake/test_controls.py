import pytest

from application.ports.gateway import GatewayRefundStatus, GatewayRefused
from application.ports.open_units import inside_a_unit
from application.ports.test_mode import BrowserAnswer, BrowserError
from domain.errors import BrokenInvariant
from tests.adapters.fake.worlds import Bench
from tests.contract.gateway.builders import (
    a_card,
    a_customer,
    an_account,
    fresh,
    new_payment,
    new_refund,
    new_transfer,
)
from tests.contract.gateway.fake_harness import FakeHarness


def test_a_browser_is_told_of_success() -> None:
    bench = Bench()
    payment = bench.unpaid()
    answer = bench.world.controls.browser.confirm(payment.id, "pm_card_visa")
    paid = bench.world.gateway.payments.payment(payment.id)
    assert answer == BrowserAnswer(
        id=payment.id,
        object="payment_intent",
        status="succeeded",
        payment_method=paid.payment_method,
    )


def test_a_browser_is_told_of_a_decline_with_advice() -> None:
    bench = Bench()
    payment = bench.unpaid()
    answer = bench.world.controls.browser.confirm(payment.id, "pm_card_chargeDeclinedLostCard")
    assert answer == BrowserAnswer(
        id=payment.id,
        object="payment_intent",
        status="requires_payment_method",
        error=BrowserError(
            type="card_error",
            code="card_declined",
            decline_code="lost_card",
            advice="do_not_try_again",
            message="Your card was declined.",
        ),
    )


def test_a_browser_passes_three_d_secure() -> None:
    bench = Bench()
    payment = bench.unpaid()
    browser = bench.world.controls.browser
    assert browser.confirm(payment.id, "pm_card_authenticationRequired").status == "requires_action"
    assert browser.authenticate(payment.id, "succeed").status == "succeeded"
    with pytest.raises(GatewayRefused):
        browser.authenticate(payment.id, "succeed")


def test_a_card_can_decline_after_three_d_secure() -> None:
    bench = Bench()
    payment = bench.unpaid()
    browser = bench.world.controls.browser
    token = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
    assert browser.confirm(payment.id, token).status == "requires_action"
    answer = browser.authenticate(payment.id, "succeed")
    assert answer.error is not None
    assert answer.error.decline_code == "insufficient_funds"


def test_a_set_up_can_fail_and_be_tried_again() -> None:
    bench = Bench()
    gateway, browser = bench.world.gateway, bench.world.controls.browser
    setup = gateway.cards.set_up_card(a_customer(gateway))
    failed = browser.complete_setup(setup.id, "pm_card_chargeDeclined")
    assert failed.error is not None
    assert bench.told()[-1] == "setup_intent.setup_failed"
    done = browser.complete_setup(setup.id, "pm_card_visa")
    assert (done.object, done.status, done.error) == ("setup_intent", "succeeded", None)
    with pytest.raises(GatewayRefused):
        browser.complete_setup(setup.id, "pm_card_visa")


def test_an_unknown_token_is_refused() -> None:
    bench = Bench()
    payment = bench.unpaid()
    with pytest.raises(GatewayRefused) as refused:
        bench.world.controls.browser.confirm(payment.id, "pm_card_unknown")
    assert refused.value.code == "resource_missing"


def test_staff_can_reverse_a_transfer_in_the_dashboard() -> None:
    harness = FakeHarness()
    account = an_account(harness)
    bench = Bench(store=harness.fake.store)
    request = new_transfer(account, 1000, source_charge=bench.paid().charge)
    transfers = bench.world.gateway.transfers
    transfer = transfers.create_transfer(request, key=fresh())
    before = bench.world.gateway.books.balances()["usd"]
    outside = bench.world.controls.outside
    outside.reverse_transfer(transfer.id, 400)
    assert transfers.transfer(transfer.id).reversed == 400
    outside.reverse_transfer(transfer.id)
    assert transfers.transfer(transfer.id).reversed == 1000
    assert bench.world.gateway.books.balances()["usd"] == before + 1000
    assert bench.told()[-1] == "transfer.reversed"
    with pytest.raises(GatewayRefused):
        outside.reverse_transfer(transfer.id)


def test_staff_can_refund_in_the_dashboard() -> None:
    bench = Bench()
    paid = bench.paid()
    refund = bench.world.controls.outside.refund_payment(paid.id, 500)
    found = bench.world.gateway.refunds.refund(refund)
    assert (found.amount, found.operation) == (500, None)
    assert bench.world.gateway.payments.payment(paid.id).refunded == 500


def test_a_card_can_be_detached_in_the_portal() -> None:
    bench = Bench()
    gateway = bench.world.gateway
    customer = a_customer(gateway)
    card = a_card(gateway, customer)
    gateway.customers.set_default_card(customer, card, key=fresh())
    bench.world.controls.outside.detach_card(card)
    assert gateway.cards.cards_of(customer) == ()
    assert gateway.customers.customer(customer).default_card is None
    assert bench.told()[-1] == "payment_method.detached"


def test_a_refund_fails_or_settles_only_once() -> None:
    bench = Bench()
    outside = bench.world.controls.outside
    refunds = bench.world.gateway.refunds
    refund = refunds.create_refund(new_refund(bench.paid(), 500), key=fresh())
    with pytest.raises(GatewayRefused):
        outside.settle_refund(refund.id)
    outside.fail_refund(refund.id)
    with pytest.raises(GatewayRefused):
        outside.fail_refund(refund.id)
    assert refunds.refund(refund.id).status is GatewayRefundStatus.FAILED


def test_controls_are_not_for_units_of_work() -> None:
    bench = Bench()
    payment = bench.unpaid()
    with inside_a_unit(), pytest.raises(BrokenInvariant):
        bench.world.controls.browser.confirm(payment.id, "pm_card_visa")
    with inside_a_unit(), pytest.raises(BrokenInvariant):
        bench.world.controls.outside.enable_account("acct_1")


def test_staff_can_delete_a_customer_in_the_dashboard() -> None:
    bench = Bench()
    gateway = bench.world.gateway
    customer = a_customer(gateway)
    card = a_card(gateway, customer)
    bench.world.outside.delete_customer(customer)
    assert gateway.customers.customer(customer).deleted
    assert gateway.cards.card(card).customer is None
    with pytest.raises(GatewayRefused) as refused:
        gateway.payments.create_payment(new_payment(customer), key=fresh())
    assert refused.value.code == "resource_missing"
