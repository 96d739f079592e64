"""Giving money back, and who bears it. "A refund, to the cent" in docs/domain.md."""

from datetime import datetime
from enum import StrEnum

from attrs import evolve, field, frozen

from domain.errors import BrokenInvariant, Conflict
from domain.events import Event, RefundFailed, RefundReserved, RefundSucceeded
from domain.fees import FeeBearing
from domain.ids import BookingId, PaymentId, RefundId, UserId
from domain.money import Money, split
from domain.payments import Legs, Payment, Stage
from domain.policies import Fault
from domain.time import instant


class RefundStatus(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    RESERVED = "reserved"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


UNDER_WAY = frozenset({RefundStatus.RESERVED, RefundStatus.PENDING})
"""The statuses in which a refund may still arrive or fail."""


class RefundCause(StrEnum):
    """What set a refund off."""

    MANUAL = "manual"
    CANCELLATION = "cancellation"
    NO_SHOW = "no_show"
    LATE_PAYMENT = "late_payment"
    OWED = "owed"


class RefundNotOwed(Conflict):
    """Only a refund that the bank sent back is owed, and only once."""

    code = "refund_not_owed"


@frozen(kw_only=True)
class Refund:
    """One amount going back to the payer of a payment.

    `legs` say who bears it, `promotion` how much of it a promotion gets back besides. `is_owed` is
    set when it failed after it had succeeded: the amount is then owed to the student, until another
    refund (`settles`) or a payment by hand settles it.
    """

    id: RefundId
    payment_id: PaymentId
    booking_id: BookingId | None
    student_id: UserId
    amount: Money
    reason: str
    fault: Fault
    teacher_keeps: bool
    cause: RefundCause
    legs: Legs
    promotion: Money
    requested_by: UserId | None
    status: RefundStatus = RefundStatus.RESERVED
    gateway_id: str | None = None
    failure_reason: str | None = None
    has_succeeded: bool = False
    is_owed: bool = False
    settles: RefundId | None = None
    created_at: datetime = instant()
    updated_at: datetime = instant()
    version: int = 0
    events: tuple[Event, ...] = field(default=(), eq=False, repr=False)

    @classmethod
    def reserve(
        cls,
        *,
        id: RefundId,
        payment: Payment,
        amount: Money,
        reason: str,
        fault: Fault,
        cause: RefundCause,
        requested_by: UserId | None,
        teacher_keeps: bool = False,
        at: datetime,
    ) -> tuple["Refund", Payment]:
        """Set an amount of a payment aside; return the refund, and the payment with less left.

        Raises `RefundExceedsRefundable`, `PaymentDisputed` or `PaymentStateConflict`.
        """
        payment.must_be_refundable(amount)
        legs = borne_by(payment, amount, fault, teacher_keeps=teacher_keeps)
        refund = cls(
            id=id,
            payment_id=payment.id,
            booking_id=payment.booking_id,
            student_id=payment.student_id,
            amount=amount,
            reason=reason,
            fault=fault,
            teacher_keeps=teacher_keeps,
            cause=cause,
            legs=legs,
            promotion=legs.sum - amount,
            requested_by=requested_by,
            created_at=at,
            updated_at=at,
            events=(RefundReserved(refund=id, payment=payment.id, at=at),),
        )
        return refund, payment.refund_reserved(amount, legs)

    def settling(self, *, id: RefundId, requested_by: UserId | None, at: datetime) -> "Refund":
        """Begin another refund of an amount that is owed because this one came back."""
        if not self.is_owed:
            raise RefundNotOwed("This refund is not owed to anybody.")
        return evolve(
            self,
            id=id,
            cause=RefundCause.OWED,
            legs=no_legs(self.amount, len(self.legs.teachers)),
            promotion=Money.zero(self.amount.currency),
            requested_by=requested_by,
            status=RefundStatus.RESERVED,
            gateway_id=None,
            failure_reason=None,
            has_succeeded=False,
            is_owed=False,
            settles=self.id,
            created_at=at,
            updated_at=at,
            version=0,
            events=(RefundReserved(refund=id, payment=self.payment_id, at=at),),
        )

    def settled(self, *, at: datetime) -> "Refund":
        """Note that what was owed is paid, or on its way again."""
        if not self.is_owed:
            raise RefundNotOwed("This refund is not owed to anybody.")
        return evolve(self, is_owed=False, updated_at=at)

    def accepted(self, gateway_id: str, *, at: datetime) -> "Refund":
        """Note that the gateway took it."""
        if self.gateway_id not in {None, gateway_id}:
            raise BrokenInvariant(f"{self.id} is {self.gateway_id}, not {gateway_id}")
        if self.status is not RefundStatus.RESERVED:
            return self
        return evolve(self, status=RefundStatus.PENDING, gateway_id=gateway_id, updated_at=at)

    def succeeded(self, *, at: datetime) -> "Refund":
        """Note that the money went back."""
        self._must_follow(RefundStatus.PENDING)
        event = RefundSucceeded(refund=self.id, payment=self.payment_id, at=at)
        return evolve(
            self,
            status=RefundStatus.SUCCEEDED,
            has_succeeded=True,
            updated_at=at,
            events=(*self.events, event),
        )

    def failed(self, reason: str, *, at: datetime) -> "Refund":
        """Note that the money did not go back, or was returned by the bank weeks later."""
        self._must_follow(RefundStatus.RESERVED, RefundStatus.PENDING, RefundStatus.SUCCEEDED)
        event = RefundFailed(
            refund=self.id,
            payment=self.payment_id,
            after_success=self.has_succeeded,
            reason=reason,
            at=at,
        )
        return evolve(
            self,
            status=RefundStatus.FAILED,
            failure_reason=reason,
            is_owed=self.has_succeeded,
            updated_at=at,
            events=(*self.events, event),
        )

    def _must_follow(self, *allowed: RefundStatus) -> None:
        if self.status not in allowed:
            raise BrokenInvariant(f"{self.id} is {self.status}, not one of {allowed}")


def no_legs(like: Money, teachers: int) -> Legs:
    """Return legs that nobody bears anything of."""
    zero = Money.zero(like.currency)
    return Legs(fee=zero, teachers=(zero,) * teachers, goodwill=zero, suspense=zero)


def borne_by(payment: Payment, amount: Money, fault: Fault, *, teacher_keeps: bool) -> Legs:
    """Decide who bears a refund of `amount`, over what remains of each part.

    The legs sum to what the refund unwinds of the list price (`Payment.unwinding`), and none
    exceeds its remainder. Money in suspense goes back from there.
    """
    zero = Money.zero(amount.currency)
    if payment.stage is Stage.SUSPENSE:
        return Legs(
            fee=zero, teachers=(zero,) * len(payment.shares), goodwill=zero, suspense=amount
        )
    unwound = payment.unwinding(amount)
    bearing = _bearing(payment, fault, teacher_keeps=teacher_keeps)
    if bearing is FeeBearing.ABSORBED:
        fee = min(unwound, payment.fee_remaining)
        return Legs(
            fee=fee, teachers=(zero,) * len(payment.shares), goodwill=unwound - fee, suspense=zero
        )
    return _over_the_remainders(payment, unwound, keep_fee=bearing is FeeBearing.KEPT)


def _bearing(payment: Payment, fault: Fault, *, teacher_keeps: bool) -> FeeBearing:
    if fault is Fault.TEACHER:
        return FeeBearing.PROPORTIONAL
    if fault is Fault.PLATFORM:
        return FeeBearing.ABSORBED if teacher_keeps else FeeBearing.PROPORTIONAL
    return payment.terms.fee_on_refund.bearing


def _over_the_remainders(payment: Payment, unwound: Money, *, keep_fee: bool) -> Legs:
    left = [share.remaining.minor for share in payment.shares]
    fee_left = payment.fee_remaining.minor
    # An earlier refund may have been borne by goodwill, so that more remains than can be unwound;
    # never less, since no leg ever exceeded its refund.
    fee, *parts = split(unwound.minor, (fee_left, *left))
    if keep_fee:
        room = sum(left) - sum(parts)
        moved = min(payment.terms.fee_on_refund.kept(fee), room)
        fee -= moved
        after = [whole - part for whole, part in zip(left, parts, strict=True)]
        parts = [part + more for part, more in zip(parts, split(moved, after), strict=True)]
    currency = unwound.currency
    return Legs(
        fee=Money(fee, currency),
        teachers=tuple(Money(part, currency) for part in parts),
        goodwill=Money.zero(currency),
        suspense=Money.zero(currency),
    )
