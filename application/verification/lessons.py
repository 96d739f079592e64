"""Payments, their refunds and bookings, against one another and against the ledger."""

from collections import Counter
from collections.abc import Iterable, Iterator

from attrs import define, field

from application.ports.gateway import GatewayError, GatewayRefused
from application.ports.storage import Page, PageRequest, RefundFilter
from application.verification.report import Look
from domain.bookings import Booking, BookingStatus
from domain.ledger import (
    CASH,
    SUSPENSE,
    Account,
    AccountKind,
    clearing,
    fee_deferred,
    pending,
)
from domain.money import Money
from domain.payments import Payment, PaymentStatus, Stage
from domain.refunds import Refund, RefundCause, RefundStatus

_UNDER_WAY = {RefundStatus.RESERVED, RefundStatus.PENDING}
_AT_GATEWAY = {RefundStatus.PENDING, RefundStatus.SUCCEEDED}
_HANDS_MONEY_BACK = {*_UNDER_WAY, RefundStatus.SUCCEEDED}


@define
class Lessons:
    """The checks, and what later ones need of them."""

    look: Look
    open_charges: list[str] = field(factory=list)
    """Charges that the gateway may have settled without our books knowing."""
    open_refunds: list[Refund] = field(factory=list)
    suspense: Counter[str] = field(factory=Counter)
    owed: Counter[tuple[str, str]] = field(factory=Counter)

    # --- Refunds -------------------------------------------------------------------------------

    def check_refunds(self) -> None:
        """Compare each refund with what the ledger books of it: I5."""
        for refund in self.look.each("refunds", self.look.views.everything.refunds()):
            with self.look.checking(refund.id):
                self._check_refund(refund)

    def _check_refund(self, refund: Refund) -> None:
        code = refund.amount.currency.code
        refunding = Account(AccountKind.REFUNDING, refund.id)
        is_open = refund.status in _UNDER_WAY
        if is_open:
            self.open_refunds.append(refund)
        held = -refund.amount.minor if is_open else 0
        self.look.expect("I5", refunding, held, code, f"{refund.id} is {refund.status}")
        self._booked(refund, f"refund_reserved:{refund.id}", refunding, -1, expected=True)
        self._booked(
            refund, f"refund_confirmed:{refund.id}", CASH, -1, expected=refund.has_succeeded
        )
        failed = refund.status is RefundStatus.FAILED
        self._booked(
            refund,
            f"refund_released:{refund.id}",
            refunding,
            1,
            expected=failed and not refund.has_succeeded,
        )
        self._booked(
            refund,
            f"refund_returned:{refund.id}",
            CASH,
            1,
            expected=failed and refund.has_succeeded,
        )
        if refund.is_owed:
            self.owed[refund.student_id, code] += refund.amount.minor
        payment = self.look.views.payments.find(refund.payment_id)
        if payment is None or not payment.status.has_succeeded:
            self.look.wrong("I5", refund.id, f"is of {refund.payment_id}, which was never captured")

    def _booked(
        self, refund: Refund, key: str, account: Account, sign: int, *, expected: bool
    ) -> None:
        found = self.look.booked(key)
        if found.exists is not expected:
            state = "is booked" if found.exists else "is not booked"
            self.look.wrong("I5", refund.id, f"is {refund.status}, but {key} {state}")
            return
        booked = found.on(account)
        if booked is not None and booked != sign * refund.amount.minor:
            self.look.wrong(
                "I5",
                refund.id,
                f"is of {refund.amount.minor} {refund.amount.currency}, but {key} books "
                f"{abs(booked)} on {account}",
            )

    def check_owed(self) -> None:
        """Compare what is owed to students with the refunds that came back: I9."""
        for (student, code), amount in self.owed.items():
            account = Account(AccountKind.OWED, student)
            self.look.expect("I9", account, -amount, code, "so much came back of their refunds")

    # --- Payments ------------------------------------------------------------------------------

    def check_payments(self) -> None:
        """Compare each payment with its entries, its refunds and its booking: I4, I5, I9, I11."""
        for payment in self.look.each("payments", self.look.views.everything.payments()):
            with self.look.checking(payment.id):
                self._check_payment(payment)

    def _check_payment(self, payment: Payment) -> None:
        self._check_captured(payment)
        if payment.status.has_succeeded:
            self._check_given_back(payment)
        if payment.booking_id is not None:
            self._check_booking_of(payment)

    def _check_captured(self, payment: Payment) -> None:
        succeeded = payment.status.has_succeeded
        if succeeded is (payment.stage is Stage.UNFUNDED) or succeeded is not bool(
            payment.captured or not payment.amount
        ):
            self.look.wrong(
                "I11",
                payment.id,
                f"is {payment.status} with {payment.captured.minor} captured and its money "
                f"{payment.stage}",
            )
        key = f"payment_succeeded:{payment.id}"
        found = self.look.booked(key)
        if succeeded is not found.exists:
            state = "is booked" if found.exists else "is not booked"
            self.look.wrong("I4", payment.id, f"is {payment.status}, but {key} {state}")
        if not succeeded or payment.charge_id is None:
            return
        charge, code = clearing(payment.charge_id), payment.amount.currency.code
        booked = found.on(charge)
        if booked is not None and booked != payment.captured.minor:
            self.look.wrong(
                "I4",
                payment.id,
                f"captured {payment.captured.minor} {code}, but {key} books {booked}",
            )
        if not payment.gateway_fee_booked:
            self.open_charges.append(payment.charge_id)
        waiting = 0 if payment.gateway_fee_booked else payment.captured.minor
        self.look.expect("I3", charge, waiting, code, f"the charge of {payment.id}")
        self._check_stage(payment)

    def _check_stage(self, payment: Payment) -> None:
        code = payment.amount.currency.code
        if payment.stage is Stage.SUSPENSE:
            self.suspense[code] += payment.captured.minor - payment.given_back.minor
        if payment.stage is not Stage.PENDING:
            return
        work = payment.booking_id or payment.id
        because = f"{payment.id} is for a lesson that lies ahead"
        for share in payment.shares:
            account = pending(work, share.teacher_id)
            self.look.expect("I9", account, -share.remaining.minor, code, because)
        self.look.expect("I9", fee_deferred(work), -payment.fee_remaining.minor, code, because)

    def _check_given_back(self, payment: Payment) -> None:
        refunds = [
            refund
            for refund in self._refunds_of(payment)
            if refund.cause is not RefundCause.OWED
            and (refund.status in _HANDS_MONEY_BACK or refund.has_succeeded)
        ]
        accepted = [each for each in refunds if each.status is not RefundStatus.RESERVED]
        reserved = [each for each in refunds if each.status is RefundStatus.RESERVED]
        self._equal(payment, "refunded", payment.refunded, (each.amount for each in accepted))
        self._equal(payment, "reserved", payment.reserved, (each.amount for each in reserved))
        legs = [refund.legs for refund in refunds]
        self._equal(payment, "fee reversed", payment.fee_reversed, (leg.fee for leg in legs))
        for place, share in enumerate(payment.shares):
            self._equal(
                payment,
                f"reversed of {share.teacher_id}",
                share.reversed,
                (leg.teachers[place] for leg in legs),
            )
        self._equal(payment, "unwound", payment.unwound, (leg.sum - leg.suspense for leg in legs))
        if payment.status is not _status_after(payment):
            self.look.wrong(
                "I11",
                payment.id,
                f"is {payment.status} with {payment.refunded.minor} of "
                f"{payment.captured.minor} refunded",
            )
        if self.look.each_at_gateway:
            self._check_at_gateway(payment)

    def _equal(self, payment: Payment, what: str, known: Money, parts: Iterable[Money]) -> None:
        summed = sum(part.minor for part in parts)
        if known.minor != summed:
            self.look.wrong(
                "I5",
                payment.id,
                f"{what} is {known.minor} {known.currency}, but its refunds come to {summed}",
            )

    def _refunds_of(self, payment: Payment) -> Iterator[Refund]:
        where, page = RefundFilter(payment_id=payment.id), PageRequest(limit=200)
        while True:
            found: Page[Refund] = self.look.views.refunds.list(where, page)
            yield from found.items
            if found.next is None:
                return
            page = PageRequest(limit=200, after=found.next)

    def _check_at_gateway(self, payment: Payment) -> None:
        if payment.gateway_id is None:
            return
        try:
            held = self.look.gateway.payments.payment(payment.gateway_id)
        except GatewayRefused as error:
            self.look.wrong("I4", payment.id, f"the gateway has no {payment.gateway_id}: {error}")
            return
        except GatewayError as error:
            self.look.wrong("I4", payment.id, f"the gateway could not be asked: {error}")
            return
        if held.captured != payment.captured.minor:
            self.look.wrong(
                "I4",
                payment.id,
                f"captured {payment.captured.minor}; the gateway says {held.captured}",
            )
        back = list(self._refunds_of(payment))
        surely = sum(each.amount.minor for each in back if each.status in _AT_GATEWAY)
        perhaps = sum(each.amount.minor for each in back if each.status is RefundStatus.RESERVED)
        if not surely <= held.refunded <= surely + perhaps:
            self.look.wrong(
                "I5",
                payment.id,
                f"the gateway gave back {held.refunded}; our refunds come to {surely}"
                + (f", and {perhaps} under way" if perhaps else ""),
            )

    # --- Bookings ------------------------------------------------------------------------------

    def _check_booking_of(self, payment: Payment) -> None:
        booking = self.look.views.bookings.find(str(payment.booking_id))
        if booking is None:
            self.look.wrong("I11", payment.id, f"is of {payment.booking_id}, which does not exist")
            return
        if payment.stage is Stage.PENDING and not _is_open(booking):
            self.look.wrong(
                "I9",
                payment.id,
                f"its money still waits for {booking.id}, which is {booking.status}",
            )
        if payment.stage is Stage.EARNED and booking.status is BookingStatus.CONFIRMED:
            self.look.wrong("I9", payment.id, f"is earned, but {booking.id} is only confirmed")

    def check_bookings(self) -> None:
        """Compare each booking's states with one another and with its payment: I11."""
        for booking in self.look.each("bookings", self.look.views.everything.bookings()):
            with self.look.checking(booking.id):
                self._check_booking(booking)

    def _check_booking(self, booking: Booking) -> None:
        if booking.status.is_final is (booking.outcome is None):
            self.look.wrong(
                "I11", booking.id, f"is {booking.status} with the outcome {booking.outcome}"
            )
        payment = self.look.views.due.payment_of_booking(booking.id)
        if payment is None or payment.stage is Stage.SUSPENSE:
            return
        if payment.status.has_succeeded and booking.payment_status != payment.booking_state:
            self.look.wrong(
                "I11",
                booking.id,
                f"shows itself {booking.payment_status}, but {payment.id} is {payment.status}",
            )

    def check_suspense(self) -> None:
        """Take what late payments explain out of suspense."""
        for code, amount in self.suspense.items():
            key = (str(SUSPENSE), code)
            left = self.look.unexplained.get(key, 0) + amount
            self.look.unexplained[key] = left
            if not left:
                del self.look.unexplained[key]


def _is_open(booking: Booking) -> bool:
    return booking.status is BookingStatus.CONFIRMED or booking.settles_at is not None


def _status_after(payment: Payment) -> PaymentStatus:
    if not payment.refunded:
        return PaymentStatus.SUCCEEDED
    full = payment.refunded == payment.captured
    return PaymentStatus.REFUNDED if full else PaymentStatus.PARTIALLY_REFUNDED
