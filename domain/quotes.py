"""Who gets what if a booking ends in this way now.

A quote is computed from the same functions that execution uses, so that execution does exactly what
the quote said if nothing changed in between.
"""

from datetime import datetime

from attrs import evolve, frozen

from domain.bookings import Booking
from domain.ids import PaymentId, UserId
from domain.money import Money, total
from domain.payments import Payment, Stage
from domain.policies import FAULT_OF, Outcome
from domain.refunds import Refund, borne_by
from domain.time import instant


@frozen(kw_only=True)
class Quote:
    """The three sides of an outcome.

    student + teachers + platform - promotion = what is still paid, where `promotion` is what a
    promotion still bears. `student` is what goes back now, on top of what went back before.
    """

    outcome: Outcome
    refund_percent: int
    student: Money
    teachers: tuple[tuple[UserId, Money], ...]
    platform: Money
    promotion: Money
    student_minutes: int
    valid_until: datetime | None = instant()


def refund_percent(booking: Booking, outcome: Outcome, at: datetime) -> int:
    """Return how much of what was paid the student is due in all, in percent."""
    if outcome.returns_everything:
        return 100
    if outcome is Outcome.CANCELLED_BY_STUDENT:
        return booking.terms.policy.refund_percent(booking.notice_from, at)
    return 0


def due_back(
    booking: Booking, payment: Payment, outcome: Outcome, at: datetime, *, step: int = 1
) -> Money:
    """Return what goes back now: hu(paid·p/100), less what went back before, at least zero.

    It is a multiple of `step` minor units, which is the least that the gateway can send.
    """
    percent = refund_percent(booking, outcome, at)
    entitled = payment.captured.percent(percent).in_steps(step) - payment.given_back
    return max(Money.zero(entitled.currency), min(entitled, payment.refundable))


def quote(
    booking: Booking,
    payment: Payment | None,
    outcome: Outcome,
    at: datetime,
    *,
    step: int = 1,
) -> Quote:
    """Tell who gets what. `payment` is the booking's captured payment, or None.

    Before payment, a lesson that takes place (or a student's no-show) is quoted on the agreed
    price, so that the fee is transparent; for every other outcome nothing was paid, and nothing
    moves.
    """
    percent = refund_percent(booking, outcome, at)
    if payment is None or payment.stage is Stage.UNFUNDED:
        takes_place = outcome in {Outcome.COMPLETED, Outcome.STUDENT_NO_SHOW}
        amount = booking.price if takes_place else Money.zero(booking.price.currency)
        payment = _as_if_paid(booking, amount, at)
        student = Money.zero(amount.currency)
    else:
        student = due_back(booking, payment, outcome, at, step=step)
    legs = borne_by(payment, student, FAULT_OF[outcome], teacher_keeps=False) if student else None
    teachers = tuple(
        (share.teacher_id, share.remaining - legs.teachers[index] if legs else share.remaining)
        for index, share in enumerate(payment.shares)
    )
    still_paid = payment.captured - payment.given_back - payment.lost
    unwound = payment.unwound + (legs.sum if legs else Money.zero(student.currency))
    promotion = (payment.list_amount - unwound) - (still_paid - student)
    kept = total((amount for _, amount in teachers), student.currency)
    return Quote(
        outcome=outcome,
        refund_percent=percent,
        student=student,
        teachers=teachers,
        platform=still_paid + promotion - student - kept,
        promotion=promotion,
        student_minutes=0,
        valid_until=_valid_until(booking, outcome, at),
    )


def executed(booking: Booking, payment: Payment, refund: Refund) -> Quote:
    """Tell what a cancellation has done, from what it left: the quote that it carried out."""
    outcome = booking.outcome or Outcome.CANCELLED_BY_PLATFORM
    teachers = tuple((share.teacher_id, share.remaining) for share in payment.shares)
    kept = total((amount for _, amount in teachers), refund.amount.currency)
    still_paid = payment.captured - payment.given_back - payment.lost
    promotion = (payment.list_amount - payment.unwound) - still_paid
    return Quote(
        outcome=outcome,
        refund_percent=refund_percent(booking, outcome, refund.created_at),
        student=refund.amount,
        teachers=teachers,
        platform=still_paid + promotion - kept,
        promotion=promotion,
        student_minutes=0,
        valid_until=_valid_until(booking, outcome, refund.created_at),
    )


def _as_if_paid(booking: Booking, amount: Money, at: datetime) -> Payment:
    payment = Payment.open(
        id=PaymentId("pay_quote"),
        booking_id=booking.id,
        student_id=booking.student_id,
        amount=amount,
        discount=Money.zero(amount.currency),
        terms=booking.terms,
        teachers=booking.teachers,
        at=at,
    )
    return evolve(payment, captured=amount)


def _valid_until(booking: Booking, outcome: Outcome, at: datetime) -> datetime | None:
    if outcome is Outcome.CANCELLED_BY_STUDENT:
        until = booking.terms.policy.holds_until(booking.notice_from, at)
        return booking.period.end if until is None else until
    return None
