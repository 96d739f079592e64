"""A payment and its life, and what may be refunded; see docs/domain.md."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from attrs import evolve, field, frozen

from domain.bookings import PaymentState, Terms
from domain.errors import BrokenInvariant, Conflict, Refused
from domain.events import Event, PaymentCanceled, PaymentFailed, PaymentSucceeded
from domain.gigs import Teaching
from domain.ids import BookingId, PaymentId, UserId
from domain.money import Money, total
from domain.time import instant


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    FAILED = "failed"
    CANCELING = "canceling"
    CANCELED = "canceled"

    @property
    def is_live(self) -> bool:
        """Tell whether money may still come in through it."""
        return self in LIVE

    @property
    def has_succeeded(self) -> bool:
        """Tell whether its money was captured."""
        return self in CAPTURED


LIVE = frozenset(
    {
        PaymentStatus.PENDING,
        PaymentStatus.REQUIRES_ACTION,
        PaymentStatus.PROCESSING,
        PaymentStatus.FAILED,
    }
)
_TRIED = frozenset({PaymentStatus.REQUIRES_ACTION, PaymentStatus.PROCESSING, PaymentStatus.FAILED})
CAPTURED = frozenset(
    {PaymentStatus.SUCCEEDED, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}
)


class Stage(StrEnum):
    """Where the captured money of a payment lies in the books."""

    UNFUNDED = "unfunded"
    """Nothing was captured yet."""
    PENDING = "pending"
    """The lesson is ahead: shares are pending, the fee is deferred."""
    EARNED = "earned"
    """The lesson ended: shares are the teachers', the fee is revenue."""
    SUSPENSE = "suspense"
    """Nobody's yet: the money came for something that was over already, and goes back."""


PAYS = frozenset({Stage.PENDING, Stage.EARNED})
"""The stages in which a payment's money is for its lesson."""


class AmountTooSmall(Refused):
    """Below what the gateway can charge."""

    code = "amount_too_small"


class AmountTooLarge(Refused):
    """Above the platform's limit for one payment."""

    code = "amount_too_large"


class RefundExceedsRefundable(Refused):
    """More than is left to give back."""

    code = "refund_exceeds_refundable"


class PaymentStateConflict(Conflict):
    """The payment's status does not allow this."""

    code = "payment_state_conflict"


class PaymentDisputed(Conflict):
    """Nothing of it can be refunded while a dispute is open."""

    code = "payment_disputed"


@frozen(kw_only=True)
class Share:
    """What a teacher was to get of a payment, and what of that was taken back."""

    teacher_id: UserId
    agreed: Money
    reversed: Money

    @property
    def remaining(self) -> Money:
        """Return what is left of it."""
        return self.agreed - self.reversed


@frozen(kw_only=True)
class Legs:
    """How an amount that goes back is borne; each part is zero or more, and they sum to it.

    `teachers` is in the order of the payment's shares. `suspense` is used alone, for money that was
    never anybody's.
    """

    fee: Money
    teachers: tuple[Money, ...]
    goodwill: Money
    suspense: Money

    @property
    def sum(self) -> Money:
        """Return the amount that they add up to."""
        return total((self.fee, *self.teachers, self.goodwill, self.suspense), self.fee.currency)


@frozen(kw_only=True)
class Failure:
    """Why a try did not work, in words that a payer can be shown."""

    code: str
    message: str
    decline_code: str | None = None
    advice: str | None = None


@frozen(kw_only=True)
class CardUsed:
    """What was paid with."""

    method_type: str | None = None
    brand: str | None = None
    last4: str | None = None


@frozen(kw_only=True)
class Observation:
    """What the gateway said of a payment, read beginning at `read_at`.

    `status` is pending, requires_action, processing, succeeded, failed or canceled.
    """

    status: PaymentStatus
    captured: Money
    gateway_id: str
    read_at: datetime = instant()
    client_secret: str | None = field(default=None, repr=False)
    charge_id: str | None = None
    receipt_url: str | None = None
    used: CardUsed = field(factory=CardUsed)
    failure: Failure | None = None


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
        return _BOOKING_STATES[self.status]

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
            read_at=seen.read_at,
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


def speaks_for_booking(payment: Payment, all_newest_first: Sequence[Payment]) -> bool:
    """Tell whether a booking shows this payment: the one that pays for it, or else the newest."""
    if payment.stage in PAYS:
        return True
    others = [other for other in all_newest_first if other.id != payment.id]
    is_newest = len(others) == len(all_newest_first) or all_newest_first[0].id == payment.id
    return is_newest and not any(other.stage in PAYS for other in others)


def _refund_status(refunded: Money, captured: Money) -> PaymentStatus:
    if not refunded:
        return PaymentStatus.SUCCEEDED
    full = refunded == captured
    return PaymentStatus.REFUNDED if full else PaymentStatus.PARTIALLY_REFUNDED


_BOOKING_STATES: dict[PaymentStatus, PaymentState] = {
    PaymentStatus.PENDING: PaymentState.PENDING,
    PaymentStatus.REQUIRES_ACTION: PaymentState.PENDING,
    PaymentStatus.PROCESSING: PaymentState.PENDING,
    PaymentStatus.SUCCEEDED: PaymentState.PAID,
    PaymentStatus.PARTIALLY_REFUNDED: PaymentState.PARTIALLY_REFUNDED,
    PaymentStatus.REFUNDED: PaymentState.REFUNDED,
    PaymentStatus.FAILED: PaymentState.FAILED,
    PaymentStatus.CANCELING: PaymentState.UNPAID,
    PaymentStatus.CANCELED: PaymentState.UNPAID,
}
