"""The windows of time around a lesson, and what its people agreed on."""

from datetime import datetime, timedelta

from attrs import frozen

from domain.bookings.states import Party
from domain.fees import FeeOnRefund, FeeSchedule
from domain.policies import CancellationPolicy
from domain.time import instant

NO_SHOW_FROM = timedelta(minutes=10)
NO_SHOW_UNTIL = timedelta(days=7)
CONTEST_WINDOW = timedelta(hours=72)
RESCHEDULE_ANSWER_WITHIN = timedelta(hours=48)
BOOKING_HORIZON = timedelta(days=2 * 365)


@frozen(kw_only=True)
class BookingRules:
    """The windows of time that the platform grants."""

    request_lapses_after: timedelta = timedelta(hours=48)
    pay_within_confirmed: timedelta = timedelta(hours=24)
    pay_within_instant: timedelta = timedelta(minutes=15)
    completes_itself_after: timedelta = timedelta(hours=24)


@frozen(kw_only=True)
class Terms:
    """What was agreed on when the booking was made, never recomputed from later settings."""

    fees: FeeSchedule
    policy: CancellationPolicy
    fee_on_refund: FeeOnRefund


@frozen(kw_only=True)
class Reschedule:
    """A proposal to move the lesson, waiting for the other side."""

    starts_at: datetime = instant()
    proposed_by: Party
    answer_by: datetime = instant()
