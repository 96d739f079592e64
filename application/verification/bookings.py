"""Bookings, against their payments: what was paid, and what was kept."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from application.ports.gateway import ChargeLimits
from application.verification.bunch import Bunch, bunch_of, by
from application.verification.payments import Payments
from application.verification.report import Look
from domain.bookings import Booking, BookingStatus, Funding
from domain.errors import InvalidField
from domain.payments import PAYS, Payment, Stage, speaks_for_booking
from domain.policies import Outcome
from domain.quotes import refund_percent
from domain.refunds import Refund, RefundCause, RefundStatus


@frozen
class Bookings:
    """Walk from booking to booking, a bunch at a time."""

    look: Look
    payments: Payments
    limits: ChargeLimits

    def check(self) -> None:
        """Compare each booking with its payments, and those with all of theirs."""
        look = self.look
        for bookings in look.bunches("bookings", look.views.everything.bookings()):
            # In a call of its own, so that nothing of it is kept while the next ones are read.
            self._check_bookings(bookings)

    def _check_bookings(self, bookings: Sequence[Booking]) -> None:
        look = self.look
        ids = [booking.id for booking in bookings]
        stream = look.each("payments", look.views.belongings.payments_of(ids))
        of_booking = by(stream, lambda payment: str(payment.booking_id))
        bunch = bunch_of(look, [each for some in of_booking.values() for each in some])
        self._check_payments(bunch)
        for booking in bookings:
            with look.checking(booking.id):
                self._check_booking(booking, of_booking.get(booking.id, ()), bunch)

    def check_strays(self) -> None:
        """I11: no payment is of a booking that does not exist."""
        strays = self.look.views.corners.stray_payments()
        for payments in self.look.bunches("payments", strays):
            self._check_payments(bunch_of(self.look, payments))
            for payment in payments:
                if payment.booking_id is not None:
                    self.look.wrong(
                        "I11", payment.id, f"is of {payment.booking_id}, which does not exist"
                    )

    def _check_payments(self, bunch: Bunch) -> None:
        for payment in bunch.payments:
            with self.look.checking(payment.id):
                self.payments.check(payment, bunch)

    def _check_booking(self, booking: Booking, payments: Sequence[Payment], bunch: Bunch) -> None:
        if booking.status.is_final is (booking.outcome is None):
            self.look.wrong(
                "I11", booking.id, f"is {booking.status} with the outcome {booking.outcome}"
            )
        if booking.version < 1:
            self.look.wrong("I11", booking.id, f"has the version {booking.version}")
        self._check_shown(booking, payments)
        self._check_funding(booking, payments)
        self._check_charged_once(booking, payments)
        for payment in payments:
            self._check_payment(booking, payment, bunch.refunds.get(payment.id, ()))

    # --- What is shown, and what pays ------------------------------------------------------------

    def _check_shown(self, booking: Booking, payments: Sequence[Payment]) -> None:
        for payment in payments:
            if not payment.status.has_succeeded or payment.stage is Stage.SUSPENSE:
                continue
            if not speaks_for_booking(payment, payments):
                continue
            if booking.payment_status != payment.booking_state:
                self.look.wrong(
                    "I11",
                    booking.id,
                    f"shows itself {booking.payment_status}, but {payment.id} is {payment.status}",
                )

    def _check_funding(self, booking: Booking, payments: Sequence[Payment]) -> None:
        is_free = booking.funding is Funding.FREE
        if is_free is bool(booking.price):
            self.look.wrong(
                "I10",
                booking.id,
                f"is funded by {booking.funding} at a price of {booking.price.minor}",
            )
        paid_by = [payment for payment in payments if payment.stage in PAYS]
        if is_free and paid_by:
            self.look.wrong("I10", booking.id, f"is free, and {paid_by[0].id} pays for it")
        # A late payment that cannot go back shows on a booking that is over, and pays for nothing.
        late = booking.status.is_final and booking.status is not BookingStatus.COMPLETED
        came = [payment for payment in payments if payment.status.has_succeeded]
        if not is_free and booking.payment_status.was_paid and not (came if late else paid_by):
            self.look.wrong(
                "I10", booking.id, f"shows itself {booking.payment_status}, and nothing pays for it"
            )
        if booking.status is BookingStatus.COMPLETED and not booking.payment_status.was_paid:
            self.look.wrong("I10", booking.id, f"took place, and is {booking.payment_status}")

    def _check_charged_once(self, booking: Booking, payments: Sequence[Payment]) -> None:
        kinds = Counter[str]()
        for payment in payments:
            kinds["pay for it"] += payment.stage in PAYS
            kinds["are open at once"] += payment.status.is_live
        for what, number in kinds.items():
            if number > 1:
                self.look.wrong("I7", booking.id, f"{number} payments {what}")
        if not kinds["are open at once"]:
            return
        if booking.status.is_final:
            self.look.wrong("I7", booking.id, f"is {booking.status}, and can still be paid")
        elif kinds["pay for it"]:
            self.look.wrong("I7", booking.id, "is paid, and can be paid once more")

    # --- What was kept ---------------------------------------------------------------------------

    def _check_payment(self, booking: Booking, payment: Payment, refunds: Sequence[Refund]) -> None:
        if payment.stage is Stage.PENDING and not _is_open(booking):
            self.look.wrong(
                "I9",
                payment.id,
                f"its money still waits for {booking.id}, which is {booking.status}",
            )
        if payment.stage is Stage.EARNED and booking.status is BookingStatus.CONFIRMED:
            self.look.wrong("I9", payment.id, f"is earned, but {booking.id} is only confirmed")
        if payment.list_amount != booking.price:
            self.look.wrong(
                "I7",
                payment.id,
                f"is of {payment.list_amount!r}, but {booking.id} costs {booking.price!r}",
            )
        if payment.stage in {Stage.EARNED, Stage.SUSPENSE}:
            self._check_kept(booking, payment, refunds)

    def _check_kept(self, booking: Booking, payment: Payment, refunds: Sequence[Refund]) -> None:
        """Hold what went back against what the outcome gives: nothing is kept beyond the policy."""
        if any(_came_to_nothing(each) or _called_it_off(each, booking) for each in refunds):
            # The bank would not take it back, and staff were told; or the student asked for less.
            return
        percent = 100
        if payment.stage is Stage.EARNED and booking.outcome is not None:
            percent = refund_percent(booking, booking.outcome, _ended_at(booking, refunds))
        step = self._step(payment.amount.currency.code)
        due = payment.captured.percent(percent).in_steps(step)
        if payment.given_back < due and payment.given_back + payment.lost < payment.captured:
            why = "late" if payment.stage is Stage.SUSPENSE else booking.outcome
            self.look.wrong(
                "I7",
                payment.id,
                f"{payment.given_back.minor} of {payment.captured.minor} went back, but "
                f"{due.minor} should have: {booking.id} is {booking.status} ({why})",
            )

    def _step(self, code: str) -> int:
        try:
            return self.limits(code).step
        except InvalidField:
            return 1


def _is_open(booking: Booking) -> bool:
    return booking.status is BookingStatus.CONFIRMED or booking.settles_at is not None


def _came_to_nothing(refund: Refund) -> bool:
    return refund.status is RefundStatus.FAILED and not refund.has_succeeded


def _called_it_off(refund: Refund, booking: Booking) -> bool:
    """Tell whether the student asked for this amount, which called the lesson off."""
    asked = refund.cause is RefundCause.MANUAL and refund.requested_by == booking.student_id
    return asked and booking.outcome is Outcome.CANCELLED_BY_STUDENT


def _ended_at(booking: Booking, refunds: Sequence[Refund]) -> datetime:
    """Return when it ended, or later: then the policy gives less back, and nobody is blamed."""
    caused = (each.created_at for each in refunds if each.cause is RefundCause.CANCELLATION)
    if booking.outcome is Outcome.CANCELLED_BY_STUDENT:
        return next(caused, booking.updated_at)
    return booking.updated_at
