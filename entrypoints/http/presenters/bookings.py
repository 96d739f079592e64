"""Gigs, bookings and quotes, as clients see them."""

from msgspec import structs

from application.bookings import Cancelled
from application.ports.storage import Views
from domain.bookings import Booking
from domain.errors import NotFound
from domain.gigs import Gig, Teaching
from domain.ids import BookingId, GigId
from domain.policies import CancellationPolicy
from domain.quotes import Quote
from entrypoints.http.endpoints import Reply
from entrypoints.http.presenters.common import hours
from entrypoints.http.schemas import bookings as schema


def gig(value: Gig) -> schema.Gig:
    """Show an offer."""
    return schema.Gig(
        id=value.id,
        title=value.title,
        description=value.description,
        hourly_rate=str(value.hourly_rate),
        currency=value.hourly_rate.currency.code,
        capacity=value.capacity,
        confirmation=value.confirmation,
        cancellation_policy=_policy(value.policy),
        accepts_hours=value.accepts_hours,
        minimum_minutes=value.minimum_minutes,
        maximum_minutes=value.maximum_minutes,
        teachers=_teachers(value.teachers),
        is_active=value.is_active,
        created_at=value.created_at,
        updated_at=value.updated_at,
    )


def gig_by_id(status: int, views: Views, id: GigId) -> Reply:
    """Answer with the gig of an id."""
    found = views.gigs.find(id)
    if found is None:
        raise NotFound("This gig")
    return Reply(status, gig(found))


def booking(value: Booking) -> schema.Booking:
    """Show a booking."""
    return schema.Booking(
        id=value.id,
        gig_id=value.gig_id,
        student_id=value.student_id,
        teachers=_teachers(value.teachers),
        starts_at=value.period.start,
        ends_at=value.period.end,
        duration_minutes=value.period.minutes,
        duration_hours=hours(value.period.minutes),
        price=str(value.price),
        currency=value.price.currency.code,
        funding=value.funding,
        status=value.status,
        payment_status=value.payment_status,
        payment_due_at=value.payment_due_at,
        cancellation_policy=_policy(value.terms.policy),
        outcome=value.outcome,
        cancel_reason=value.cancel_reason,
        reschedule=None
        if value.reschedule is None
        else schema.Reschedule(
            starts_at=value.reschedule.starts_at,
            proposed_by=value.reschedule.proposed_by.value,
            answer_by=value.reschedule.answer_by,
        ),
        settles_at=value.settles_at,
        created_at=value.created_at,
        updated_at=value.updated_at,
    )


def booking_by_id(status: int, views: Views, id: BookingId) -> Reply:
    """Answer with the booking of an id."""
    return Reply(status, booking(_found(views, id)))


def cancelled(views: Views, value: Cancelled) -> Reply:
    """Answer with a booking that was called off, and what that did."""
    shown = booking(_found(views, value.booking_id))
    return Reply(200, schema.Cancelled(**structs.asdict(shown), quote=quote(value.quote)))


def quote(value: Quote) -> schema.Quote:
    """Show who gets what."""
    return schema.Quote(
        outcome=value.outcome,
        currency=value.student.currency.code,
        student_amount=str(value.student),
        teacher_amounts=tuple(
            schema.TeacherAmount(teacher_id=teacher, amount=str(amount))
            for teacher, amount in value.teachers
        ),
        platform_amount=str(value.platform),
        promotion_amount=str(value.promotion),
        student_minutes=value.student_minutes,
        refund_percent=value.refund_percent,
        valid_until=value.valid_until,
    )


def _found(views: Views, id: BookingId) -> Booking:
    found = views.bookings.find(id)
    if found is None:
        raise NotFound("This booking")
    return found


def _teachers(teachers: tuple[Teaching, ...]) -> tuple[schema.Teaching, ...]:
    return tuple(
        schema.Teaching(teacher_id=each.teacher_id, weight=each.weight) for each in teachers
    )


def _policy(policy: CancellationPolicy) -> schema.CancellationPolicy:
    return schema.CancellationPolicy(
        name=policy.name,
        tiers=tuple(
            schema.Tier(notice_minutes=each.notice_minutes, refund_percent=each.refund_percent)
            for each in policy.tiers
        ),
    )
