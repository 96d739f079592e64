"""Booking a lesson, agreeing to it, moving it, and how it ends."""

from application.bookings.access import own_only, party_of
from application.bookings.agreeing import ConfirmBooking, DeclineBooking
from application.bookings.booking import BookGig, NotEnoughHours, Seating
from application.bookings.ending import (
    AdvanceBooking,
    AdvanceBookingHandler,
    CancelBooking,
    Cancelled,
    CompleteBooking,
    ReportNoShow,
)
from application.bookings.looking import GetBooking, ListBookings, QuoteBooking
from application.bookings.rescheduling import AcceptReschedule, DeclineReschedule, ProposeReschedule

__all__ = [
    "AcceptReschedule",
    "AdvanceBooking",
    "AdvanceBookingHandler",
    "BookGig",
    "CancelBooking",
    "Cancelled",
    "CompleteBooking",
    "ConfirmBooking",
    "DeclineBooking",
    "DeclineReschedule",
    "GetBooking",
    "ListBookings",
    "NotEnoughHours",
    "ProposeReschedule",
    "QuoteBooking",
    "ReportNoShow",
    "Seating",
    "own_only",
    "party_of",
]
