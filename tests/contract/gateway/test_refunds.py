import pytest

from application.ports.gateway import GatewayRefundStatus, GatewayRefused
from tests.contract.gateway.builders import (
    a_paid_payment,
    an_open_payment,
    fresh,
    new_refund,
    types,
)
from tests.contract.gateway.harness import GatewayHarness

S = GatewayRefundStatus


def test_a_refund_gives_money_back(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    request = new_refund(paid, 2500)
    refund = gateway.refunds.create_refund(request, key=fresh())
    assert (refund.amount, refund.currency, refund.status) == (2500, "usd", S.SUCCEEDED)
    assert (refund.payment, refund.charge) == (paid.id, paid.charge)
    assert refund.operation == request.operation
    assert refund.failure_reason is None
    assert gateway.refunds.refund(refund.id) == refund
    assert gateway.payments.payment(paid.id).refunded == 2500


def test_partial_refunds_add_up_to_the_whole(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    for amount in (2500, 1, 4999):
        gateway.refunds.create_refund(new_refund(paid, amount), key=fresh())
    assert gateway.payments.payment(paid.id).refunded == 7500


def test_more_than_is_left_is_refused(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    gateway.refunds.create_refund(new_refund(paid, 4500), key=fresh())
    with pytest.raises(GatewayRefused):
        gateway.refunds.create_refund(new_refund(paid, 4500), key=fresh())
    assert gateway.payments.payment(paid.id).refunded == 4500


def test_a_payment_that_was_refunded_whole_is_refused(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    gateway.refunds.create_refund(new_refund(paid, 7500), key=fresh())
    with pytest.raises(GatewayRefused) as refused:
        gateway.refunds.create_refund(new_refund(paid, 1), key=fresh())
    assert refused.value.code == "charge_already_refunded"


def test_a_payment_that_was_not_paid_cannot_be_refunded(harness: GatewayHarness) -> None:
    payment = an_open_payment(harness.gateway)
    with pytest.raises(GatewayRefused):
        harness.gateway.refunds.create_refund(new_refund(payment, 100), key=fresh())


def test_a_refund_is_found_by_its_operation(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    request = new_refund(paid, 100)
    refund = gateway.refunds.create_refund(request, key=fresh())
    gateway.refunds.create_refund(new_refund(paid, 100), key=fresh())
    find = gateway.refunds.find_refund
    assert find(request.operation, payment=paid.id) == refund
    assert find(fresh(), payment=paid.id) is None
    assert find(request.operation, payment=a_paid_payment(gateway).id) is None


def test_a_pending_refund_counts_and_succeeds_later(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway, "pm_card_pendingRefund")
    refund = gateway.refunds.create_refund(new_refund(paid, 7500), key=fresh())
    assert refund.status is S.PENDING
    assert gateway.payments.payment(paid.id).refunded == 7500
    harness.world.let_time_pass(days=30)
    assert gateway.refunds.refund(refund.id).status is S.SUCCEEDED
    assert "refund.updated" in types(harness)


def test_a_pending_refund_can_fail(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway, "pm_card_pendingRefund")
    refund = gateway.refunds.create_refund(new_refund(paid, 7500), key=fresh())
    harness.world.fail_refund(refund.id, "declined")
    failed = gateway.refunds.refund(refund.id)
    assert (failed.status, failed.failure_reason) == (S.FAILED, "declined")


def test_a_refund_can_fail_weeks_after_it_succeeded(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    refund = gateway.refunds.create_refund(new_refund(paid, 7500), key=fresh())
    harness.world.let_time_pass(days=21)
    harness.world.fail_refund(refund.id, "lost_or_stolen_card")
    failed = gateway.refunds.refund(refund.id)
    assert (failed.status, failed.failure_reason) == (S.FAILED, "lost_or_stolen_card")
    assert "refund.failed" in types(harness)


def test_what_a_failed_refund_took_can_be_refunded_again(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway)
    refund = gateway.refunds.create_refund(new_refund(paid, 7500), key=fresh())
    harness.world.fail_refund(refund.id, "declined")
    assert gateway.payments.payment(paid.id).refunded == 0
    again = gateway.refunds.create_refund(new_refund(paid, 7500), key=fresh())
    assert again.status is S.SUCCEEDED
    assert gateway.payments.payment(paid.id).refunded == 7500


def test_a_card_can_return_its_refunds_by_itself(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway, "pm_card_refundFail")
    refund = gateway.refunds.create_refund(new_refund(paid, 7500), key=fresh())
    assert refund.status is S.SUCCEEDED
    harness.world.let_time_pass(days=30)
    assert gateway.refunds.refund(refund.id).status is S.FAILED


def test_an_unknown_refund_is_refused(harness: GatewayHarness) -> None:
    with pytest.raises(GatewayRefused) as refused:
        harness.gateway.refunds.refund("re_unknown")
    assert refused.value.code == "resource_missing"


def test_a_refund_off_the_currencys_step_is_refused(harness: GatewayHarness) -> None:
    gateway = harness.gateway
    paid = a_paid_payment(gateway, currency="kwd", amount=5010)
    with pytest.raises(GatewayRefused):
        gateway.refunds.create_refund(new_refund(paid, 1005), key=fresh())
    assert gateway.payments.payment(paid.id).refunded == 0
