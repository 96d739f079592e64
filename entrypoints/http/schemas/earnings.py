"""What teachers earn, and how it reaches them."""

from typing import Annotated

from msgspec import Meta

from domain.earnings import EarningKind, EarningState, PayoutMethod, PayoutStatus
from entrypoints.http.schemas.bookings import CurrencyText
from entrypoints.http.schemas.cards import Url
from entrypoints.http.schemas.common import (
    Amount,
    CurrencyCode,
    Id,
    Input,
    Instant,
    ListQuery,
    Output,
    SignedAmount,
)


class EarningsQuery(Input, frozen=True, kw_only=True):
    """Whose earnings; staff names the teacher."""

    teacher_id: Id | None = None


class Standing(Output, frozen=True, kw_only=True):
    """A teacher's money in one currency, by where it stands."""

    currency: CurrencyCode
    pending: Amount
    held: Amount
    available: Amount
    in_transit: Amount
    paid: Amount
    debt: Amount


class Earnings(Output, frozen=True, kw_only=True):
    """A teacher's money, by currency."""

    items: tuple[Standing, ...]
    next_cursor: str | None


class LineQuery(ListQuery, frozen=True, kw_only=True):
    """Which lines of a statement to list."""

    teacher_id: Id | None = None
    currency: CurrencyText | None = None


class LineExport(Input, frozen=True, kw_only=True):
    """Which lines of a statement to export."""

    teacher_id: Id | None = None
    currency: CurrencyText | None = None
    created_from: Instant | None = None
    created_to: Instant | None = None


class EarningsLine(Output, frozen=True, kw_only=True):
    """One signed amount of a teacher's statement."""

    id: Id
    at: Instant
    kind: EarningKind
    teacher_id: Id
    booking_id: Id | None
    payment_id: Id | None
    payout_id: Id | None
    amount: SignedAmount
    currency: CurrencyCode
    state: EarningState
    available_at: Instant | None
    reason: str


class OnboardingReturn(Input, frozen=True, kw_only=True):
    """Where the gateway sends the teacher back to; it must be allowed by the settings."""

    return_url: Url | None = None


class OnboardingLink(Output, frozen=True, kw_only=True):
    """Where the teacher tells the gateway who they are; good for a few minutes."""

    url: str


class TeacherAccount(Output, frozen=True, kw_only=True):
    """A teacher's account at the gateway."""

    id: Annotated[Id, Meta(description="The teacher's id: one account each.")]
    stripe_account_id: str | None
    status: Annotated[str, Meta(examples=["none", "onboarding", "restricted", "enabled"])]
    charges_enabled: bool
    payouts_enabled: bool


class NewPayout(Input, frozen=True, kw_only=True):
    """What is to be paid out: all that is available. Staff names the teacher."""

    teacher_id: Id | None = None
    currency: CurrencyText | None = None
    method: PayoutMethod | None = None
    reference: Annotated[str, Meta(max_length=200)] | None = None


class Payout(Output, frozen=True, kw_only=True):
    """Money on its way to a teacher, and the lines that it carries."""

    id: Id
    teacher_id: Id
    amount: Amount
    currency: CurrencyCode
    status: PayoutStatus
    method: PayoutMethod
    reference: str | None
    failure_reason: str | None
    stripe_transfer_id: str | None
    reversed_amount: Amount
    lines: tuple[EarningsLine, ...]
    created_at: Instant
    paid_at: Instant | None


class PayoutQuery(ListQuery, frozen=True, kw_only=True):
    """Which payouts to list."""

    teacher_id: Id | None = None
    status: PayoutStatus | None = None
