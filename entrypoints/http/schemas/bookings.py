"""Gigs and bookings."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from domain.bookings import BookingStatus, Funding, PaymentState
from domain.gigs import Confirmation
from domain.policies import Outcome
from entrypoints.http.schemas.common import (
    AMOUNT,
    Amount,
    CurrencyCode,
    Hours,
    Id,
    Input,
    Instant,
    ListQuery,
    Minutes,
    Output,
    Prose,
    SignedAmount,
    Title,
)

Weight = Annotated[int, Meta(ge=1, le=1000, description="Relative to the other teachers'.")]
Capacity = Annotated[int, Meta(ge=1, le=10, description="How many students it seats.")]
Policy = Annotated[
    str,
    Meta(
        max_length=200,
        description="`flexible`, `moderate`, `strict`, or tiers such as `1440:100,720:50`.",
        examples=["moderate"],
    ),
]
AmountText = Annotated[
    str,
    Meta(
        max_length=20,
        pattern=AMOUNT,
        description="A decimal string with exactly the currency's digits.",
        examples=["75.00"],
    ),
]
CurrencyText = Annotated[
    str,
    Meta(pattern="^[a-z]{3}$", description="A lower-case ISO 4217 code.", examples=["usd"]),
]


class TeachingInput(Input, frozen=True, kw_only=True):
    """Who teaches, and their share."""

    teacher_id: Id
    weight: Weight = 1


class Teaching(Output, frozen=True, kw_only=True):
    """Who teaches, and the weight of their share."""

    teacher_id: Id
    weight: int


Teachers = Annotated[tuple[TeachingInput, ...], Meta(min_length=1, max_length=10)]


class NewGig(Input, frozen=True, kw_only=True):
    """An offer of lessons; without `teachers` the one who publishes it teaches alone."""

    title: Annotated[Title, Meta(min_length=1)]
    description: Prose = ""
    hourly_rate: AmountText
    currency: CurrencyText | None = None
    capacity: Capacity = 1
    confirmation: Confirmation = Confirmation.TEACHER
    cancellation_policy: Policy | None = None
    accepts_hours: bool = True
    teachers: Teachers | None = None
    is_active: bool = True


class GigChanges(Input, frozen=True, kw_only=True):
    """What changes of an offer; what is left out stays."""

    title: Annotated[Title, Meta(min_length=1)] | UnsetType = UNSET
    description: Prose | UnsetType = UNSET
    hourly_rate: AmountText | UnsetType = UNSET
    currency: CurrencyText | UnsetType = UNSET
    capacity: Capacity | UnsetType = UNSET
    confirmation: Confirmation | UnsetType = UNSET
    cancellation_policy: Policy | UnsetType = UNSET
    accepts_hours: bool | UnsetType = UNSET
    teachers: Teachers | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class Tier(Output, frozen=True, kw_only=True):
    """With at least this much notice, this much comes back."""

    notice_minutes: int
    refund_percent: int


class CancellationPolicy(Output, frozen=True, kw_only=True):
    """What comes back for how much notice; below the last tier nothing does."""

    name: str
    tiers: tuple[Tier, ...]


class Gig(Output, frozen=True, kw_only=True):
    """An offer of lessons at an hourly price."""

    id: Id
    title: str
    description: str
    hourly_rate: Amount
    currency: CurrencyCode
    capacity: int
    confirmation: Confirmation
    cancellation_policy: CancellationPolicy
    accepts_hours: bool
    minimum_minutes: int
    maximum_minutes: int
    teachers: tuple[Teaching, ...]
    is_active: bool
    created_at: Instant
    updated_at: Instant


class GigQuery(ListQuery, frozen=True, kw_only=True):
    """Which gigs to list."""

    teacher_id: Id | None = None
    q: Annotated[str, Meta(max_length=200, description="A part of the title or text.")] | None = (
        None
    )
    currency: CurrencyText | None = None
    active_only: Annotated[
        bool, Meta(description="False lists withdrawn ones too, for staff and for one's own.")
    ] = True


class FundingChoice(StrEnum):
    """What is to pay for a booking."""

    CARD = "card"
    HOURS = "hours"


class NewBooking(Input, frozen=True, kw_only=True):
    """A lesson that a student wants; staff names the student."""

    gig_id: Id
    starts_at: Instant
    duration_minutes: Minutes
    funding: FundingChoice | None = None
    student_id: Id | None = None


class Reschedule(Output, frozen=True, kw_only=True):
    """A proposal to move the lesson."""

    starts_at: Instant
    proposed_by: Literal["student", "teacher", "platform"]
    answer_by: Instant


class Booking(Output, frozen=True, kw_only=True):
    """A student's claim on a teacher's time."""

    id: Id
    gig_id: Id
    student_id: Id
    teachers: tuple[Teaching, ...]
    starts_at: Instant
    ends_at: Instant
    duration_minutes: int
    duration_hours: Hours
    price: Amount
    currency: CurrencyCode
    funding: Funding
    status: BookingStatus
    payment_status: PaymentState
    payment_due_at: Instant | None
    cancellation_policy: CancellationPolicy
    outcome: Outcome | None
    cancel_reason: str | None
    reschedule: Reschedule | None
    settles_at: Instant | None
    created_at: Instant
    updated_at: Instant


class BookingQuery(ListQuery, frozen=True, kw_only=True):
    """Which bookings to list; `from` and `to` are about the start of the lesson."""

    status: BookingStatus | None = None
    payment_status: PaymentState | None = None
    starts_from: Instant | None = field(default=None, name="from")
    starts_to: Instant | None = field(default=None, name="to")
    student_id: Id | None = None
    teacher_id: Id | None = None


class Completion(Input, frozen=True, kw_only=True):
    """How long the lesson really took, for one that is paid from hours."""

    actual_minutes: Minutes | None = None


class Cancellation(Input, frozen=True, kw_only=True):
    """Why a lesson is called off."""

    reason: Prose = ""


class Absence(Input, frozen=True, kw_only=True):
    """Who did not come."""

    who: Literal["student", "teacher"]


class NewTime(Input, frozen=True, kw_only=True):
    """When the lesson is to begin instead."""

    starts_at: Instant


class QuoteQuery(Input, frozen=True, kw_only=True):
    """Which ending to quote."""

    outcome: Literal["completed", "cancel", "no_show", "teacher_cancel"]


class TeacherAmount(Output, frozen=True, kw_only=True):
    """What one teacher gets or gives."""

    teacher_id: Id
    amount: Amount


class Quote(Output, frozen=True, kw_only=True):
    """Who gets what. student + teachers + platform − promotion = what is paid."""

    outcome: Outcome
    currency: CurrencyCode
    student_amount: Amount
    teacher_amounts: tuple[TeacherAmount, ...]
    platform_amount: SignedAmount
    """Negative where the platform has borne more than its fee, as goodwill."""
    promotion_amount: Amount
    student_minutes: int
    refund_percent: int
    valid_until: Instant | None


class Cancelled(Booking, frozen=True, kw_only=True):
    """A booking that was called off, with the quote that was carried out."""

    quote: Quote
