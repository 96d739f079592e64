"""A payment, from the first try to the last refund."""

from datetime import datetime

from attrs import evolve, field, frozen

from domain.bookings import PaymentState, Terms
from domain.errors import BrokenInvariant
from domain.events import Event, PaymentCanceled, PaymentFailed, PaymentSucceeded
from domain.gigs import Teaching
from domain.ids import BookingId, PaymentId, UserId
from domain.money import Money
from domain.payments.errors import PaymentDisputed, PaymentStateConflict, RefundExceedsRefundable
from domain.payments.parts import CardUsed, Failure, Legs, Observation, Share
from domain.payments.states import BOOKING_STATES, CAPTURED, PaymentStatus, Stage
from domain.time import instant

_TRIED = frozenset({PaymentStatus.REQUIRES_ACTION, PaymentStatus.PROCESSING, PaymentStatus.FAILED})


@frozen(kw_only=True)
class Payment:
    """The money of one booking, from the first try to the last refund.

    `amount` is G, what is charged; `list_amount` is L = G + `discount`. `fee` is agreed; what was
    reversed of it stands beside it. `refunded` counts refunds that succeeded or are pending at the
    gateway, `reserved` those that were set aside and not accepted yet, `lost` what disputes took.
    `unwound` is how much of L refunds have unwound.
    """

    id: PaymentId
    booking_id: BookingId | None
    student_id: UserId
    amount: Money
    list_amount: Money
    terms: Terms
    fee: Money
    fee_reversed: Money
    shares: tuple[Share, ...]
    status: PaymentStatus = PaymentStatus.PENDING
    attempt: int = 1
    stage: Stage = Stage.UNFUNDED
    read_at: datetime | None = instant(default=None)
    gateway_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    charge_id: str | None = None
    receipt_url: str | None = None
    used: CardUsed = field(factory=CardUsed)
    failure: Failure | None = None
    captured: Money
    refunded: Money
    reserved: Money
    lost: Money
    unwound: Money
    is_disputed: bool = False
    gateway_fee_booked: bool = False
    funds_available_at: datetime | None = instant(default=None)
    created_at: datetime = instant()
    updated_at: datetime = instant()
    paid_at: datetime | None = instant(default=None)
    refunded_at: datetime | None = instant(default=None)
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)

    @classmethod
    def open(
        cls,
        *,
        id: PaymentId,
        booking_id: BookingId | None,
        student_id: UserId,
        amount: Money,
        discount: Money,
        terms: Terms,
        teachers: tuple[Teaching, ...],
        at: datetime,
    ) -> "Payment":
        """Compute the fee split of the list price L = amount + discount, and begin."""
        list_amount = amount + discount
        fee = terms.fees.fee(list_amount)
        zero = Money.zero(amount.currency)
        parts = (list_amount - fee).split([teaching.weight for teaching in teachers])
        shares = tuple(
            Share(teacher_id=teaching.teacher_id, agreed=part, reversed=zero)
            for teaching, part in zip(teachers, parts, strict=True)
        )
        return cls(
            id=id,
            booking_id=booking_id,
            student_id=student_id,
            amount=amount,
            list_amount=list_amount,
            terms=terms,
            fee=fee,
            fee_reversed=zero,
            shares=shares,
            captured=zero,
            refunded=zero,
            reserved=zero,
            lost=zero,
            unwound=zero,
            created_at=at,
            updated_at=at,
        )

    # --- Asking about it -------------------------------------------------------------------

    @property
    def discount(self) -> Money:
        """Return d, what a promotion bears of the list price."""
        return self.list_amount - self.amount

    @property
    def fee_remaining(self) -> Money:
        """Return what is left of the platform's fee."""
        return self.fee - self.fee_reversed

    @property
    def teachers_total(self) -> Money:
        """Return what the teachers together were to get."""
        return self.list_amount - self.fee

    @property
    def refundable(self) -> Money:
        """Return captured - refunded - reserved - lost; zero while a dispute is open."""
        if self.is_disputed:
            return Money.zero(self.amount.currency)
        return self.captured - self.refunded - self.reserved - self.lost

    @property
    def given_back(self) -> Money:
        """Return what went back, or is on its way back."""
        return self.refunded + self.reserved

    @property
    def booking_state(self) -> PaymentState:
        """Return how its booking shows it."""
        return BOOKING_STATES[self.status]

    def is_received_by(self, user: UserId | None) -> bool:
        """Tell whether the user is one of the teachers who share it."""
        return any(share.teacher_id == user for share in self.shares)

    def unwinding(self, refund: Money) -> Money:
        """Return u, what a refund r unwinds of L: ⌊remaining_L·r/remaining_G⌋; the last sweeps."""
        remaining_list = self.list_amount - self.unwound
        remaining_paid = self.captured - self.given_back - self.lost
        if refund == remaining_paid:
            return remaining_list
        return Money(remaining_list.minor * refund.minor // remaining_paid.minor, refund.currency)

    # --- Getting paid ----------------------------------------------------------------------

    def observe(self, seen: Observation) -> "Payment":
        """Take in what the gateway said. Monotone: a success never falls, nor does what was read
        earlier undo what was read later; the same again changes nothing.
        """
        if self.status in CAPTURED or self.status is PaymentStatus.CANCELED:
            late_success = (
                self.status is PaymentStatus.CANCELED and seen.status is PaymentStatus.SUCCEEDED
            )
            if not late_success:
                return self._described_by(seen)
        if seen.status is PaymentStatus.SUCCEEDED:
            return self._succeed(seen)
        if self.read_at is not None and seen.read_at < self.read_at:
            return self
        return self._step(seen)

    def _described_by(self, seen: Observation) -> "Payment":
        return evolve(self, receipt_url=self.receipt_url or seen.receipt_url)

    def _succeed(self, seen: Observation) -> "Payment":
        if seen.captured != self.amount:
            raise BrokenInvariant(f"{self.id}: {seen.captured!r} was captured of {self.amount!r}")
        return evolve(
            self._linked(seen),
            status=PaymentStatus.SUCCEEDED,
            attempt=self.attempt + (1 if self.status is PaymentStatus.FAILED else 0),
            captured=seen.captured,
            charge_id=seen.charge_id,
            receipt_url=seen.receipt_url,
            used=seen.used,
            failure=None,
            paid_at=seen.read_at,
            updated_at=seen.read_at,
            read_at=seen.read_at,
            events=(*self.events, PaymentSucceeded(payment=self.id, at=seen.read_at)),
        )

    def _step(self, seen: Observation) -> "Payment":
        if self.status is PaymentStatus.CANCELING and seen.status is not PaymentStatus.CANCELED:
            return self._linked(seen)
        linked = self._linked(seen)
        if seen.status is self.status and seen.failure == self.failure:
            return linked
        if seen.status is PaymentStatus.PENDING and self.status in _TRIED:
            return linked  # within an attempt the rank never falls
        events = self.events
        if seen.status is PaymentStatus.FAILED:
            code = seen.failure.code if seen.failure else "unknown"
            events = (*events, PaymentFailed(payment=self.id, code=code, at=seen.read_at))
        if seen.status is PaymentStatus.CANCELED:
            events = (*events, PaymentCanceled(payment=self.id, at=seen.read_at))
        another_try = self.status is PaymentStatus.FAILED and seen.status is not self.status
        return evolve(
            linked,
            status=seen.status,
            attempt=self.attempt + (1 if another_try else 0),
            failure=seen.failure,
            used=seen.used if seen.used.method_type else self.used,
            updated_at=seen.read_at,
            events=events,
        )

    def _linked(self, seen: Observation) -> "Payment":
        if self.gateway_id not in {None, seen.gateway_id}:
            raise BrokenInvariant(f"{self.id} is {self.gateway_id}, not {seen.gateway_id}")
        return evolve(
            self,
            gateway_id=seen.gateway_id,
            client_secret=seen.client_secret or self.client_secret,
            read_at=max(self.read_at or seen.read_at, seen.read_at),
        )

    def tried_again(self, *, at: datetime) -> "Payment":
        """Begin another try on the same intent, from the server."""
        if not self.status.is_live:
            raise PaymentStateConflict(f"This payment is {self.status}.")
        again = 0 if self.status is PaymentStatus.PENDING else 1
        return evolve(
            self,
            status=PaymentStatus.PROCESSING,
            attempt=self.attempt + again,
            failure=None,
            updated_at=at,
        )

    def try_failed(self, failure: Failure, *, at: datetime) -> "Payment":
        """Note that the gateway refused the try itself; another may follow."""
        if not self.status.is_live:
            return self
        event = PaymentFailed(payment=self.id, code=failure.code, at=at)
        return evolve(
            self,
            status=PaymentStatus.FAILED,
            failure=failure,
            updated_at=at,
            events=(*self.events, event),
        )

    def mischarged(self, seen: Observation, failure: Failure) -> "Payment":
        """Note that the gateway took an amount that nobody asked for: this pays for nothing."""
        if self.status is PaymentStatus.CANCELING:
            # There is nothing left to cancel; what was taken lies in suspense.
            event = PaymentCanceled(payment=self.id, at=seen.read_at)
            return evolve(
                self._linked(seen),
                status=PaymentStatus.CANCELED,
                failure=failure,
                updated_at=seen.read_at,
                events=(*self.events, event),
            )
        if failure == self.failure:
            return self
        return self._linked(seen).try_failed(failure, at=seen.read_at)

    def try_dropped(self, *, at: datetime) -> "Payment":
        """Note that a try from the server was given up before the gateway saw it."""
        if self.status is not PaymentStatus.PROCESSING:
            return self
        return evolve(self, status=PaymentStatus.PENDING, updated_at=at)

    def begin_cancel(self, *, at: datetime) -> "Payment":
        """Call it off; a success that wins the race follows the rule for late payments."""
        if not self.status.is_live:
            raise PaymentStateConflict(f"This payment is {self.status}.")
        return evolve(self, status=PaymentStatus.CANCELING, updated_at=at)

    def never_sent(self, *, at: datetime) -> "Payment":
        """Drop it: the gateway never heard of it."""
        if self.gateway_id is not None or self.status in CAPTURED:
            raise BrokenInvariant(f"{self.id} is known to the gateway")
        event = PaymentCanceled(payment=self.id, at=at)
        return evolve(
            self, status=PaymentStatus.CANCELED, updated_at=at, events=(*self.events, event)
        )

    def placed(self, stage: Stage) -> "Payment":
        """Note where its money lies in the books: pending or suspense on success, then earned."""
        allowed = {
            Stage.UNFUNDED: {Stage.PENDING, Stage.SUSPENSE},
            Stage.PENDING: {Stage.EARNED},
            Stage.EARNED: set(),
            Stage.SUSPENSE: set(),
        }[self.stage]
        if stage not in allowed:
            raise BrokenInvariant(f"the money of {self.id} cannot go from {self.stage} to {stage}")
        return evolve(self, stage=stage)

    def settled_by_gateway(self, *, available_at: datetime) -> "Payment":
        """Note that the gateway told its own fee, and when the funds become available."""
        return evolve(self, gateway_fee_booked=True, funds_available_at=available_at)

    # --- Giving back -----------------------------------------------------------------------

    def must_be_refundable(self, amount: Money) -> None:
        """Refuse a refund of nothing, or of more than is left. Raises `RefundExceedsRefundable`."""
        if self.is_disputed:
            raise PaymentDisputed("This payment is disputed; nothing can be refunded now.")
        if not self.status.has_succeeded:
            raise PaymentStateConflict(f"A payment that is {self.status} cannot be refunded.")
        if not self.refundable:
            raise RefundExceedsRefundable(
                "Nothing is left to give back.", refundable_amount=str(self.refundable)
            )
        if amount.minor < 1 or amount > self.refundable:
            raise RefundExceedsRefundable(
                f"{self.refundable} {self.amount.currency} can be refunded, not {amount}.",
                refundable_amount=str(self.refundable),
            )

    def refund_reserved(self, amount: Money, legs: Legs) -> "Payment":
        """Set money aside to go back, borne by `legs`."""
        self.must_be_refundable(amount)
        return evolve(
            self._with_legs(legs, 1),
            reserved=self.reserved + amount,
            unwound=self.unwound + legs.sum - legs.suspense,
        )

    def refund_accepted(self, amount: Money, *, at: datetime) -> "Payment":
        """Count a refund that the gateway took."""
        refunded = self.refunded + amount
        return evolve(
            self,
            reserved=self.reserved - amount,
            refunded=refunded,
            status=_refund_status(refunded, self.captured),
            refunded_at=at,
            updated_at=at,
        )

    def refund_released(
        self, amount: Money, legs: Legs, *, was_accepted: bool, at: datetime
    ) -> "Payment":
        """Take back a refund that failed without having succeeded."""
        refunded = self.refunded - amount if was_accepted else self.refunded
        return evolve(
            self._with_legs(legs, -1),
            reserved=self.reserved if was_accepted else self.reserved - amount,
            refunded=refunded,
            unwound=self.unwound - (legs.sum - legs.suspense),
            status=_refund_status(refunded, self.captured),
            refunded_at=self.refunded_at if refunded else None,
            updated_at=at,
        )

    def _with_legs(self, legs: Legs, sign: int) -> "Payment":
        def add(to: Money, leg: Money) -> Money:
            return Money(to.minor + sign * leg.minor, to.currency)

        return evolve(
            self,
            fee_reversed=add(self.fee_reversed, legs.fee),
            shares=tuple(
                evolve(share, reversed=add(share.reversed, leg))
                for share, leg in zip(self.shares, legs.teachers, strict=True)
            ),
        )

    def __attrs_post_init__(self) -> None:
        zero = Money.zero(self.amount.currency)
        whole = zero <= self.fee_reversed <= self.fee and all(
            zero <= share.reversed <= share.agreed for share in self.shares
        )
        counted = min(self.refunded, self.reserved, self.lost, self.unwound) >= zero
        within = self.refunded + self.reserved + self.lost <= self.captured <= self.amount
        if not (whole and counted and within):
            raise BrokenInvariant(f"the amounts of {self.id} contradict each other: {self!r}")


def _refund_status(refunded: Money, captured: Money) -> PaymentStatus:
    if not refunded:
        return PaymentStatus.SUCCEEDED
    full = refunded == captured
    return PaymentStatus.REFUNDED if full else PaymentStatus.PARTIALLY_REFUNDED
