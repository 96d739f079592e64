"""The same races among processes: nothing but the SQLite files is shared."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from domain.payments import PaymentStatus
from entrypoints.http.controllers import bookings, payments
from entrypoints.simulation.client import code_of
from tests.crash.whole import tally_of
from tests.races.arena import ROUNDS, Arena, new_file, outcomes
from tests.races.racers import Order, Racers, racers

PROCESSES = 4

# Starting processes takes a second each: the tests share them.
pytestmark = pytest.mark.xdist_group("races_of_processes")
WORK = Order()


@pytest.fixture(scope="module")
def four() -> Iterator[Racers]:
    with racers(PROCESSES) as started:
        yield started


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Arena]:
    """Lend a market in a SQLite file, its payment world in another beside it."""
    with Arena(new_file(tmp_path)) as arena, closing(arena.world):
        yield arena


def test_of_four_processes_one_sells_the_slot(file: Arena, four: Racers) -> None:
    for _ in range(ROUNDS):
        body = {
            "gig_id": file.gig(file.new_teacher()),
            "starts_at": file.clock.now() + timedelta(days=2),
            "duration_minutes": 60,
        }
        orders = (Order(actor=file.new_student(), endpoint="book", body=body) for _ in range(4))
        assert outcomes(four.race(file, *orders)) == {"ok": 1, "slot_taken": 3}
    file.rest()


def test_one_key_in_four_processes_charges_once_with_the_same_bytes(
    file: Arena, four: Racers
) -> None:
    for number, (student, booking) in enumerate(file.bookings_with_cards(ROUNDS)):
        body, key = {"booking_id": booking}, f"key {number}"
        order = Order(actor=student, endpoint="process_payment", body=body, key=key)
        answers = four.race(file, *(order,) * PROCESSES)
        assert set(outcomes(answers)) <= {"ok", "idempotency_key_in_use"}
        again = file.send(student, payments.process_payment, body, key)
        assert {each for each in answers if not code_of(each)} == {again}
    assert tally_of(file).charged == ROUNDS * 75_00
    file.rest()


def test_processes_refund_no_more_than_was_paid(file: Arena, four: Racers) -> None:
    admin = file.admin()
    for _, _, booking in file.lessons(ROUNDS):
        order = Order(
            actor=admin,
            endpoint="refund_payment",
            body={"amount": "30.00", "reason": "ill"},
            path={"payment_id": file.payment_of(booking).id},
        )
        answers = four.race(file, *(order,) * PROCESSES)
        assert outcomes(answers) == {"ok": 2, "refund_exceeds_refundable": 2}
    assert tally_of(file).refunded == ROUNDS * 60_00
    file.rest()


def test_workers_and_requests_of_four_processes_book_a_payment_once(
    file: Arena, four: Racers
) -> None:
    for _ in range(ROUNDS):
        _, student, booking = file.new_booking()
        file.send(student, payments.create_payment_intent, {"booking_id": booking})
        file.paying_in_browser(booking)()
        body = {"payment_id": file.payment_of(booking).id}
        confirm = Order(actor=student, endpoint="confirm_payment", body=body)
        assert outcomes(four.race(file, confirm, confirm, WORK, WORK)) == {"ok": 2}
        assert file.payment_of(booking).status is PaymentStatus.SUCCEEDED
    file.rest()


def test_a_payout_and_the_workers_of_three_processes_send_one_transfer(
    file: Arena, four: Racers
) -> None:
    for teacher, _, booking in file.lessons(ROUNDS, apart=timedelta(days=4), has_account=True):
        file.clock.move_to(file.booking(booking).period.end)
        file.send(teacher, bookings.complete_booking, {}, booking_id=booking)
        file.clock.advance(timedelta(days=3))
        four.race(file, Order(actor=teacher, endpoint="request_payout"), WORK, WORK, WORK)
    assert len(file.world.chronicle.transfers()) == ROUNDS
    file.rest()


def test_first_needs_in_four_processes_make_one_customer(file: Arena, four: Racers) -> None:
    for _ in range(ROUNDS):
        student = file.new_student()
        orders = (
            Order(actor=student, endpoint="add_card", body={"payment_method_id": token})
            for token in ("pm_card_visa", "pm_card_amex", "pm_card_discover", "pm_card_jcb")
        )
        assert outcomes(four.race(file, *orders)) == {"ok": 4}
        assert [each.is_default for each in file.cards_of(student)].count(True) == 1
    assert tally_of(file).customers == ROUNDS
    file.rest()
