import pytest

from domain.bookings import BookingNotPaid, BookingStatus, Party, PaymentState
from tests.builders import a_booking

UNPAID = [state for state in PaymentState if not state.is_settled]


@pytest.mark.parametrize("state", UNPAID)
def test_a_student_who_has_not_paid_yet_cannot_be_said_to_be_absent(state: PaymentState) -> None:
    booking = a_booking(status=BookingStatus.CONFIRMED, payment_status=state)
    with pytest.raises(BookingNotPaid):
        booking.report_no_show(Party.STUDENT, by=Party.TEACHER, at=booking.period.end)


def test_a_teacher_can_be_absent_from_a_lesson_that_is_not_paid_yet() -> None:
    booking = a_booking(status=BookingStatus.CONFIRMED, payment_status=PaymentState.PENDING)
    reported = booking.report_no_show(Party.TEACHER, by=Party.STUDENT, at=booking.period.end)
    assert reported.status is BookingStatus.TEACHER_NO_SHOW
