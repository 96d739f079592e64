"""What a booking may be, and what may follow it."""

from enum import StrEnum

from domain.policies import Outcome


class BookingStatus(StrEnum):
    """Where a booking stands."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    TEACHER_NO_SHOW = "teacher_no_show"

    @property
    def holds_its_slot(self) -> bool:
        """Tell whether nobody else may have the time."""
        return self in HOLDING

    @property
    def is_final(self) -> bool:
        """Tell whether nothing more happens to it (but for a late payment of an expired one)."""
        return self not in {BookingStatus.REQUESTED, BookingStatus.CONFIRMED}


HOLDING = frozenset({BookingStatus.REQUESTED, BookingStatus.CONFIRMED, BookingStatus.COMPLETED})
"""The statuses in which a booking holds its slot."""

EDGES: dict[BookingStatus, frozenset[BookingStatus]] = {
    BookingStatus.REQUESTED: frozenset(
        {
            BookingStatus.CONFIRMED,
            BookingStatus.DECLINED,
            BookingStatus.EXPIRED,
            BookingStatus.CANCELLED,
        }
    ),
    BookingStatus.CONFIRMED: frozenset(
        {
            BookingStatus.COMPLETED,
            BookingStatus.CANCELLED,
            BookingStatus.NO_SHOW,
            BookingStatus.TEACHER_NO_SHOW,
            BookingStatus.EXPIRED,
        }
    ),
    BookingStatus.EXPIRED: frozenset({BookingStatus.CONFIRMED}),
    BookingStatus.DECLINED: frozenset(),
    BookingStatus.CANCELLED: frozenset(),
    BookingStatus.COMPLETED: frozenset(),
    BookingStatus.NO_SHOW: frozenset(),
    BookingStatus.TEACHER_NO_SHOW: frozenset(),
}
"""The state graph: what may follow each status."""


class PaymentState(StrEnum):
    """How a booking is paid for, as its people see it."""

    UNPAID = "unpaid"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"

    @property
    def is_settled(self) -> bool:
        """Tell whether money (or hours) for the lesson is there."""
        return self in {PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED}

    @property
    def was_paid(self) -> bool:
        """Tell whether the money came, even if all of it has gone back since."""
        return self.is_settled or self is PaymentState.REFUNDED


class Funding(StrEnum):
    """What pays for a booking: exactly one."""

    CARD = "card"
    HOURS = "hours"
    FREE = "free"


class Party(StrEnum):
    """A side of a booking."""

    STUDENT = "student"
    TEACHER = "teacher"
    PLATFORM = "platform"


def outcome_of_cancelling(by: Party) -> Outcome:
    """Return the outcome that a cancellation by one side is."""
    return {
        Party.STUDENT: Outcome.CANCELLED_BY_STUDENT,
        Party.TEACHER: Outcome.CANCELLED_BY_TEACHER,
        Party.PLATFORM: Outcome.CANCELLED_BY_PLATFORM,
    }[by]
