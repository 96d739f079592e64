"""Webhooks in: kept before they are acknowledged, and each applied once."""

from datetime import timedelta

import pytest

from adapters.fake.webhooks import sign
from application.cards import AddCard
from application.effects import EffectKind
from application.payments import ProcessPayment
from application.ports.records import DeliveryState
from application.ports.test_mode import FaultKind
from application.upkeep import ProcessInbox
from application.webhooks import (
    ReceiveWebhook,
    WebhookRejected,
)
from domain.payments import PaymentStatus
from tests.application.interrupted import Fragile
from tests.application.post import (
    SUCCEEDED,
    deliver,
    deliver_all,
    in_inbox,
    is_clean,
    opened,
    paid_and_untold,
    processing_of,
    told,
)
from tests.market import Market

# --- Receiving -----------------------------------------------------------------------------------


def test_a_delivery_is_kept_and_applied_at_once() -> None:
    market = Market()
    payment = paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)

    deliver(market, event)

    kept = in_inbox(market, event)
    assert (kept.state, kept.tries, kept.next_try_at) == (DeliveryState.APPLIED, 1, None)
    assert kept.body == market.world.deliveries.delivery_of(event).body
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED


def test_a_delivery_is_kept_even_when_it_cannot_be_applied_now() -> None:
    market = Market()
    payment = paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    market.fault("payment", FaultKind.LOST_REQUEST)

    deliver(market, event)

    kept = in_inbox(market, event)
    assert (kept.state, kept.tries) == (DeliveryState.RECEIVED, 1)
    assert kept.error is not None
    assert market.payment(payment).status is PaymentStatus.PENDING


@pytest.mark.parametrize("signature", [None, "", "t=1,v1=00", "nonsense"])
def test_a_delivery_with_a_bad_signature_is_refused_and_not_kept(signature: str | None) -> None:
    market = Market()
    paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    body = market.world.deliveries.delivery_of(event).body

    with pytest.raises(WebhookRejected):
        market.do(ReceiveWebhook(body=body, signature=signature))
    assert market.storage.read(lambda views: views.deliveries.find(event)) is None


def test_an_altered_or_stale_delivery_is_refused() -> None:
    market = Market()
    paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    delivery = market.world.deliveries.delivery_of(event)

    with pytest.raises(WebhookRejected):
        market.do(ReceiveWebhook(body=delivery.body + b" ", signature=delivery.signature))
    market.wall.advance(timedelta(seconds=301))
    with pytest.raises(WebhookRejected):
        market.do(ReceiveWebhook(body=delivery.body, signature=delivery.signature))


def test_a_delivery_signed_with_another_secret_is_refused() -> None:
    market = Market()
    body = b"{}"

    with pytest.raises(WebhookRejected):
        market.do(ReceiveWebhook(body=body, signature=sign(body, "whsec_other", market.wall.now())))


# --- Once, whatever the order --------------------------------------------------------------------


def test_the_same_delivery_again_changes_nothing() -> None:
    market = Market()
    payment = paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    deliver(market, event)
    before = (market.payment(payment), market.balances(), in_inbox(market, event))

    deliver(market, event)

    assert (market.payment(payment), market.balances(), in_inbox(market, event)) == before


def test_the_same_fact_under_two_ids_is_booked_once() -> None:
    market = Market()
    payment = paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    again = market.world.deliveries.tell_again(event)
    deliver(market, event)
    books = market.balances()

    deliver(market, again)

    assert in_inbox(market, again).state is DeliveryState.APPLIED
    assert market.balances() == books
    assert market.payment(payment).captured.minor == 7500
    assert is_clean(market)


def test_events_in_reverse_order_days_late_come_to_the_same() -> None:
    market, other = Market(), Market()
    for each in (market, other):
        lesson = each.paid_lesson("pm_card_pendingRefund")
        each.refund(each.admin(), lesson.payment, "30.00")
        each.world.controls.outside.settle_refund(each.world.chronicle.refunds()[0].id)
    other.clock.advance(timedelta(days=3))

    deliver_all(market)
    deliver_all(other, backwards=True)

    assert market.books() == other.books()
    assert is_clean(market)
    assert is_clean(other)


def test_a_late_processing_does_not_undo_a_success() -> None:
    market = Market()
    payment, gateway_id = opened(market)
    market.world.controls.browser.confirm(gateway_id, "pm_usBankAccount_success")
    (processing,) = told(market, "payment_intent.processing")
    market.advance(days=10)
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED

    deliver(market, processing)

    assert market.payment(payment).status is PaymentStatus.SUCCEEDED


def test_a_success_that_is_told_before_our_own_commit_is_found_by_its_operation() -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    student = market.student()
    market.do(AddCard(payment_method_id="pm_card_visa"), student)
    booking = market.book(student, market.gig(market.teacher()))
    with fragile.dying_before_booking(EffectKind.CREATE_PAYMENT):
        market.do(ProcessPayment(booking_id=booking), student)
    (payment,) = market.payments()
    assert payment.gateway_id is None

    deliver(market, told(market, SUCCEEDED)[0])

    assert market.payment(payment.id).status is PaymentStatus.SUCCEEDED
    assert is_clean(market)


def test_processing_what_is_done_does_nothing() -> None:
    market = Market()
    paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    deliver(market, event)

    assert processing_of(market).process(event) is False
    assert processing_of(market).process("evt_absent") is False


# --- Later ---------------------------------------------------------------------------------------


def test_a_gateway_that_is_away_is_asked_again_later_and_later() -> None:
    market = Market()
    payment = paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    market.fault("payment", FaultKind.RATE_LIMITED, times=3)
    pauses = []

    deliver(market, event)
    for _ in range(3):
        market.do(ProcessInbox())
        due = in_inbox(market, event).next_try_at
        assert due is not None
        pauses.append((due - market.wall.now()).total_seconds())
        market.wall.move_to(due)
    market.do(ProcessInbox())

    assert pauses == [2.0, 4.0, 8.0]
    assert market.payment(payment).status is PaymentStatus.SUCCEEDED


def test_staff_are_told_once_when_a_delivery_has_failed_eight_times() -> None:
    market = Market()
    paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    market.fault("payment", FaultKind.LOST_REQUEST, times=None)
    deliver(market, event)

    for tries in range(1, 12):
        assert in_inbox(market, event).tries == tries
        assert market.staff.topics.count("stuck_delivery") == (1 if tries >= 8 else 0)
        market.wall.advance(timedelta(hours=1))
        market.settle()


def test_a_pause_is_an_hour_at_most() -> None:
    market = Market()
    paid_and_untold(market)
    (event,) = told(market, SUCCEEDED)
    market.fault("payment", FaultKind.LOST_REQUEST, times=None)
    deliver(market, event)
    for _ in range(14):
        market.wall.advance(timedelta(hours=1))
        market.settle()

    due = in_inbox(market, event).next_try_at
    assert due is not None
    assert due - market.wall.now() <= timedelta(hours=1)
