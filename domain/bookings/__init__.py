"""A student's claim on a teacher's time, from request to outcome; see docs/domain.md."""

from domain.bookings.booking import Booking
from domain.bookings.errors import (
    BookingAlreadyPaid,
    BookingNotCancellable,
    BookingNotConfirmed,
    BookingNotEnded,
    BookingNotPaid,
    BookingStateConflict,
    NoShowOutOfTime,
    NotAwaitingConfirmation,
    OwnGig,
    RescheduleNotPossible,
    SlotTaken,
)
from domain.bookings.seats import must_be_free
from domain.bookings.states import (
    EDGES,
    HOLDING,
    BookingStatus,
    Funding,
    Party,
    PaymentState,
    outcome_of_cancelling,
)
from domain.bookings.terms import (
    BOOKING_HORIZON,
    CONTEST_WINDOW,
    NO_SHOW_FROM,
    NO_SHOW_UNTIL,
    RESCHEDULE_ANSWER_WITHIN,
    BookingRules,
    Reschedule,
    Terms,
)

__all__ = [
    "BOOKING_HORIZON",
    "CONTEST_WINDOW",
    "EDGES",
    "HOLDING",
    "NO_SHOW_FROM",
    "NO_SHOW_UNTIL",
    "RESCHEDULE_ANSWER_WITHIN",
    "Booking",
    "BookingAlreadyPaid",
    "BookingNotCancellable",
    "BookingNotConfirmed",
    "BookingNotEnded",
    "BookingNotPaid",
    "BookingRules",
    "BookingStateConflict",
    "BookingStatus",
    "Funding",
    "NoShowOutOfTime",
    "NotAwaitingConfirmation",
    "OwnGig",
    "Party",
    "PaymentState",
    "Reschedule",
    "RescheduleNotPossible",
    "SlotTaken",
    "Terms",
    "must_be_free",
    "outcome_of_cancelling",
]
