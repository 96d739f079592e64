from datetime import timedelta

from application.effects import EffectKind
from application.ports.test_mode import Fault, FaultKind
from domain.bookings import BookingStatus
from domain.payments import PaymentStatus
from entrypoints.http.controllers import bookings, payments
from tests.crash.whole import operations_of, tally_of
from tests.races.arena import FEWER, ROUNDS, Arena, at_once, outcomes

EIGHT = range(8)


def test_of_eight_students_one_gets_the_slot(arena: Arena) -> None:
    for _ in range(ROUNDS):
        gig = arena.gig(arena.new_teacher())
        body = {
            "gig_id": gig,
            "starts_at": arena.clock.now() + timedelta(days=2),
            "duration_minutes": 60,
        }
        students = [arena.new_student() for _ in EIGHT]
        answers = at_once(*(arena.asking(each, bookings.book, body) for each in students))
        assert outcomes(answers) == {"ok": 1, "slot_taken": 7}
    arena.rest()


def test_a_group_takes_as_many_as_it_seats(arena: Arena) -> None:
    for _ in range(FEWER):
        body = {
            "gig_id": arena.gig(arena.new_teacher(), capacity=3),
            "starts_at": arena.clock.now() + timedelta(days=2),
            "duration_minutes": 60,
        }
        students = [arena.new_student() for _ in EIGHT]
        answers = at_once(*(arena.asking(each, bookings.book, body) for each in students))
        assert outcomes(answers) == {"ok": 3, "slot_taken": 5}
    arena.rest()


def test_a_student_is_in_one_lesson_at_a_time(arena: Arena) -> None:
    for _ in range(FEWER):
        student, starts_at = arena.new_student(), arena.clock.now() + timedelta(days=2)
        bodies = [
            {
                "gig_id": arena.gig(arena.new_teacher()),
                "starts_at": starts_at + timedelta(minutes=15 * number),
                "duration_minutes": 60,
            }
            for number in range(4)
        ]
        answers = at_once(*(arena.asking(student, bookings.book, body) for body in bodies))
        assert outcomes(answers) == {"ok": 1, "slot_taken": 3}
    arena.rest()


def test_a_booking_is_cancelled_once_whoever_cancels(arena: Arena) -> None:
    for teacher, student, booking in arena.lessons(FEWER):
        answers = at_once(
            *(
                arena.asking(who, bookings.cancel_booking, {"reason": "ill"}, booking_id=booking)
                for who in (student, teacher) * 3
            ),
            arena.asking(teacher, bookings.complete_booking, {}, booking_id=booking),
        )
        assert outcomes(answers)["ok"] == 1
        assert arena.booking(booking).status is BookingStatus.CANCELLED
    arena.rest()
    assert tally_of(arena).refunded == FEWER * 75_00


def test_a_lesson_is_completed_once_and_keeps_what_was_refunded(arena: Arena) -> None:
    admin = arena.admin()
    for teacher, _, booking in arena.lessons(FEWER, apart=timedelta(days=2)):
        payment = arena.payment_of(booking).id
        arena.clock.move_to(arena.booking(booking).period.end + timedelta(hours=25))
        at_once(
            arena.asking(teacher, bookings.complete_booking, {}, booking_id=booking),
            arena.asking(teacher, bookings.complete_booking, {}, booking_id=booking),
            arena.asking(
                admin,
                payments.refund_payment,
                {"amount": "20.00", "reason": "ill"},
                payment_id=payment,
            ),
            arena.working(),
            arena.working(),
        )
        assert arena.booking(booking).status is BookingStatus.COMPLETED
    arena.rest()
    assert tally_of(arena).refunded == FEWER * 20_00


def test_a_late_success_is_seated_or_goes_back(arena: Arena) -> None:
    raced = []
    for _ in range(FEWER):
        teacher, student, rival = arena.new_teacher(), arena.new_student(), arena.new_student()
        gig, starts_at = arena.gig(teacher), arena.clock.now() + timedelta(days=2)
        booking = arena.book(student, gig, starts_at=starts_at)
        arena.send(student, payments.create_payment_intent, {"booking_id": booking})
        payment = arena.payment_of(booking)
        arena.paying_in_browser(booking)()
        arena.clock.advance(timedelta(minutes=16))
        body = {"gig_id": gig, "starts_at": starts_at, "duration_minutes": 60}
        at_once(
            arena.asking(student, payments.confirm_payment, {"payment_id": payment.id}),
            arena.asking(rival, bookings.book, body),
            arena.asking(rival, bookings.book, body),
            arena.working(),
            arena.working(),
        )
        raced.append((booking, payment.id))
    arena.rest()
    for seat, paid in raced:
        is_seated = arena.booking(seat).status is BookingStatus.CONFIRMED
        wanted = PaymentStatus.SUCCEEDED if is_seated else PaymentStatus.REFUNDED
        assert arena.payment(paid).status is wanted


def test_an_operation_is_recovered_by_one_worker(arena: Arena) -> None:
    for _ in range(FEWER):
        for _ in range(2):
            teacher, student, booking = arena.new_booking()
            arena.send(student, payments.create_payment_intent, {"booking_id": booking})
            cancelled = arena.send(
                teacher, bookings.cancel_booking, {"reason": "ill"}, booking_id=booking
            )
            assert cancelled.status == 200
        at_once(*(arena.working() for _ in range(4)))
    cancels = [each for each in operations_of(arena) if each.kind == EffectKind.CANCEL_PAYMENT]
    assert [each.fence for each in cancels] == [2] * len(cancels)
    arena.rest()


def test_lost_refunds_are_recovered_once_by_many_workers_and_their_webhooks(arena: Arena) -> None:
    admin, paid = arena.admin(), arena.lessons(2 * FEWER)
    for lessons in zip(paid, paid, strict=True):
        for method in ("create_refund", "find_refund"):
            fault = Fault(method=method, kind=FaultKind.LOST_ANSWER, times=None)
            arena.world.controls.faults.add_fault(fault)
        for _, _, booking in lessons:
            payment = arena.payment_of(booking).id
            arena.send(admin, payments.refund_payment, {"reason": "ill"}, payment_id=payment)
        arena.world.controls.faults.clear_faults()
        arena.wall.advance(timedelta(minutes=15))
        at_once(*(arena.working() for _ in range(4)))
    arena.rest()
    assert tally_of(arena).refunded == FEWER * 2 * 75_00
