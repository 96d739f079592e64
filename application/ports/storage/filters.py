"""What to look for, and the pages it is found on."""

from datetime import datetime
from typing import Generic, TypeVar

from attrs import frozen

from domain.bookings import BookingStatus, PaymentState
from domain.ids import BookingId, PaymentId, UserId
from domain.payments import PaymentStatus
from domain.people import Role

T = TypeVar("T")


@frozen
class Position:
    """Where a page ends: the key of its last item."""

    at: datetime
    id: str


@frozen(kw_only=True)
class PageRequest:
    """How much to read, newest first, after a position."""

    limit: int = 50
    after: Position | None = None


@frozen(kw_only=True)
class Page(Generic[T]):
    """Some items, newest first, and where the next page begins; None on the last."""

    items: tuple[T, ...]
    next: Position | None


@frozen(kw_only=True)
class Created:
    """A window on the instant of creation: `[from, to)`; None is open."""

    since: datetime | None = None
    until: datetime | None = None


@frozen(kw_only=True)
class UserFilter:
    """Users; `q` matches id, name and e-mail as a part, in any case."""

    q: str | None = None
    role: Role | None = None
    created: Created = Created()


@frozen(kw_only=True)
class GigFilter:
    """Gigs; `q` matches title and description as a part, in any case."""

    active_only: bool = True
    teacher_id: UserId | None = None
    q: str | None = None
    currency: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class BookingFilter:
    """Bookings; `starts` is a window on the start of the lesson."""

    student_id: UserId | None = None
    teacher_id: UserId | None = None
    status: BookingStatus | None = None
    payment_status: PaymentState | None = None
    starts: Created = Created()
    created: Created = Created()


@frozen(kw_only=True)
class PaymentFilter:
    """Payments; `q` matches ours and the gateway's ids exactly, or a person's e-mail as a part."""

    student_id: UserId | None = None
    teacher_id: UserId | None = None
    booking_id: BookingId | None = None
    status: PaymentStatus | None = None
    currency: str | None = None
    method_type: str | None = None
    q: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class RefundFilter:
    """Refunds; `teacher_id` selects those of payments that the teacher shares."""

    student_id: UserId | None = None
    teacher_id: UserId | None = None
    payment_id: PaymentId | None = None
    status: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class PayoutFilter:
    """Payouts."""

    teacher_id: UserId | None = None
    status: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class EarningFilter:
    """Lines of one teacher's statement."""

    teacher_id: UserId
    currency: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class AuditFilter:
    """Entries of the audit log."""

    actor_id: UserId | None = None
    subject: str | None = None
    action: str | None = None
    created: Created = Created()


@frozen(kw_only=True)
class DeliveryFilter:
    """Received webhooks."""

    state: str | None = None
    type: str | None = None
    created: Created = Created()
