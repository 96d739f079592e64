"""What happened, as frozen values.

Events are stored in the outbox with the value that they happened to, and handed to reactions at
least once. They hold nothing but ids, strings, integers and the instant `at`, so that any storage
can keep them. `EVENTS` finds a class by its name.
"""

from datetime import datetime

from attrs import fields, frozen

from domain.time import instant


@frozen(kw_only=True)
class Event:
    """Something that happened at an instant."""

    at: datetime = instant()


@frozen(kw_only=True)
class BookingRequested(Event):
    """A student asked for a teacher's time; the slot is held."""

    booking: str


@frozen(kw_only=True)
class BookingConfirmed(Event):
    """The teacher, or an instant gig, agreed."""

    booking: str


@frozen(kw_only=True)
class BookingDeclined(Event):
    """The teacher turned the request down."""

    booking: str


@frozen(kw_only=True)
class BookingExpired(Event):
    """Nobody answered, or nobody paid, in time; the slot is free."""

    booking: str


@frozen(kw_only=True)
class BookingCancelled(Event):
    """One side, or the platform, called it off."""

    booking: str
    by: str
    reason: str


@frozen(kw_only=True)
class BookingCompleted(Event):
    """The lesson took place."""

    booking: str


@frozen(kw_only=True)
class NoShowReported(Event):
    """One side says that the other did not come."""

    booking: str
    absent: str


@frozen(kw_only=True)
class RescheduleProposed(Event):
    """One side asks to move the lesson."""

    booking: str
    by: str


@frozen(kw_only=True)
class BookingRescheduled(Event):
    """Both sides agreed to another start."""

    booking: str


@frozen(kw_only=True)
class BookingReseated(Event):
    """A payment that came late found the slot of its expired booking still free."""

    booking: str


@frozen(kw_only=True)
class PaymentSucceeded(Event):
    """The money of a payment was captured."""

    payment: str


@frozen(kw_only=True)
class PaymentFailed(Event):
    """A try was declined; another can follow."""

    payment: str
    code: str


@frozen(kw_only=True)
class PaymentCanceled(Event):
    """A payment that never succeeded was called off at the gateway."""

    payment: str


@frozen(kw_only=True)
class RefundReserved(Event):
    """Money was set aside to go back."""

    refund: str
    payment: str


@frozen(kw_only=True)
class RefundSucceeded(Event):
    """Money went back."""

    refund: str
    payment: str


@frozen(kw_only=True)
class RefundFailed(Event):
    """Money did not go back; `after_success` when a bank returned it later, and it is now owed."""

    refund: str
    payment: str
    after_success: bool
    reason: str


@frozen(kw_only=True)
class PayoutPaid(Event):
    """A teacher's money left the platform."""

    payout: str


@frozen(kw_only=True)
class PayoutFailed(Event):
    """A teacher's money did not leave; it is available again."""

    payout: str
    reason: str


@frozen(kw_only=True)
class StaffAlerted(Event):
    """Something wants a person: `topic` is stable (`suspense`, `refund_failed` …)."""

    topic: str
    subject: str
    detail: str


EVENTS: dict[str, type[Event]] = {event.__name__: event for event in Event.__subclasses__()}

WORDY = sorted(
    name
    for name, event in EVENTS.items()
    if {"reason", "detail", "code"} & {each.name for each in fields(event)}
)
"""The events that carry words of somebody's."""
