from datetime import timedelta

import msgspec

from application.cards import SetUpCard
from domain.payments import PaymentStatus
from domain.refunds import RefundStatus
from entrypoints.http.controllers import bookings, cards, earnings, payments
from entrypoints.simulation.client import code_of
from tests.crash.whole import tally_of
from tests.races.arena import FEWER, ROUNDS, Arena, answers_in, at_once, outcomes

EIGHT = range(8)


def test_eight_requests_for_an_intent_make_one(arena: Arena) -> None:
    for _ in range(ROUNDS):
        _, student, booking = arena.new_booking()
        body = {"booking_id": booking}
        answers = at_once(
            *(arena.asking(student, payments.create_payment_intent, body) for _ in EIGHT)
        )
        assert outcomes(answers) == {"ok": 8}
        assert (
            len({msgspec.json.decode(each.body)["payment_id"] for each in answers_in(answers)}) == 1
        )
    assert len(arena.world.chronicle.payments()) == ROUNDS
    arena.rest()


def test_a_booking_is_charged_once_however_often_it_is_paid(arena: Arena) -> None:
    for student, booking in arena.bookings_with_cards(ROUNDS):
        body = {"booking_id": booking}
        answers = at_once(*(arena.asking(student, payments.process_payment, body) for _ in EIGHT))
        counted = outcomes(answers)
        assert counted["ok"] >= 1
        assert set(counted) <= {"ok", "booking_already_paid"}
    assert tally_of(arena).charged == ROUNDS * 75_00
    arena.rest()


def test_a_charge_from_the_server_and_from_the_browser_is_one(arena: Arena) -> None:
    raced = []
    for student, booking in arena.bookings_with_cards(ROUNDS):
        body = {"booking_id": booking}
        arena.send(student, payments.create_payment_intent, body)
        at_once(
            arena.asking(student, payments.process_payment, body),
            arena.asking(student, payments.process_payment, body),
            arena.racing_in_browser(booking),
            arena.working(),
        )
        raced.append(booking)
    arena.rest()
    for booking in raced:
        assert arena.payment_of(booking).status is PaymentStatus.SUCCEEDED
    assert tally_of(arena).charged == ROUNDS * 75_00


def test_one_key_at_once_has_one_effect_and_the_same_bytes(arena: Arena) -> None:
    for number, (student, booking) in enumerate(arena.bookings_with_cards(ROUNDS)):
        body, key = {"booking_id": booking}, f"key {number}"
        asking = arena.asking(student, payments.process_payment, body, key)
        answers = at_once(*(asking for _ in EIGHT))
        counted = outcomes(answers)
        assert set(counted) <= {"ok", "idempotency_key_in_use"}
        assert {each for each in answers_in(answers) if not code_of(each)} == {asking()}
    assert tally_of(arena).charged == ROUNDS * 75_00
    arena.rest()


def test_webhook_confirmation_and_worker_book_a_payment_once(arena: Arena) -> None:
    for _ in range(ROUNDS):
        _, student, booking = arena.new_booking()
        arena.send(student, payments.create_payment_intent, {"booking_id": booking})
        payment = arena.payment_of(booking)
        arena.paying_in_browser(booking)()
        confirming = arena.asking(student, payments.confirm_payment, {"payment_id": payment.id})
        at_once(*(confirming for _ in range(4)), *(arena.working() for _ in range(3)))
        assert arena.payment(payment.id).status is PaymentStatus.SUCCEEDED
    arena.rest()


def test_partial_refunds_at_once_never_exceed_the_payment(arena: Arena) -> None:
    admin = arena.admin()
    for _, _, booking in arena.lessons(ROUNDS):
        payment = arena.payment_of(booking).id
        asking = arena.asking(
            admin, payments.refund_payment, {"amount": "10.00", "reason": "ill"}, payment_id=payment
        )
        answers = at_once(*(asking for _ in EIGHT))
        assert outcomes(answers) == {"ok": 7, "refund_exceeds_refundable": 1}
    assert tally_of(arena).refunded == ROUNDS * 70_00
    arena.rest()


def test_of_two_refunds_of_sixty_of_a_hundred_one_is_made(arena: Arena) -> None:
    admin = arena.admin()
    for _, _, booking in arena.lessons(ROUNDS, hourly_rate="100.00"):
        payment = arena.payment_of(booking).id
        asking = arena.asking(
            admin, payments.refund_payment, {"amount": "60.00", "reason": "ill"}, payment_id=payment
        )
        assert outcomes(at_once(asking, asking)) == {"ok": 1, "refund_exceeds_refundable": 1}
    assert tally_of(arena).refunded == ROUNDS * 60_00
    arena.rest()


def test_what_a_bank_returned_is_sent_again_once(arena: Arena) -> None:
    admin = arena.admin()
    owed = []
    for _, _, booking in arena.lessons(ROUNDS):
        payment = arena.payment_of(booking).id
        made = arena.send(admin, payments.refund_payment, {"reason": "ill"}, payment_id=payment)
        owed.append(msgspec.json.decode(made.body)["refund_id"])
        arena.world.controls.outside.fail_refund(arena.world.chronicle.refunds()[-1].id)
    arena.settle()
    for refund in owed:
        again = arena.asking(admin, payments.retry_refund, {}, refund_id=refund)
        by_hand = arena.asking(
            admin, payments.mark_refund_paid, {"reference": "wire 7"}, refund_id=refund
        )
        answers = at_once(*(again for _ in range(4)), *(by_hand for _ in range(4)))
        assert outcomes(answers)["ok"] == 1
        known = arena.refund_of(refund)
        assert (known.status, known.is_owed) == (RefundStatus.FAILED, False)
    arena.rest()


def test_a_payout_on_demand_and_the_workers_send_one_transfer(arena: Arena) -> None:
    for teacher, _, booking in arena.lessons(ROUNDS, apart=timedelta(days=4), has_account=True):
        arena.clock.move_to(arena.booking(booking).period.end)
        arena.send(teacher, bookings.complete_booking, {}, booking_id=booking)
        arena.clock.advance(timedelta(days=3))
        asking = arena.asking(teacher, earnings.request_payout, {})
        ran = at_once(*(asking for _ in range(5)), *(arena.working() for _ in range(3)))
        assert set(outcomes(ran)) <= {"ok", "nothing_to_pay_out"}
    assert len(arena.world.chronicle.transfers()) == ROUNDS
    arena.rest()


def test_several_who_need_the_first_customer_make_one(arena: Arena) -> None:
    for _ in range(ROUNDS):
        student, starts_at = arena.new_student(), arena.clock.now() + timedelta(days=2)
        booked = [
            arena.book(
                student,
                arena.gig(arena.new_teacher()),
                starts_at=starts_at + timedelta(hours=2 * number),
            )
            for number in range(4)
        ]
        answers = at_once(
            *(
                arena.asking(student, payments.create_payment_intent, {"booking_id": each})
                for each in booked
            ),
            *(arena.asking(student, cards.set_up_card, {}) for _ in range(4)),
        )
        assert outcomes(answers) == {"ok": 8}
    assert tally_of(arena).customers == ROUNDS
    arena.rest()


def test_of_first_cards_added_at_once_one_is_the_default(arena: Arena) -> None:
    for _ in range(FEWER):
        student = arena.new_student()
        tokens = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex", "pm_card_discover")
        answers = at_once(
            *(
                arena.asking(student, cards.add_card, {"payment_method_id": token})
                for token in tokens
            ),
            arena.working(),
        )
        assert outcomes(answers) == {"ok": 4}
        known = arena.cards_of(student)
        assert [each.is_default for each in known].count(True) == 1
        assert len(known) == 4
    arena.rest()


def test_three_events_about_one_new_card_at_once_make_one(arena: Arena) -> None:
    for _ in range(FEWER):
        student = arena.new_student()
        setup = arena.do(SetUpCard(), student)
        arena.world.controls.browser.complete_setup(setup.id, "pm_card_visa")
        told = [event.id for event in arena.world.chronicle.events()[-2:]]
        told.append(arena.world.deliveries.tell_again(told[0]))
        deliveries = [arena.world.deliveries.delivery_of(event) for event in told]
        at_once(*(arena.delivering(each) for each in deliveries), arena.working())
        assert [each.is_default for each in arena.cards_of(student)] == [True]
    arena.rest()


def test_while_cards_come_and_go_one_is_the_default(arena: Arena) -> None:
    for student in arena.students_with_cards(
        FEWER, "pm_card_visa", "pm_card_mastercard", "pm_card_amex"
    ):
        newest, middle, oldest = arena.cards_of(student)
        default = {"set_as_default": True}
        added = {"payment_method_id": "pm_card_discover", **default}
        at_once(
            arena.asking(student, cards.add_card, added),
            arena.asking(student, cards.set_default_card, default, card_id=middle.id),
            arena.asking(student, cards.set_default_card, default, card_id=newest.id),
            arena.asking(student, cards.remove_card, card_id=oldest.id),
            arena.working(),
        )
        known = arena.cards_of(student)
        assert [each.is_default for each in known].count(True) == 1
        assert len(known) == 3
    arena.rest()


def test_the_last_card_goes_while_another_comes(arena: Arena) -> None:
    for student in arena.students_with_cards(FEWER, "pm_card_visa"):
        (only,) = arena.cards_of(student)
        at_once(
            arena.asking(student, cards.remove_card, card_id=only.id),
            arena.asking(student, cards.add_card, {"payment_method_id": "pm_card_amex"}),
        )
        assert [each.is_default for each in arena.cards_of(student)] == [True]
    arena.rest()


def test_several_who_onboard_a_teacher_make_one_account(arena: Arena) -> None:
    for _ in range(ROUNDS):
        teacher = arena.new_teacher()
        asking = arena.asking(teacher, earnings.create_onboarding_link, {"return_url": None})
        assert outcomes(at_once(*(asking for _ in EIGHT))) == {"ok": 8}
    assert tally_of(arena).accounts == ROUNDS
    arena.rest()
