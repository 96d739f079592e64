"""What a payment remembers of what the gateway said, and which amounts it takes."""

from typing import Any

import pytest
from attrs import evolve

from domain.errors import BrokenInvariant
from domain.gigs import Teaching
from domain.ids import BookingId, PaymentId
from domain.payments import (
    CardUsed,
    Failure,
    Legs,
    Observation,
    Payment,
    PaymentDisputed,
    PaymentStatus,
    Stage,
)
from domain.refunds import no_legs
from tests.builders import (
    NOW,
    STUDENT,
    TEACHER,
    a_paid_payment,
    a_payment,
    after,
    dollars,
    terms,
)

P = PaymentStatus
VISA = CardUsed(method_type="card", brand="visa", last4="4242")
DECLINED = Failure(code="card_declined", message="Your card was declined.")


def seen(status: PaymentStatus, *, minutes: int = 1, **fields: Any) -> Observation:
    known: dict[str, Any] = {
        "captured": dollars(10_000 if status is P.SUCCEEDED else 0),
        "gateway_id": "pi_1",
    }
    return Observation(status=status, read_at=after(minutes=minutes), **{**known, **fields})


def legs(fee: int, *teachers: int, goodwill: int = 0, suspense: int = 0) -> Legs:
    return Legs(
        fee=dollars(fee),
        teachers=tuple(dollars(part) for part in teachers),
        goodwill=dollars(goodwill),
        suspense=dollars(suspense),
    )


def test_it_is_of_its_booking_and_student_and_has_moved_nothing_yet() -> None:
    payment = Payment.open(
        id=PaymentId("pay_1"),
        booking_id=BookingId("bk_1"),
        student_id=STUDENT,
        amount=dollars(8_000),
        discount=dollars(2_000),
        terms=terms(),
        teachers=(Teaching(TEACHER),),
        at=NOW,
    )

    assert payment == a_payment(
        amount=dollars(8_000), list_amount=dollars(10_000), fee=dollars(1_500)
    )


# --- What is remembered --------------------------------------------------------------------------


def test_a_success_without_a_failure_before_it_is_of_the_first_try() -> None:
    paid = a_payment().observe(seen(P.SUCCEEDED))

    assert paid.attempt == 1


def test_a_success_is_of_when_it_was_read_even_if_something_was_read_later() -> None:
    paid = a_payment().observe(seen(P.PROCESSING, minutes=5)).observe(seen(P.SUCCEEDED))

    assert (paid.paid_at, paid.updated_at, paid.read_at) == (after(minutes=1),) * 3


@pytest.mark.parametrize("tried", [P.REQUIRES_ACTION, P.PROCESSING, P.FAILED])
def test_within_a_try_the_rank_never_falls_back_to_pending(tried: PaymentStatus) -> None:
    payment = a_payment().observe(seen(tried))

    later = payment.observe(seen(P.PENDING, minutes=2))

    assert (later.status, later.attempt) == (tried, 1)


@pytest.mark.parametrize("status", [P.PENDING, P.PROCESSING, P.SUCCEEDED])
def test_a_secret_that_is_not_repeated_is_kept(status: PaymentStatus) -> None:
    payment = a_payment().observe(seen(P.REQUIRES_ACTION, client_secret="pi_1_secret"))

    assert payment.observe(seen(status, minutes=2)).client_secret == "pi_1_secret"


def test_another_secret_takes_the_place_of_the_first() -> None:
    payment = a_payment(client_secret="old").observe(seen(P.PROCESSING, client_secret="new"))

    assert payment.client_secret == "new"


def test_what_was_tried_with_is_kept_until_another_card_is_used() -> None:
    amex = evolve(VISA, brand="amex")
    tried = a_payment().observe(seen(P.FAILED, used=VISA, failure=DECLINED))
    assert tried.used == VISA

    again = tried.observe(seen(P.PROCESSING, minutes=2))
    assert again.used == VISA
    assert again.observe(seen(P.REQUIRES_ACTION, minutes=3, used=amex)).used == amex


def test_what_was_read_last_decides_even_where_nothing_changed() -> None:
    payment = a_payment().observe(seen(P.PENDING)).observe(seen(P.PENDING, minutes=3))
    assert payment.read_at == after(minutes=3)

    assert payment.observe(seen(P.PROCESSING, minutes=2)) is payment
    assert payment.observe(seen(P.PROCESSING, minutes=3)).status is P.PROCESSING


def test_a_call_that_is_under_way_keeps_when_it_was_read() -> None:
    canceling = a_payment(status=P.CANCELING, read_at=after(minutes=1))

    assert canceling.observe(seen(P.PROCESSING, minutes=2)).read_at == after(minutes=2)


def test_another_try_forgets_why_the_last_one_failed() -> None:
    again = a_payment(status=P.FAILED, failure=DECLINED).tried_again(at=NOW)

    assert again.failure is None


# --- Amounts -------------------------------------------------------------------------------------


def test_all_four_parts_make_up_a_refund() -> None:
    assert legs(1, 2, 3, goodwill=4, suspense=5).sum == dollars(15)


def test_what_a_dispute_took_is_not_refunded_so_that_the_rest_sweeps() -> None:
    payment = a_paid_payment(lost=dollars(2_000))

    assert payment.unwinding(dollars(4_000)) == dollars(5_000)
    assert payment.unwinding(dollars(8_000)) == dollars(10_000)


def test_what_costs_the_student_nothing_unwinds_all_of_the_promotion() -> None:
    payment = a_paid_payment(
        amount=dollars(0), list_amount=dollars(1_000), fee=dollars(150), captured=dollars(0)
    )

    assert payment.unwinding(dollars(0)) == dollars(1_000)


def test_money_from_suspense_unwinds_nothing_of_the_price() -> None:
    payment = a_paid_payment(stage=Stage.SUSPENSE)
    back = legs(0, 0, suspense=10_000)

    reserved = payment.refund_reserved(dollars(10_000), back)

    assert reserved.unwound == dollars(0)
    released = reserved.refund_released(dollars(10_000), back, was_accepted=False, at=NOW)
    assert released == payment


def test_nothing_of_a_disputed_payment_is_set_aside() -> None:
    with pytest.raises(PaymentDisputed):
        a_paid_payment(is_disputed=True).refund_reserved(dollars(100), no_legs(dollars(0), 1))


def test_legs_of_other_teachers_are_a_bug() -> None:
    with pytest.raises(ValueError, match="zip"):
        a_paid_payment().refund_reserved(dollars(100), no_legs(dollars(0), 2))


def taken_back(minor: int) -> dict[str, Any]:
    (share,) = a_paid_payment().shares
    return {"shares": (evolve(share, reversed=dollars(minor)),)}


@pytest.mark.parametrize(
    "fields",
    [
        {"fee_reversed": dollars(-1)},
        {"fee_reversed": dollars(1_501)},
        taken_back(-1),
        taken_back(8_501),
        {"refunded": dollars(-1)},
        {"reserved": dollars(-1)},
        {"lost": dollars(10_001)},
        {"refunded": dollars(5_000), "lost": dollars(5_001)},
        {"reserved": dollars(5_000), "lost": dollars(5_001)},
    ],
)
def test_no_part_is_less_than_nothing_or_more_than_there_is(fields: dict[str, Any]) -> None:
    with pytest.raises(BrokenInvariant):
        a_paid_payment(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"fee_reversed": dollars(1_500)},
        taken_back(8_500),
        {"refunded": dollars(4_000), "reserved": dollars(3_000), "lost": dollars(3_000)},
    ],
)
def test_every_part_may_be_taken_back_to_the_last_cent(fields: dict[str, Any]) -> None:
    assert a_paid_payment(**fields).version == 0
