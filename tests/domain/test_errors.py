"""Errors of every area, and bugs: what each tells."""

from collections.abc import Callable

import pytest
from attrs import evolve

from domain.bookings import BookingStatus
from domain.errors import BrokenInvariant, Forbidden, NotFound, RateLimited, StaleWrite
from domain.events import BookingExpired
from domain.ledger import Entry, payment_succeeded
from domain.money import Money, split
from domain.payments import Observation, PaymentStatus, Stage
from domain.refunds import RefundStatus
from domain.time import Period
from tests.builders import (
    LESSON_AT,
    NOW,
    USD,
    a_balance,
    a_booking,
    a_paid_payment,
    a_payment,
    a_refund,
    after,
    dollars,
)

# --- Errors of any area --------------------------------------------------------------------------


def test_what_is_absent_is_named() -> None:
    assert str(NotFound()) == "This object does not exist."
    assert str(NotFound("This gig")) == "This gig does not exist."


def test_who_may_not_is_told_that_it_is_the_role() -> None:
    assert str(Forbidden()) == "Your role does not allow this."
    assert str(Forbidden("Only staff may.")) == "Only staff may."


def test_who_asks_too_often_is_told_when_to_try_again() -> None:
    limited = RateLimited(30)

    assert limited.retry_after_seconds == 30
    assert str(limited) == "Too many requests. Try again in 30 seconds."


def test_what_a_client_may_use_besides_stands_beside_the_sentence() -> None:
    error = StaleWrite("It was changed.", booking="bk_1")

    assert (error.detail, error.extra) == ("It was changed.", {"booking": "bk_1"})
    assert NotFound().extra == {}


# --- Bugs ----------------------------------------------------------------------------------------

P = PaymentStatus
EXPIRED = BookingExpired(booking="bk_1", at=NOW)
S = BookingStatus


def seen(status: PaymentStatus, captured: int) -> Observation:
    return Observation(
        status=status, captured=dollars(captured), gateway_id="pi_1", read_at=after(hours=1)
    )


BUGS: dict[str, tuple[Callable[[], object], str]] = {
    "seated again": (lambda: a_booking().reseat(at=NOW), "bk_1 is confirmed"),
    "an end before the beginning": (lambda: Period(LESSON_AT, NOW), "is no period"),
    "another intent": (
        lambda: a_refund(gateway_id="re_a").accepted("re_b", at=NOW),
        "re_1 is re_a, not re_b",
    ),
    "succeeded unsent": (lambda: a_refund().succeeded(at=NOW), "re_1 is reserved"),
    "failed twice": (
        lambda: a_refund(status=RefundStatus.FAILED).failed("declined", at=NOW),
        "re_1 is failed",
    ),
    "dropped": (lambda: a_payment(gateway_id="pi_1").never_sent(at=NOW), "pay_1 is known"),
    "placed": (lambda: a_payment().placed(Stage.EARNED), "pay_1 cannot go from unfunded to earned"),
    "amounts": (lambda: a_paid_payment(lost=dollars(-1)), "amounts of pay_1 contradict"),
    "a balance": (lambda: a_balance(held=-1), "balance of usr_teacher"),
    "a division": (lambda: split(1, (0, 0)), r"divide 1 by \(0, 0\)"),
    "an entry": (lambda: Entry(key="x:1", kind="x", lines=(), at=NOW), "does not balance"),
    "a charge": (
        lambda: payment_succeeded(a_paid_payment(charge_id=None), NOW),
        "pay_1 was captured without",
    ),
    "a wrong amount": (
        lambda: a_payment()._succeed(seen(P.SUCCEEDED, 1)),
        r"pay_1: Money\(1, usd\) was captured of Money\(10000, usd\)",
    ),
    "another payment": (
        lambda: a_payment(gateway_id="pi_0").observe(seen(P.PROCESSING, 0)),
        "pay_1 is pi_0, not pi_1",
    ),
    "no edge": (
        lambda: a_booking(status=S.DECLINED)._moved(
            S.CONFIRMED, BookingExpired(booking="", at=NOW)
        ),
        "bk_1 cannot go from declined to confirmed",
    ),
    "an instant": (lambda: evolve(a_booking(), created_at=NOW.replace(tzinfo=None)), "created_at"),
}


def test_an_amount_that_is_no_integer_is_told_by_its_type() -> None:
    with pytest.raises(TypeError, match="not float"):
        Money(1.0, USD)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_named_after_what_it_is_found_in(name: str) -> None:
    call, told = BUGS[name]

    with pytest.raises(BrokenInvariant, match=told):
        call()


def test_what_was_captured_before_is_not_dropped() -> None:
    with pytest.raises(BrokenInvariant):
        a_payment(status=PaymentStatus.SUCCEEDED, gateway_id=None).never_sent(at=NOW)
