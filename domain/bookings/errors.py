"""What a booking refuses, and why."""

from domain.errors import Conflict, Refused


class SlotTaken(Conflict):
    """The teacher or the student has something else at that time."""

    code = "slot_taken"


class BookingStateConflict(Conflict):
    """The booking's status does not allow this."""

    code = "booking_state_conflict"


class BookingNotConfirmed(BookingStateConflict):
    """Only a confirmed booking can be paid."""

    code = "booking_not_confirmed"


class BookingAlreadyPaid(BookingStateConflict):
    """It has its money."""

    code = "booking_already_paid"


class BookingNotPaid(BookingStateConflict):
    """A lesson that is not paid for cannot be completed."""

    code = "booking_not_paid"


class BookingNotEnded(BookingStateConflict):
    """The lesson has not ended yet."""

    code = "booking_not_ended"


class BookingNotCancellable(BookingStateConflict):
    """It has ended in some way already."""

    code = "booking_not_cancellable"


class NotAwaitingConfirmation(BookingStateConflict):
    """It is no request any more."""

    code = "booking_not_requested"


class NoShowOutOfTime(BookingStateConflict):
    """No-shows are reported from 10 minutes after the start to 7 days after it."""

    code = "no_show_out_of_time"


class RescheduleNotPossible(BookingStateConflict):
    """There is nothing to accept, or it cannot be moved any more."""

    code = "reschedule_not_possible"


class OwnGig(Refused):
    """A teacher cannot book their own gig."""

    code = "own_gig"
