"""More ways to damage a database, and what finds each of them."""

import sqlite3
from datetime import timedelta

import pytest

from application.ports.gateway import NewRefund
from application.refunds import RefundPayment
from tests.application.damaging import Books, books, lived
from tests.town import a_town

__all__ = ["books", "lived"]

ITS_BOOKING = "(SELECT booking_id FROM payments WHERE id = ?)"
CARD = "4242 4242 4242 4242"


# --- The ledger -----------------------------------------------------------------------------------


def test_an_end_of_the_chain_that_was_cut_off_is_found(books: Books) -> None:
    newest = "(SELECT seq FROM ledger_entries ORDER BY position DESC LIMIT 1)"
    with sqlite3.connect(books.path) as connection:
        (position,) = connection.execute("SELECT position FROM ledger_head").fetchone()
    books.prepare(f"DELETE FROM ledger_lines WHERE entry_seq = {newest}")
    found = books.damage(f"DELETE FROM ledger_entries WHERE seq = {newest}")
    cut = [each for each in found if each.startswith("I2  the hash chain: ends at")]
    assert len(cut) == 1
    assert f"ends at {position - 1} with" in cut[0]
    assert f"its head says {position}: 1 cut off" in cut[0]


def test_a_head_that_was_altered_is_found(books: Books) -> None:
    found = books.damage("UPDATE ledger_head SET seal = 'f' || substr(seal, 2)")
    assert len(found) == 1
    assert found[0].startswith("I2  the hash chain: ends at")
    assert found[0].endswith("with another seal")


def test_a_head_that_is_gone_is_found(books: Books) -> None:
    found = books.damage("DELETE FROM ledger_head")
    assert len(found) == 1
    assert "its head says 0" in found[0]


def test_the_head_is_told(books: Books) -> None:
    head = books.verify().head
    assert head is not None
    with sqlite3.connect(books.path) as connection:
        row = connection.execute("SELECT position, seal FROM ledger_head").fetchone()
    assert (head.position, head.seal) == row


def test_an_entry_whose_lines_are_gone_is_found(books: Books) -> None:
    books.prepare(
        "DELETE FROM ledger_lines WHERE line > 0 AND entry_seq = "
        "(SELECT seq FROM ledger_entries WHERE key = 'lesson_ended:' || ?)",
        books.paid_out,
    )
    found = books.damage(
        "DELETE FROM ledger_lines WHERE entry_seq = "
        "(SELECT seq FROM ledger_entries WHERE key = 'lesson_ended:' || ?)",
        books.paid_out,
    )
    assert any(
        each.startswith(f"I2  entry lesson_ended:{books.paid_out}: position") for each in found
    )
    assert any(f"lesson_ended:{books.paid_out} is not booked" in each for each in found)


def test_each_altered_entry_is_found_by_itself(books: Books) -> None:
    books.prepare("UPDATE ledger_entries SET at = replace(at, '2026-', '2025-') WHERE position = 4")
    found = books.damage(
        "UPDATE ledger_entries SET at = replace(at, '2026-', '2025-') WHERE position = 2"
    )
    assert len(found) == 2
    assert "position 2 of the hash chain" in found[0]
    assert "position 4 of the hash chain" in found[1]


def test_an_account_that_does_not_exist_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE ledger_lines SET account = 'pocket:me' WHERE account = 'fee' AND entry_seq = "
        "(SELECT seq FROM ledger_entries WHERE key = 'lesson_ended:' || ?)",
        books.paid_out,
    )
    assert "I9  pocket:me: holds -1500 usd, and there is no such account" in found


def test_an_instant_that_cannot_be_read_is_found_and_told_where(books: Books) -> None:
    found = books.damage("UPDATE ledger_entries SET at = 'yesterday' WHERE position = 3")
    assert any(each.startswith("I2  ledger entries: unreadable from") for each in found)


def test_entries_of_a_payment_that_was_removed_with_all_traces_are_found(books: Books) -> None:
    booking = f"(SELECT booking_id FROM payments WHERE id = '{books.paid_out}')"
    books.prepare(f"DELETE FROM booking_teachers WHERE booking_id = {booking}")
    books.prepare(f"DELETE FROM bookings WHERE id = {booking}")
    found = books.damage("DELETE FROM payments WHERE id = ?", books.paid_out)
    for kind in ("payment_succeeded", "lesson_ended"):
        key = f"{kind}:{books.paid_out}"
        assert f"I2  entry {key}: books {books.paid_out}, which does not exist" in found


# --- What was paid, and what was kept -------------------------------------------------------------


def test_a_refund_that_was_doubled_at_the_gateway_is_found_and_named() -> None:
    with a_town() as town:
        payment = town.payment(town.pay(town.book()))
        refund = RefundPayment(payment_id=payment.id, amount="30.00", reason="A favour.")
        town.installation.bus.handle(refund, town.admin)
        town.settle()
        assert payment.gateway_id is not None
        request = NewRefund(
            operation="op_twin",
            payment=payment.gateway_id,
            amount=3000,
            currency="usd",
            metadata={},
        )
        gateway = town.installation.pieces.gateway
        twin = gateway.refunds.create_refund(request, key="another key")
        found = [str(each) for each in town.installation.verification().run().findings]
    assert f"I5  {payment.id}: the gateway gave back 6000; our refunds come to 3000" in found
    assert any(each.startswith("I3  cash:gateway") and "-3000 unexpl" in each for each in found)
    named = f"I7  {twin.id}: the gateway moved -3000 usd for this refund, and nothing of ours is it"
    assert named in found
    assert len(found) == 3


def test_a_student_who_calls_a_lesson_off_for_less_than_is_due_is_no_break() -> None:
    with a_town() as town:
        payment = town.pay(town.book())
        refund = RefundPayment(payment_id=payment, amount="10.00", reason="A cold.")
        town.installation.bus.handle(refund, town.student)
        town.settle()
        report = town.installation.verification().run()
    assert report.findings == ()
    assert report.seen["refunds"] == 1


def test_two_payments_that_pay_for_one_booking_are_found(books: Books) -> None:
    booking = f"(SELECT booking_id FROM payments WHERE id = '{books.ahead}')"
    found = books.damage(f"UPDATE payments SET booking_id = {booking} WHERE id = ?", books.refunded)
    assert any(each.startswith("I7  bk_") and "2 payments pay for it" in each for each in found)
    assert any(each.startswith("I10  bk_") and "nothing pays for it" in each for each in found)


def test_a_payment_that_is_still_open_for_a_cancelled_booking_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE payments SET status = 'pending', stage = 'unfunded' WHERE id = ?", books.cancelled
    )
    assert any(
        each.startswith("I7  bk_") and each.endswith("is cancelled, and can still be paid")
        for each in found
    )


def test_a_payment_that_is_open_beside_the_one_that_pays_is_found(books: Books) -> None:
    booking = f"(SELECT booking_id FROM payments WHERE id = '{books.ahead}')"
    found = books.damage(
        f"UPDATE payments SET booking_id = {booking}, status = 'pending', stage = 'unfunded' "
        "WHERE id = ?",
        books.refunded,
    )
    assert any(
        each.startswith("I7  bk_") and each.endswith("is paid, and can be paid once more")
        for each in found
    )


def test_a_lesson_that_took_place_and_was_never_paid_is_found(books: Books) -> None:
    found = books.damage(
        f"UPDATE bookings SET payment_status = 'unpaid' WHERE id = {ITS_BOOKING}", books.paid_out
    )
    assert any(
        each.startswith("I10  bk_") and each.endswith("took place, and is unpaid") for each in found
    )


@pytest.mark.parametrize(
    ("statement", "about", "told"),
    [
        (
            f"UPDATE bookings SET price = 9000 WHERE id = {ITS_BOOKING}",
            "ahead",
            "I7  {ahead}: is of Money(10000, usd), but",
        ),
        (
            (
                "UPDATE bookings SET status = 'teacher_no_show', outcome = 'teacher_no_show' "
                f"WHERE id = {ITS_BOOKING}"
            ),
            "paid_out",
            "I7  {paid_out}: 0 of 10000 went back, but 10000 should have",
        ),
        (
            (
                "UPDATE operations SET result = 're_other' WHERE kind = 'refund.create' AND "
                "subject = (SELECT id FROM refunds WHERE payment_id = ?)"
            ),
            "refunded",
            "made re_other for it",
        ),
        (
            "UPDATE operations SET result = 'pi_other' WHERE kind LIKE '%.create' AND subject = ?",
            "ahead",
            "made pi_other for it",
        ),
        (
            (
                "UPDATE operations SET result = 'tr_other' WHERE kind = 'transfer.create' AND "
                "subject = (SELECT payout_id FROM earning_lines WHERE payment_id = ?)"
            ),
            "paid_out",
            "made tr_other for it",
        ),
        (
            f"UPDATE bookings SET funding = 'free' WHERE id = {ITS_BOOKING}",
            "ahead",
            "is funded by free at a price of 10000",
        ),
        (
            "UPDATE payments SET booking_id = NULL WHERE id = ?",
            "ahead",
            "shows itself paid, and nothing pays for it",
        ),
        (
            f"UPDATE bookings SET version = 0 WHERE id = {ITS_BOOKING}",
            "ahead",
            "has the version 0",
        ),
        (
            "UPDATE earning_lines SET amount = amount - 1 WHERE payment_id = ?",
            "ahead",
            "has 8500 usd of it; their statement says 8499",
        ),
        (
            "UPDATE earning_lines SET available_at = NULL WHERE payment_id = ?",
            "paid_out",
            "takes its lesson for ahead, but its money is earned",
        ),
        (
            (
                "UPDATE earning_lines SET teacher_id = (SELECT student_id FROM payments "
                "WHERE id = earning_lines.payment_id) WHERE payment_id = ?"
            ),
            "ahead",
            "has 8500 usd of it: no share",
        ),
        (
            "UPDATE ledger_entries SET key = 'lesson_begun' WHERE key = 'lesson_ended:' || ?",
            "paid_out",
            "its money is earned, but lesson_ended:",
        ),
    ],
)
def test_each_of_these_damages_is_found(
    books: Books, statement: str, about: str, told: str
) -> None:
    found = books.damage(statement, getattr(books, about))
    wanted = told.format(ahead=books.ahead, paid_out=books.paid_out)
    assert any(wanted in each for each in found), found


def test_a_transfer_that_came_back_and_is_not_booked_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE payouts SET reversed = 100 WHERE id = (SELECT min(id) FROM payouts)"
    )
    assert any("100 of it came back, but that is not booked" in each for each in found)


# --- Calendars ------------------------------------------------------------------------------------


def _moved_onto_another(books: Books) -> list[str]:
    with sqlite3.connect(books.path) as connection:
        starts_at, ends_at = connection.execute(
            f"SELECT starts_at, ends_at FROM bookings WHERE id = {ITS_BOOKING}", (books.ahead,)
        ).fetchone()
    books.prepare(
        f"UPDATE booking_teachers SET ends_at = ? WHERE booking_id = {ITS_BOOKING}",
        ends_at,
        books.refunded,
    )
    return books.damage(
        f"UPDATE bookings SET starts_at = ?, ends_at = ? WHERE id = {ITS_BOOKING}",
        starts_at,
        ends_at,
        books.refunded,
    )


def test_a_person_in_two_places_at_once_is_found(books: Books) -> None:
    found = _moved_onto_another(books)
    assert len(found) == 2
    for person in (books.town.teacher, books.town.student):
        assert any(
            each.startswith("I10  bk_") and f"the calendar of {person.user_id}: " in each
            for each in found
        )
    assert any("overlaps bk_" in each for each in found)


def test_a_calendar_that_lists_a_lesson_at_another_time_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE booking_teachers SET ends_at = replace(ends_at, '2026-', '2027-') "
        f"WHERE booking_id = {ITS_BOOKING}",
        books.ahead,
    )
    assert len(found) == 1
    assert found[0].startswith("I10  bk_")
    assert "ends at 2026-" in found[0]


def test_lessons_that_touch_do_not_overlap() -> None:
    with a_town() as town:
        first = town.clock.now() + timedelta(days=3)
        for hours in range(3):
            town.book(first + timedelta(hours=hours))
        report = town.installation.verification().run()
    assert report.findings == ()
    assert report.seen["calendar slots"] == 6


# --- Queues, keys and words -----------------------------------------------------------------------


def test_an_event_that_nobody_takes_is_found(books: Books) -> None:
    found = books.damage("UPDATE outbox SET is_done = 0 WHERE seq = 1")
    assert len(found) == 1
    assert found[0].startswith("I12  outbox: 1 events wait, the oldest since 2026-")


def test_a_key_that_is_bound_to_an_effect_that_does_not_exist_is_found(books: Books) -> None:
    found = books.damage(
        "INSERT INTO idempotency_keys VALUES ('usr_1', 'key-1', 'f', '2026-03-02T09:00:00.000000Z',"
        " '2026-03-02T09:00:00.000000Z', '{\"pay\":\"op_gone\"}', NULL, NULL, NULL)"
    )
    assert found == ["I14  key key-1 of usr_1: its pay is op_gone, which does not exist"]


def test_an_answer_with_an_impossible_status_is_found(books: Books) -> None:
    found = books.damage(
        "INSERT INTO idempotency_keys VALUES ('usr_1', 'key-1', 'f', '2026-03-02T09:00:00.000000Z',"
        " '2026-03-02T09:00:00.000000Z', '{}', 42, x'7b7d', 'application/json')"
    )
    assert found == ["I14  key key-1 of usr_1: its answer has the status 42"]


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        (f"UPDATE bookings SET cancel_reason = '{CARD}' WHERE id = {ITS_BOOKING}", "bookings bk_"),
        ("UPDATE users SET name = 'Mine is 4242-4242-4242-4242' WHERE role = ?", "users usr_"),
        (
            (
                'UPDATE deliveries SET body = CAST(\'{"number":"4242424242424242"}\' AS BLOB) '
                "WHERE id = (SELECT min(id) FROM deliveries) AND ? <> ''"
            ),
            "deliveries evt_",
        ),
        (
            f"UPDATE refunds SET reason = 'back to {CARD}' WHERE payment_id = ?",
            "refunds re_",
        ),
    ],
)
def test_a_card_number_is_found_wherever_it_is_and_not_repeated(
    books: Books, statement: str, place: str
) -> None:
    about = {"users usr_": "student", "refunds re_": books.refunded}.get(place, books.ahead)
    found = books.damage(statement, about)
    assert len(found) == 1
    assert found[0].startswith(f"I15  {place}")
    assert found[0].endswith(": holds what looks like a card number")
    assert "4242" not in found[0]


def test_an_id_of_ours_is_no_card_number(books: Books) -> None:
    digits = "bk_04242424242424242000000000"
    books.prepare(
        f"UPDATE refunds SET reason = 'see {digits}' WHERE payment_id = ?", books.refunded
    )
    assert books.verify().is_clean
