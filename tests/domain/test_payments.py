"""A payment's life: what the gateway says, in whatever order, and what may be given back."""

from datetime import datetime
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from domain.bookings import PaymentState
from domain.errors import BrokenInvariant
from domain.events import PaymentCanceled, PaymentFailed, PaymentSucceeded
from domain.gigs import Teaching
from domain.ids import BookingId, PaymentId, UserId
from domain.money import Money, total
from domain.payments import (
    CAPTURED,
    CardUsed,
    Failure,
    Legs,
    Observation,
    Payment,
    PaymentDisputed,
    PaymentStateConflict,
    PaymentStatus,
    RefundExceedsRefundable,
    Stage,
    speaks_for_booking,
)
from domain.refunds import no_legs
from tests.builders import (
    NOW,
    STUDENT,
    TEACHER,
    a_fee_schedule,
    a_paid_payment,
    a_payment,
    after,
    dollars,
    terms,
)
from tests.strategies import moneys, teachings
from tests.strategies import terms as any_terms

P = PaymentStatus
DECLINED = Failure(code="card_declined", message="Your card was declined.")
REPORTED = (P.PENDING, P.REQUIRES_ACTION, P.PROCESSING, P.SUCCEEDED, P.FAILED, P.CANCELED)


def seen(status: PaymentStatus, *, at: datetime = NOW, **fields: Any) -> Observation:
    known: dict[str, Any] = {
        "captured": dollars(10_000 if status is P.SUCCEEDED else 0),
        "gateway_id": "pi_1",
        "client_secret": "pi_1_secret",
        "charge_id": "ch_1" if status is P.SUCCEEDED else None,
        "failure": DECLINED if status is P.FAILED else None,
    }
    return Observation(status=status, read_at=at, **{**known, **fields})


def opened(**fields: Any) -> Payment:
    known: dict[str, Any] = {
        "amount": dollars(10_000),
        "discount": dollars(0),
        "terms": terms(),
        "teachers": (Teaching(TEACHER),),
    }
    return Payment.open(
        id=PaymentId("pay_1"),
        booking_id=BookingId("bk_1"),
        student_id=STUDENT,
        at=NOW,
        **{**known, **fields},
    )


# --- Opening -------------------------------------------------------------------------------------


def test_the_fee_and_the_shares_are_agreed_when_it_is_opened() -> None:
    three = tuple(Teaching(UserId(f"usr_{n}"), weight) for n, weight in enumerate((1, 3, 3)))

    payment = opened(teachers=three)

    assert payment.fee == dollars(1_500)
    assert [share.agreed.minor for share in payment.shares] == [1_214, 3_643, 3_643]
    assert payment.teachers_total == dollars(8_500)
    assert payment.status is P.PENDING


def test_the_fee_is_of_the_list_price_before_a_platforms_discount() -> None:
    payment = opened(amount=dollars(8_000), discount=dollars(2_000))

    assert payment.list_amount == dollars(10_000)
    assert payment.fee == dollars(1_500)
    assert payment.discount == dollars(2_000)


@given(moneys(0), st.data())
def test_fee_and_shares_sum_to_the_list_price(amount: Money, data: st.DataObject) -> None:
    agreed = data.draw(any_terms(amount.currency))
    payment = opened(
        amount=amount,
        discount=Money(data.draw(st.integers(0, 10_000)), amount.currency),
        terms=agreed,
        teachers=data.draw(teachings()),
    )

    shares = total((share.agreed for share in payment.shares), amount.currency)
    assert shares + payment.fee == payment.list_amount


# --- What the gateway says -----------------------------------------------------------------------


def test_a_success_is_taken_in_once() -> None:
    used = CardUsed(method_type="card", brand="visa", last4="4242")
    paid = opened().observe(
        seen(P.SUCCEEDED, used=used, receipt_url="https://r", at=after(hours=1))
    )

    assert (paid.status, paid.captured) == (P.SUCCEEDED, dollars(10_000))
    assert (paid.gateway_id, paid.charge_id) == ("pi_1", "ch_1")
    assert (paid.used, paid.receipt_url, paid.paid_at) == (used, "https://r", after(hours=1))
    assert paid.events == (PaymentSucceeded(payment="pay_1", at=after(hours=1)),)
    again = paid.observe(seen(P.SUCCEEDED, at=after(hours=2)))
    assert again == paid
    assert again.events == paid.events


@pytest.mark.parametrize("late", [status for status in REPORTED if status is not P.SUCCEEDED])
def test_nothing_that_comes_after_a_success_undoes_it(late: PaymentStatus) -> None:
    paid = opened().observe(seen(P.SUCCEEDED))

    assert paid.observe(seen(late, at=after(hours=1))) == paid


@pytest.mark.parametrize("status", [status for status in REPORTED if status is not P.SUCCEEDED])
def test_a_success_that_was_read_before_something_else_still_counts(status: PaymentStatus) -> None:
    payment = opened().observe(seen(status, at=after(hours=1)))

    assert payment.observe(seen(P.SUCCEEDED)).status is P.SUCCEEDED


def test_what_was_read_earlier_does_not_undo_what_was_read_later() -> None:
    processing = opened().observe(seen(P.PROCESSING, at=after(seconds=2)))

    assert processing.observe(seen(P.REQUIRES_ACTION, at=after(seconds=1))) is processing


def test_a_failure_keeps_its_reason_and_can_be_tried_again() -> None:
    failed = opened().observe(seen(P.FAILED))
    assert (failed.status, failed.failure) == (P.FAILED, DECLINED)
    assert failed.events == (PaymentFailed(payment="pay_1", code="card_declined", at=NOW),)

    again = failed.observe(seen(P.PROCESSING, at=after(minutes=1)))

    assert (again.status, again.attempt, again.failure) == (P.PROCESSING, 2, None)


def test_a_success_after_a_failure_is_another_try_as_well() -> None:
    paid = opened().observe(seen(P.FAILED)).observe(seen(P.SUCCEEDED, at=after(minutes=1)))

    assert (paid.status, paid.attempt, paid.failure) == (P.SUCCEEDED, 2, None)


def test_the_same_failure_again_is_no_news() -> None:
    failed = opened().observe(seen(P.FAILED))
    again = failed.observe(seen(P.FAILED, at=after(minutes=1)))

    assert again.events == failed.events
    assert again.attempt == 1


def test_a_failure_without_a_reason_has_an_unknown_one() -> None:
    failed = opened().observe(seen(P.FAILED, failure=None))

    assert failed.events == (PaymentFailed(payment="pay_1", code="unknown", at=NOW),)


def test_what_was_canceled_stays_so_unless_the_money_came_first() -> None:
    canceled = opened().observe(seen(P.CANCELED))
    assert canceled.events == (PaymentCanceled(payment="pay_1", at=NOW),)

    assert canceled.observe(seen(P.PROCESSING, at=after(hours=1))).status is P.CANCELED
    assert canceled.observe(seen(P.SUCCEEDED, at=after(hours=1))).status is P.SUCCEEDED


def test_while_it_is_being_called_off_only_an_end_is_news() -> None:
    canceling = opened().begin_cancel(at=NOW)

    for status in (P.PENDING, P.REQUIRES_ACTION, P.PROCESSING, P.FAILED):
        assert canceling.observe(seen(status)).status is P.CANCELING
    assert canceling.observe(seen(P.CANCELED)).status is P.CANCELED
    assert canceling.observe(seen(P.SUCCEEDED)).status is P.SUCCEEDED


def test_another_amount_than_was_asked_for_is_a_bug_here() -> None:
    with pytest.raises(BrokenInvariant):
        opened().observe(seen(P.SUCCEEDED, captured=dollars(9_999)))


@pytest.mark.parametrize("status", [P.SUCCEEDED, P.PROCESSING])
def test_another_payment_of_the_gateways_is_a_bug(status: PaymentStatus) -> None:
    payment = opened().observe(seen(P.PENDING))

    with pytest.raises(BrokenInvariant):
        payment.observe(seen(status, gateway_id="pi_2"))


def test_a_receipt_that_comes_later_is_kept() -> None:
    paid = opened().observe(seen(P.SUCCEEDED))

    assert paid.observe(seen(P.SUCCEEDED, receipt_url="https://r")).receipt_url == "https://r"


RANK = {P.CANCELED: 1, P.SUCCEEDED: 2}


@given(
    st.lists(st.tuples(st.sampled_from(REPORTED), st.integers(0, 5)), max_size=8),
    st.randoms(use_true_random=False),
)
def test_in_any_order_a_success_is_final_and_nothing_falls(
    said: list[tuple[PaymentStatus, int]], chance: Any
) -> None:
    payment = opened()
    for status, minute in said:
        before = payment
        payment = payment.observe(seen(status, at=after(minutes=minute)))
        assert RANK.get(payment.status, 0) >= RANK.get(before.status, 0)
        assert payment.attempt >= before.attempt
        assert payment.captured >= before.captured

    statuses = [status for status, _ in said]
    assert (payment.status is P.SUCCEEDED) == (P.SUCCEEDED in statuses)

    chance.shuffle(said)
    shuffled = opened()
    for status, minute in said:
        shuffled = shuffled.observe(seen(status, at=after(minutes=minute)))
    assert (shuffled.status is P.SUCCEEDED) == (payment.status is P.SUCCEEDED)


@given(st.lists(st.tuples(st.sampled_from(REPORTED), st.integers(0, 5)), max_size=6))
def test_the_same_again_changes_nothing(said: list[tuple[PaymentStatus, int]]) -> None:
    payment = opened()
    for status, minute in said:
        payment = payment.observe(seen(status, at=after(minutes=minute)))
        again = payment.observe(seen(status, at=after(minutes=minute)))
        assert again == payment
        assert again.events == payment.events


MISCHARGED = Failure(code="amount_mismatch", message="Another amount was charged.")


def test_an_amount_that_nobody_asked_for_pays_for_nothing() -> None:
    wrong = seen(P.SUCCEEDED, captured=dollars(9_999), at=after(hours=1))

    failed = opened().mischarged(wrong, MISCHARGED)

    assert (failed.status, failed.failure, failed.captured) == (P.FAILED, MISCHARGED, dollars(0))
    assert failed.gateway_id == "pi_1"
    assert failed.mischarged(wrong, MISCHARGED) is failed


def test_a_payment_that_is_called_off_ends_with_a_wrong_amount() -> None:
    wrong = seen(P.SUCCEEDED, captured=dollars(9_999), at=after(hours=1))

    ended = opened().begin_cancel(at=NOW).mischarged(wrong, MISCHARGED)

    assert (ended.status, ended.failure) == (P.CANCELED, MISCHARGED)
    assert ended.events == (PaymentCanceled(payment="pay_1", at=after(hours=1)),)


# --- Trying from the server, and calling off -----------------------------------------------------


def test_a_try_from_the_server_is_processing_until_it_is_known() -> None:
    tried = opened().tried_again(at=after(hours=1))

    assert (tried.status, tried.attempt) == (P.PROCESSING, 1)
    assert tried.try_dropped(at=NOW).status is P.PENDING
    failed = tried.try_failed(DECLINED, at=NOW)
    assert (failed.status, failed.failure) == (P.FAILED, DECLINED)
    assert failed.tried_again(at=NOW).attempt == 2


@pytest.mark.parametrize("status", [*sorted(CAPTURED), P.CANCELING, P.CANCELED])
def test_what_is_over_is_neither_tried_nor_called_off(status: PaymentStatus) -> None:
    payment = a_payment(status=status)

    with pytest.raises(PaymentStateConflict):
        payment.tried_again(at=NOW)
    with pytest.raises(PaymentStateConflict):
        payment.begin_cancel(at=NOW)
    assert payment.try_failed(DECLINED, at=NOW) is payment


def test_a_try_that_is_not_under_way_is_not_dropped() -> None:
    payment = opened()

    assert payment.try_dropped(at=NOW) is payment


def test_what_the_gateway_never_heard_of_is_dropped() -> None:
    dropped = opened().never_sent(at=NOW)

    assert dropped.status is P.CANCELED
    assert dropped.events == (PaymentCanceled(payment="pay_1", at=NOW),)


def test_what_the_gateway_knows_is_not() -> None:
    with pytest.raises(BrokenInvariant):
        opened().observe(seen(P.PENDING)).never_sent(at=NOW)


# --- Where its money lies ------------------------------------------------------------------------


@pytest.mark.parametrize("before", list(Stage))
@pytest.mark.parametrize("to", list(Stage))
def test_money_moves_from_pending_to_earned_and_out_of_suspense_never(
    before: Stage, to: Stage
) -> None:
    allowed = {
        (Stage.UNFUNDED, Stage.PENDING),
        (Stage.UNFUNDED, Stage.SUSPENSE),
        (Stage.PENDING, Stage.EARNED),
    }
    payment = a_paid_payment(stage=before)

    if (before, to) in allowed:
        assert payment.placed(to).stage is to
    else:
        with pytest.raises(BrokenInvariant):
            payment.placed(to)


def test_the_gateways_own_fee_and_funds_are_noted() -> None:
    settled = a_paid_payment().settled_by_gateway(available_at=after(days=2))

    assert settled.gateway_fee_booked
    assert settled.funds_available_at == after(days=2)


def test_who_receives_it_is_known() -> None:
    assert a_payment().is_received_by(TEACHER)
    assert not a_payment().is_received_by(STUDENT)
    assert not a_payment().is_received_by(None)


def test_money_may_still_come_in_until_it_came_or_the_payment_was_called_off() -> None:
    assert {status for status in P if status.is_live} == {
        *(P.PENDING, P.REQUIRES_ACTION, P.PROCESSING, P.FAILED)
    }
    assert {status for status in P if status.has_succeeded} == {
        *(P.SUCCEEDED, P.PARTIALLY_REFUNDED, P.REFUNDED)
    }


@pytest.mark.parametrize("status", list(P))
def test_every_status_shows_on_the_booking(status: PaymentStatus) -> None:
    shown = {
        P.PENDING: PaymentState.PENDING,
        P.REQUIRES_ACTION: PaymentState.PENDING,
        P.PROCESSING: PaymentState.PENDING,
        P.SUCCEEDED: PaymentState.PAID,
        P.PARTIALLY_REFUNDED: PaymentState.PARTIALLY_REFUNDED,
        P.REFUNDED: PaymentState.REFUNDED,
        P.FAILED: PaymentState.FAILED,
        P.CANCELING: PaymentState.UNPAID,
        P.CANCELED: PaymentState.UNPAID,
    }

    assert a_payment(status=status).booking_state is shown[status]


def test_the_payment_that_pays_speaks_for_the_booking_and_else_the_newest() -> None:
    old = a_payment("pay_1", P.CANCELED)
    new = a_payment("pay_2")
    paying = a_paid_payment("pay_3")
    back = a_paid_payment("pay_4", stage=Stage.SUSPENSE)

    assert speaks_for_booking(new, [new, old])
    assert not speaks_for_booking(old, [new, old])
    assert speaks_for_booking(paying, [new, paying, old])
    assert speaks_for_booking(evolve(paying, stage=Stage.EARNED), [new, paying, old])
    assert not speaks_for_booking(new, [new, paying, old])
    assert speaks_for_booking(back, [back, old])
    assert not speaks_for_booking(back, [back, paying])
    assert speaks_for_booking(evolve(new, status=P.PROCESSING), [new, old])
    assert speaks_for_booking(new, [old]), "one that is not stored yet is the newest"


# --- What may be given back ----------------------------------------------------------------------


def test_refundable_is_what_is_left() -> None:
    payment = a_paid_payment(refunded=dollars(1_000), reserved=dollars(2_000), lost=dollars(500))

    assert payment.refundable == dollars(6_500)
    assert payment.given_back == dollars(3_000)


@pytest.mark.parametrize("minor", [-1, 0, 10_001])
def test_neither_nothing_nor_more_than_is_left_is_refunded(minor: int) -> None:
    with pytest.raises(RefundExceedsRefundable) as caught:
        a_paid_payment().must_be_refundable(dollars(minor))

    assert caught.value.extra == {"refundable_amount": "100.00"}


def test_a_disputed_payment_is_not_refunded() -> None:
    payment = a_paid_payment(is_disputed=True)

    assert payment.refundable == dollars(0)
    with pytest.raises(PaymentDisputed):
        payment.must_be_refundable(dollars(1))


@pytest.mark.parametrize("status", [status for status in P if not status.has_succeeded])
def test_what_was_not_captured_is_not_refunded(status: PaymentStatus) -> None:
    with pytest.raises(PaymentStateConflict):
        a_payment(status=status).must_be_refundable(dollars(1))


def test_a_refund_goes_from_reserved_to_refunded() -> None:
    legs = Legs(
        fee=dollars(150), teachers=(dollars(850),), goodwill=dollars(0), suspense=dollars(0)
    )
    reserved = a_paid_payment().refund_reserved(dollars(1_000), legs)
    assert (reserved.reserved, reserved.refunded) == (dollars(1_000), dollars(0))
    assert reserved.fee_remaining == dollars(1_350)
    assert reserved.shares[0].remaining == dollars(7_650)

    accepted = reserved.refund_accepted(dollars(1_000), at=after(hours=1))
    assert (accepted.reserved, accepted.refunded) == (dollars(0), dollars(1_000))
    assert accepted.status is P.PARTIALLY_REFUNDED
    assert accepted.refunded_at == after(hours=1)

    for was_accepted, payment in ((False, reserved), (True, accepted)):
        released = payment.refund_released(
            dollars(1_000), legs, was_accepted=was_accepted, at=after(hours=1)
        )
        assert evolve(released, updated_at=NOW) == a_paid_payment()


def test_all_of_it_refunded_is_refunded() -> None:
    payment = a_paid_payment()
    legs = evolve(no_legs(payment.amount, 1), fee=payment.fee, teachers=(dollars(8_500),))

    refunded = payment.refund_reserved(payment.amount, legs).refund_accepted(payment.amount, at=NOW)

    assert refunded.status is P.REFUNDED
    assert refunded.booking_state is PaymentState.REFUNDED


def test_an_earlier_refund_that_stands_keeps_its_date() -> None:
    payment = a_payment(
        status=P.PARTIALLY_REFUNDED, refunded=dollars(500), refunded_at=NOW, reserved=dollars(100)
    )

    released = payment.refund_released(
        dollars(100), no_legs(dollars(0), 1), was_accepted=False, at=after(hours=1)
    )

    assert (released.status, released.refunded_at) == (P.PARTIALLY_REFUNDED, NOW)


@pytest.mark.parametrize(
    "fields",
    [
        {"refunded": dollars(10_001)},
        {"refunded": dollars(6_000), "reserved": dollars(4_001)},
        {"lost": dollars(-1)},
        {"captured": dollars(10_001)},
        {"fee_reversed": dollars(1_501)},
        {"unwound": dollars(-1)},
    ],
    ids=["refunded", "together", "lost", "captured", "fee", "unwound"],
)
def test_amounts_that_contradict_each_other_are_a_bug(fields: dict[str, Any]) -> None:
    with pytest.raises(BrokenInvariant):
        a_paid_payment(**fields)


def test_no_secret_of_the_intent_shows_in_a_repr() -> None:
    assert "pi_1_secret" not in repr(opened().observe(seen(P.PENDING)))


def test_a_schedule_that_takes_all_leaves_teachers_nothing() -> None:
    payment = opened(terms=terms(fees=a_fee_schedule(10_000)))

    assert payment.shares[0].agreed == dollars(0)
