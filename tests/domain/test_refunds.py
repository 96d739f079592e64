"""Giving money back: who bears it, over what remains of each part."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BrokenInvariant, CurrencyMismatch
from domain.events import RefundFailed, RefundReserved, RefundSucceeded
from domain.fees import FeeBearing, FeeOnRefund
from domain.gigs import Teaching
from domain.ids import BookingId, PaymentId, RefundId, UserId
from domain.money import Money, total
from domain.payments import (
    Legs,
    Payment,
    PaymentDisputed,
    PaymentStatus,
    RefundExceedsRefundable,
    Stage,
)
from domain.policies import Fault
from domain.refunds import (
    UNDER_WAY,
    Refund,
    RefundCause,
    RefundNotOwed,
    RefundStatus,
    borne_by,
    no_legs,
)
from tests.builders import EUR, NOW, STUDENT, USD, a_fee_schedule, a_refund, after, dollars, terms
from tests.strategies import fees_on_refund


def paid(
    amount: int = 10_000,
    *,
    discount: int = 0,
    weights: Sequence[int] = (1,),
    basis_points: int = 1_500,
    on_refund: FeeOnRefund | None = None,
    stage: Stage = Stage.PENDING,
) -> Payment:
    """Return a payment that was captured, split as its terms say."""
    agreed = terms(fees=a_fee_schedule(basis_points), fee_on_refund=on_refund or FeeOnRefund())
    payment = Payment.open(
        id=PaymentId("pay_1"),
        booking_id=BookingId("bk_1"),
        student_id=STUDENT,
        amount=dollars(amount),
        discount=dollars(discount),
        terms=agreed,
        teachers=tuple(Teaching(UserId(f"usr_{n}"), w) for n, w in enumerate(weights)),
        at=NOW,
    )
    return evolve(
        payment,
        status=PaymentStatus.SUCCEEDED,
        captured=payment.amount,
        stage=stage,
        gateway_id="pi_1",
        charge_id="ch_1",
    )


def reserve(
    payment: Payment,
    minor: int,
    fault: Fault = Fault.NONE,
    *,
    keeps: bool = False,
    id: str = "re_1",
) -> tuple[Refund, Payment]:
    return Refund.reserve(
        id=RefundId(id),
        payment=payment,
        amount=dollars(minor),
        reason="",
        fault=fault,
        cause=RefundCause.MANUAL,
        requested_by=None,
        teacher_keeps=keeps,
        at=NOW,
    )


def legs(payment: Payment, minor: int, fault: Fault = Fault.NONE, *, keeps: bool = False) -> Legs:
    return borne_by(payment, dollars(minor), fault, teacher_keeps=keeps)


def shown(of: Legs) -> tuple[int, tuple[int, ...], int]:
    return of.fee.minor, tuple(part.minor for part in of.teachers), of.goodwill.minor


# --- Who bears it --------------------------------------------------------------------------------

PROPORTIONAL = FeeOnRefund(FeeBearing.PROPORTIONAL)
KEPT = FeeOnRefund(FeeBearing.KEPT)
KEPT_30 = FeeOnRefund(FeeBearing.KEPT, 30)
ABSORBED = FeeOnRefund(FeeBearing.ABSORBED)


@pytest.mark.parametrize(
    ("on_refund", "minor", "expected"),
    [
        (PROPORTIONAL, 10_000, (1_500, (8_500,), 0)),
        (PROPORTIONAL, 5_000, (750, (4_250,), 0)),
        (PROPORTIONAL, 1, (0, (1,), 0)),
        (KEPT, 5_000, (0, (5_000,), 0)),
        (KEPT, 8_500, (0, (8_500,), 0)),
        (KEPT, 10_000, (1_500, (8_500,), 0)),
        (KEPT_30, 5_000, (525, (4_475,), 0)),
        (KEPT_30, 10_000, (1_500, (8_500,), 0)),
        (ABSORBED, 1_000, (1_000, (0,), 0)),
        (ABSORBED, 1_500, (1_500, (0,), 0)),
        (ABSORBED, 5_000, (1_500, (0,), 3_500)),
    ],
)
@pytest.mark.parametrize("fault", [Fault.NONE, Fault.STUDENT])
def test_the_setting_decides_when_no_side_but_the_student_is_at_fault(
    on_refund: FeeOnRefund, minor: int, expected: object, fault: Fault
) -> None:
    assert shown(legs(paid(on_refund=on_refund), minor, fault)) == expected


@pytest.mark.parametrize("on_refund", [PROPORTIONAL, KEPT, KEPT_30, ABSORBED], ids=str)
@pytest.mark.parametrize("fault", [Fault.TEACHER, Fault.PLATFORM])
def test_a_teachers_or_the_platforms_fault_returns_the_fee_in_proportion(
    on_refund: FeeOnRefund, fault: Fault
) -> None:
    assert shown(legs(paid(on_refund=on_refund), 5_000, fault)) == (750, (4_250,), 0)


def test_teachers_keep_their_share_of_the_platforms_fault_if_staff_say_so() -> None:
    assert shown(legs(paid(), 10_000, Fault.PLATFORM, keeps=True)) == (1_500, (0,), 8_500)


@pytest.mark.parametrize("fault", [Fault.TEACHER, Fault.NONE, Fault.STUDENT])
def test_nobody_keeps_anything_of_another_fault(fault: Fault) -> None:
    assert shown(legs(paid(), 10_000, fault, keeps=True)) == (1_500, (8_500,), 0)


def test_a_kept_fee_is_borne_by_teachers_by_what_is_left_of_their_shares() -> None:
    payment = paid(weights=(1, 3), on_refund=KEPT)

    assert shown(legs(payment, 4_000)) == (0, (1_000, 3_000), 0)


def test_a_kept_fee_goes_to_whom_something_is_left() -> None:
    payment = paid(3, weights=(1, 1), basis_points=3_333, on_refund=KEPT)

    assert shown(legs(paid(3, weights=(1, 1), basis_points=3_333), 2)) == (1, (1, 0), 0)
    assert shown(legs(payment, 2)) == (0, (1, 1), 0)


def test_money_in_suspense_goes_back_from_there() -> None:
    back = legs(paid(stage=Stage.SUSPENSE), 10_000)

    assert back == evolve(no_legs(dollars(0), 1), suspense=dollars(10_000))


def test_weights_of_one_three_three_never_go_backwards() -> None:
    payment = paid(7, weights=(1, 3, 3), basis_points=0)
    back = [0, 0, 0]

    for number in range(7):
        refund, payment = reserve(payment, 1, id=f"re_{number}")
        taken = shown(refund.legs)[1]
        assert min(taken) >= 0
        back = [so_far + part for so_far, part in zip(back, taken, strict=True)]

    assert back == [1, 3, 3]
    assert payment.refundable == dollars(0)


# --- Partial refunds, in any order ---------------------------------------------------------------

payments = st.builds(
    paid,
    st.integers(1, 10**6),
    discount=st.integers(0, 10**5),
    weights=st.lists(st.integers(1, 1_000), min_size=1, max_size=10),
    basis_points=st.integers(0, 10_000),
    on_refund=fees_on_refund(),
    stage=st.sampled_from([Stage.PENDING, Stage.EARNED]),
)


@st.composite
def cuts(draw: st.DrawFn, payment: Payment) -> list[int]:
    """Draw amounts that sum to the payment's."""
    at = draw(st.sets(st.integers(1, max(1, payment.amount.minor - 1)), max_size=6))
    edges = [0, *sorted(cut for cut in at if cut < payment.amount.minor), payment.amount.minor]
    return [upper - lower for lower, upper in pairwise(edges)]


def must_be_whole(payment: Payment, refund: Refund) -> None:
    parts = (refund.legs.fee, *refund.legs.teachers, refund.legs.goodwill, refund.legs.suspense)
    assert min(parts) >= dollars(0)
    assert refund.legs.sum == refund.amount + refund.promotion
    assert refund.promotion >= dollars(0)
    assert payment.fee_remaining >= dollars(0)
    assert all(share.remaining >= dollars(0) for share in payment.shares)


@given(payments, st.data())
def test_partial_refunds_sum_exactly_and_the_last_one_sweeps(
    payment: Payment, data: st.DataObject
) -> None:
    first = payment
    goodwill = dollars(0)

    for number, minor in enumerate(data.draw(cuts(payment))):
        fault = data.draw(st.sampled_from(Fault))
        keeps = data.draw(st.booleans())
        refund, payment = reserve(payment, minor, fault, keeps=keeps, id=f"re_{number}")
        must_be_whole(payment, refund)
        goodwill += refund.legs.goodwill

    assert payment.refundable == dollars(0)
    assert payment.unwound == first.list_amount
    left = total((share.remaining for share in payment.shares), USD) + payment.fee_remaining
    assert left == goodwill


@given(payments, st.data())
def test_refunds_that_fail_in_any_order_give_back_all_that_they_took(
    payment: Payment, data: st.DataObject
) -> None:
    first = payment
    open_: list[tuple[Refund, bool]] = []

    for number, minor in enumerate(data.draw(cuts(payment))):
        refund, payment = reserve(
            payment, minor, data.draw(st.sampled_from(Fault)), id=f"re_{number}"
        )
        is_accepted = data.draw(st.booleans())
        if is_accepted:
            payment = payment.refund_accepted(refund.amount, at=NOW)
        open_.append((refund, is_accepted))

    for refund, was_accepted in data.draw(st.permutations(open_)):
        payment = payment.refund_released(
            refund.amount, refund.legs, was_accepted=was_accepted, at=NOW
        )
        assert payment.refundable >= refund.amount

    assert payment == first


@given(payments, st.data())
def test_what_failed_can_be_refunded_again_to_the_last_cent(
    payment: Payment, data: st.DataObject
) -> None:
    for number, minor in enumerate(data.draw(cuts(payment))):
        fault = data.draw(st.sampled_from(Fault))
        refund, after_it = reserve(payment, minor, fault, id=f"re_{number}")
        if data.draw(st.booleans()):
            after_it = after_it.refund_released(
                refund.amount, refund.legs, was_accepted=False, at=NOW
            )
        payment = after_it

    if payment.refundable:
        refund, payment = reserve(payment, payment.refundable.minor, id="re_last")
        must_be_whole(payment, refund)
    assert payment.refundable == dollars(0)
    assert payment.unwound == payment.list_amount


@given(payments)
def test_without_goodwill_a_full_refund_takes_every_part_whole(payment: Payment) -> None:
    refund, payment = reserve(payment, payment.amount.minor, Fault.TEACHER)

    assert refund.legs.fee == payment.fee
    assert refund.legs.teachers == tuple(share.agreed for share in payment.shares)
    assert refund.promotion == payment.discount


def test_a_promotion_gets_its_part_back() -> None:
    payment = paid(8_000, discount=2_000)

    refund, payment = reserve(payment, 4_000)
    assert refund.legs.sum == dollars(5_000)
    assert refund.promotion == dollars(1_000)
    refund, payment = reserve(payment, 4_000)
    assert refund.promotion == dollars(1_000)


def test_sixty_and_sixty_of_a_hundred_is_refused() -> None:
    _, payment = reserve(paid(), 6_000)

    with pytest.raises(RefundExceedsRefundable) as caught:
        reserve(payment, 6_000)

    assert caught.value.extra == {"refundable_amount": "40.00"}


def test_a_disputed_payment_is_not_refunded() -> None:
    with pytest.raises(PaymentDisputed):
        reserve(evolve(paid(), is_disputed=True), 1)


# --- A refund's life -----------------------------------------------------------------------------


def test_a_refund_is_reserved_accepted_and_succeeds() -> None:
    refund, _ = reserve(paid(), 1_000)
    assert refund.status is RefundStatus.RESERVED
    assert refund.events == (RefundReserved(refund="re_1", payment="pay_1", at=NOW),)

    done = refund.accepted("re_gateway", at=NOW).succeeded(at=after(hours=1))

    assert (done.status, done.gateway_id) == (RefundStatus.SUCCEEDED, "re_gateway")
    assert done.has_succeeded
    assert done.events[-1] == RefundSucceeded(refund="re_1", payment="pay_1", at=after(hours=1))


def test_the_same_acceptance_again_is_no_news() -> None:
    accepted = a_refund().accepted("re_gateway", at=NOW)

    assert accepted.accepted("re_gateway", at=after(hours=1)) is accepted


def test_two_refunds_at_the_gateway_for_one_of_ours_is_a_bug() -> None:
    with pytest.raises(BrokenInvariant):
        a_refund().accepted("re_gateway", at=NOW).accepted("re_another", at=NOW)


def test_a_refund_that_fails_at_once_is_owed_to_nobody() -> None:
    for refund in (a_refund(), a_refund().accepted("re_gateway", at=NOW)):
        failed = refund.failed("declined", at=after(hours=1))
        assert (failed.status, failed.failure_reason) == (RefundStatus.FAILED, "declined")
        assert not failed.is_owed
        assert isinstance(failed.events[-1], RefundFailed)
        assert not failed.events[-1].after_success


def test_a_refund_that_a_bank_returns_weeks_later_is_owed() -> None:
    returned = (
        a_refund()
        .accepted("re_gateway", at=NOW)
        .succeeded(at=NOW)
        .failed("account_closed", at=after(days=20))
    )

    assert returned.is_owed
    assert isinstance(returned.events[-1], RefundFailed)
    assert returned.events[-1].after_success


def test_a_refund_is_under_way_until_it_arrived_or_failed() -> None:
    assert {RefundStatus.RESERVED, RefundStatus.PENDING} == UNDER_WAY


def test_a_refund_remembers_who_wanted_it_and_why() -> None:
    payment = paid()

    refund, _ = Refund.reserve(
        id=RefundId("re_1"),
        payment=payment,
        amount=dollars(1_000),
        reason="goodwill",
        fault=Fault.PLATFORM,
        cause=RefundCause.NO_SHOW,
        requested_by=UserId("usr_admin"),
        teacher_keeps=True,
        at=after(hours=1),
    )

    assert refund == a_refund(
        reason="goodwill",
        fault=Fault.PLATFORM,
        cause=RefundCause.NO_SHOW,
        requested_by="usr_admin",
        teacher_keeps=True,
        legs=legs(payment, 1_000, Fault.PLATFORM, keeps=True),
        created_at=after(hours=1),
        updated_at=after(hours=1),
    )


@pytest.mark.parametrize("minor", [-1, 0, 10_001])
@pytest.mark.parametrize("on_refund", [PROPORTIONAL, KEPT, ABSORBED], ids=str)
def test_too_little_and_too_much_are_refused_whoever_would_bear_it(
    minor: int, on_refund: FeeOnRefund
) -> None:
    with pytest.raises(RefundExceedsRefundable):
        reserve(paid(on_refund=on_refund), minor)


def test_nothing_is_given_back_twice() -> None:
    _, payment = reserve(paid(), 10_000)

    with pytest.raises(RefundExceedsRefundable):
        reserve(payment, 1)


@pytest.mark.parametrize(
    "status", [status for status in RefundStatus if status is not RefundStatus.PENDING]
)
def test_only_a_pending_refund_succeeds(status: RefundStatus) -> None:
    with pytest.raises(BrokenInvariant):
        a_refund(status=status).succeeded(at=NOW)


@pytest.mark.parametrize(
    "status", [RefundStatus.REQUESTED, RefundStatus.APPROVED, RefundStatus.FAILED]
)
def test_what_was_not_sent_or_failed_already_does_not_fail(status: RefundStatus) -> None:
    with pytest.raises(BrokenInvariant):
        a_refund(status=status).failed("declined", at=NOW)


def test_what_is_owed_is_settled_by_another_refund_that_nobody_bears() -> None:
    owed = a_refund(
        status=RefundStatus.FAILED,
        gateway_id="re_gateway",
        failure_reason="account_closed",
        promotion=dollars(100),
        has_succeeded=True,
        is_owed=True,
        version=7,
    )

    again = owed.settling(id=RefundId("re_2"), requested_by=STUDENT, at=after(days=1))

    assert again == a_refund(
        "re_2",
        cause=RefundCause.OWED,
        legs=no_legs(dollars(0), 1),
        requested_by=STUDENT,
        settles="re_1",
        created_at=after(days=1),
        updated_at=after(days=1),
    )
    assert again.events == (RefundReserved(refund="re_2", payment="pay_1", at=after(days=1)),)
    settled = owed.settled(at=after(days=1))
    assert settled == evolve(owed, is_owed=False, updated_at=after(days=1))
    with pytest.raises(RefundNotOwed):
        settled.settled(at=after(days=2))


def test_what_is_not_owed_is_not_settled() -> None:
    with pytest.raises(RefundNotOwed):
        a_refund().settling(id=RefundId("re_2"), requested_by=None, at=NOW)


def test_money_of_another_currency_is_not_refunded() -> None:
    with pytest.raises(CurrencyMismatch):
        paid().must_be_refundable(Money(100, EUR))
