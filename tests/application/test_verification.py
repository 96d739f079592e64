"""Damage a database by hand, in every way that a person or a bug could, and have it found."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from adapters.clock import ManualClock
from adapters.sql import sql_storage
from application.bookings import CancelBooking
from application.payments import CreatePaymentIntent, ProcessPayment
from application.ports.gateway import NewCustomer, NewPayment
from application.ports.test_mode import Fault, FaultKind, GatewayControls
from application.refunds import RefundPayment
from application.verification import Verification
from domain.payments import Stage
from tests.application.damaging import Books, books, lived
from tests.contract.storage.sql_harness import CountingIds
from tests.town import Town, a_town

__all__ = ["books", "lived"]


def test_books_that_nobody_touched_are_right(books: Books) -> None:
    report = books.verify()
    assert report.findings == ()
    assert report.is_clean
    assert report.balances["books"] == report.balances["gateway"]
    assert report.seen["payments"] == 5
    assert report.seen["refunds"] == 3
    assert report.seen["payouts"] >= 1


def test_a_changed_line_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE ledger_lines SET amount = amount + 1 WHERE account = 'fee_deferred:' || "
        "(SELECT booking_id FROM payments WHERE id = ?) AND amount < 0 AND entry_seq = "
        "(SELECT seq FROM ledger_entries WHERE key = 'payment_succeeded:' || ?)",
        books.ahead,
        books.ahead,
    )
    entry = f"entry payment_succeeded:{books.ahead}"
    assert f"I1  {entry}: sums to 1 usd, not to zero" in found
    assert any(each.startswith(f"I2  {entry}: position") for each in found)
    assert "I2  all accounts: sum to 1 usd, not to zero" in found


def test_two_lines_changed_so_that_they_still_balance_are_found(books: Books) -> None:
    with sqlite3.connect(books.path) as connection:
        connection.execute(
            "UPDATE ledger_lines SET amount = amount + 1 WHERE account = 'fee' AND entry_seq = "
            "(SELECT seq FROM ledger_entries WHERE key = 'lesson_ended:' || ?)",
            (books.paid_out,),
        )
    found = books.damage(
        "UPDATE ledger_lines SET amount = amount - 1 WHERE account LIKE 'fee_deferred:%' AND "
        "entry_seq = (SELECT seq FROM ledger_entries WHERE key = 'lesson_ended:' || ?)",
        books.paid_out,
    )
    assert any(
        each.startswith(f"I2  entry lesson_ended:{books.paid_out}: position") for each in found
    )


def test_a_removed_entry_is_found(books: Books) -> None:
    with sqlite3.connect(books.path) as connection:
        connection.execute(
            "DELETE FROM ledger_lines WHERE entry_seq = "
            "(SELECT seq FROM ledger_entries WHERE key = 'payment_succeeded:' || ?)",
            (books.ahead,),
        )
    found = books.damage(
        "DELETE FROM ledger_entries WHERE key = 'payment_succeeded:' || ?", books.ahead
    )
    assert any("of the hash chain" in each and "1 missing" in each for each in found)
    assert (
        f"I4  {books.ahead}: is succeeded, but payment_succeeded:{books.ahead} is not booked"
        in found
    )


def test_an_altered_seal_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE ledger_entries SET seal = replace(seal, substr(seal, 1, 8), 'deadbeef') "
        "WHERE position = 3"
    )
    assert any("position 3 of the hash chain: the seal does not fit" in each for each in found)


def test_a_changed_instant_of_an_entry_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE ledger_entries SET at = replace(at, '2026-', '2025-') WHERE position = 2"
    )
    assert len(found) == 1
    assert "position 2 of the hash chain" in found[0]


def test_entries_that_changed_places_are_found(books: Books) -> None:
    with sqlite3.connect(books.path) as connection:
        connection.execute("UPDATE ledger_entries SET position = -2 WHERE position = 2")
        connection.execute("UPDATE ledger_entries SET position = 2 WHERE position = 3")
    found = books.damage("UPDATE ledger_entries SET position = 3 WHERE position = -2")
    assert any("position 2 of the hash chain" in each for each in found)


def test_a_doubled_refund_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE refunds SET amount = amount * 2, promotion = promotion - amount "
        "WHERE payment_id = ?",
        books.refunded,
    )
    assert any("books 3000" in each and each.startswith("I5") for each in found)
    assert any(each.startswith(f"I5  {books.refunded}: refunded is 3000") for each in found)


def test_a_refund_that_was_copied_is_found(books: Books) -> None:
    with sqlite3.connect(books.path) as connection:
        cursor = connection.execute("SELECT * FROM refunds WHERE payment_id = ?", (books.refunded,))
        names = [column[0] for column in cursor.description]
        row = dict(zip(names, cursor.fetchone(), strict=True)) | {
            "id": "re_copied",
            "gateway_id": "re_other",
        }
    marks = ", ".join("?" * len(names))
    found = books.damage(f"INSERT INTO refunds VALUES ({marks})", *(row[name] for name in names))
    assert "I5  re_copied: is succeeded, but refund_reserved:re_copied is not booked" in found
    assert any(
        each.startswith(f"I5  {books.refunded}: the gateway gave back 3000") for each in found
    )


def test_a_changed_balance_is_found(books: Books) -> None:
    found = books.damage("UPDATE teacher_balances SET receivable = receivable - 100")
    teacher = books.town.teacher.user_id
    assert any(each.startswith(f"I2  receivable:{teacher}: holds") for each in found)
    assert any(each.startswith(f"I6  statement of {teacher} usd") for each in found)


def test_a_changed_sum_of_what_was_paid_is_found(books: Books) -> None:
    found = books.damage("UPDATE teacher_balances SET paid = paid + 1")
    assert len(found) == 1
    assert "paid; its payouts come to" in found[0]


def test_a_lost_statement_line_is_found(books: Books) -> None:
    teacher = books.town.teacher.user_id
    found = books.damage("DELETE FROM earning_lines WHERE payment_id = ?", books.ahead)
    assert len(found) == 2
    assert f"I6  {books.ahead}: {teacher} has 8500 usd of it; their statement says 0" in found
    assert any("its lines of lessons ahead come to" in each for each in found)


def test_a_line_that_left_its_payout_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE earning_lines SET payout_id = NULL WHERE payment_id = ?", books.paid_out
    )
    assert any(each.startswith("I6  po_") and "its lines come to" in each for each in found)


def test_a_changed_payout_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE payouts SET amount = amount + 5 WHERE id = (SELECT min(id) FROM payouts)"
    )
    assert any(each.startswith("I6  po_") and "the gateway says" in each for each in found)


def test_a_payment_that_claims_to_have_failed_is_found(books: Books) -> None:
    found = books.damage("UPDATE payments SET status = 'failed' WHERE id = ?", books.ahead)
    assert any(f"payment_succeeded:{books.ahead} is booked" in each for each in found)


def test_more_captured_than_the_gateway_says_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE payments SET amount = 10100, list_amount = 10100, captured = 10100 WHERE id = ?",
        books.ahead,
    )
    assert f"I4  {books.ahead}: captured 10100; the gateway says 10000" in found


def test_an_impossible_payment_is_found_and_the_rest_is_still_looked_at(books: Books) -> None:
    found = books.damage("UPDATE payments SET refunded = captured + 1 WHERE id = ?", books.ahead)
    assert any(each.startswith(f"I2  {books.ahead}: cannot be read: the amounts") for each in found)
    # Those that come after it were read.
    assert not any(books.refunded in each or books.paid_out in each for each in found)
    assert not any(each.startswith("I3  cash") for each in found)


def test_a_booking_that_ended_while_its_money_waits_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE bookings SET status = 'cancelled', outcome = 'cancelled_by_student' "
        "WHERE id = (SELECT booking_id FROM payments WHERE id = ?)",
        books.ahead,
    )
    assert any(f"I9  {books.ahead}: its money still waits" in each for each in found)


def test_a_booking_that_shows_itself_unpaid_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE bookings SET payment_status = 'unpaid' "
        "WHERE id = (SELECT booking_id FROM payments WHERE id = ?)",
        books.ahead,
    )
    assert len(found) == 1
    assert "shows itself unpaid" in found[0]


def test_an_operation_that_is_stuck_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE operations SET state = 'unknown', error = 'it timed out' "
        "WHERE id = (SELECT min(id) FROM operations)"
    )
    assert len(found) == 1
    assert found[0].startswith("I13  op_")
    assert "it timed out" in found[0]


def test_a_webhook_that_nobody_takes_in_is_found(books: Books) -> None:
    found = books.damage(
        "UPDATE deliveries SET state = 'received', next_try_at = received_at "
        "WHERE id = (SELECT min(id) FROM deliveries)"
    )
    assert len(found) == 1
    assert found[0].startswith("I12  inbox: 1 webhooks wait")


def test_cash_that_the_gateway_does_not_hold_is_found() -> None:
    with a_town() as town:
        gateway_id = town.payment(town.pay(town.book())).gateway_id
        controls = town.installation.pieces.controls
        assert controls is not None
        assert gateway_id is not None
        assert town.installation.verification().run().is_clean
        # The gateway's dashboard gave something back, and no webhook told us.
        controls.outside.refund_payment(gateway_id, 500)
        report = town.installation.verification().run()
    assert any(
        str(finding).startswith("I3  cash:gateway") and "-500 unexplained" in finding.detail
        for finding in report.findings
    )


def test_what_the_gateway_did_and_we_do_not_know_yet_is_no_break() -> None:
    with a_town() as town:
        booking = town.book()
        bus = town.installation.bus
        opened = bus.handle(CreatePaymentIntent(booking_id=booking), town.student)
        controls = town.installation.pieces.controls
        gateway_id = town.payment(opened.payment_id).gateway_id
        assert controls is not None
        assert gateway_id is not None
        controls.browser.confirm(gateway_id, "pm_card_visa")
        report = town.installation.verification().run()
    assert report.is_clean
    assert "the gateway moved 9680 usd that our books take in next" in report.notes


def test_money_for_nothing_that_we_know_is_told_and_is_not_wrong() -> None:
    with a_town() as town:
        gateway = town.installation.pieces.gateway
        stranger = gateway.customers.create_customer(
            NewCustomer(operation="op_other", user="usr_other", email="o@example.com", name="O"),
            key="other-customer",
        )
        gateway.payments.create_payment(
            NewPayment(
                operation="op_other",
                amount=5000,
                currency="usd",
                customer=stranger.id,
                description="Somebody else's",
                transfer_group="other",
                metadata={},
                payment_method="pm_card_visa",
            ),
            key="other-payment",
        )
        town.settle()
        report = town.installation.verification().run()
    assert report.findings == ()
    assert "5000 usd is in suspense: nobody knows whose it is" in report.notes


def test_a_refund_made_at_the_gateway_is_taken_in() -> None:
    with a_town() as town:
        payment = town.payment(town.pay(town.book()))
        controls = town.installation.pieces.controls
        assert controls is not None
        assert payment.gateway_id is not None
        controls.outside.refund_payment(payment.gateway_id, 500)
        town.settle()
        report = town.installation.verification().run()
    assert report.findings == ()
    assert report.seen["refunds"] == 1


def test_an_empty_database_is_right() -> None:
    with a_town() as town:
        assert town.installation.verification().run().is_clean


def test_progress_is_told(books: Books) -> None:
    told: list[tuple[str, int, int | None]] = []
    storage = sql_storage(f"sqlite:///{books.path}", CountingIds())
    Verification(
        read=storage.read,
        gateway=books.town.installation.pieces.gateway,
        wall=ManualClock(books.town.clock.now()),
    ).run(lambda what, seen, of: told.append((what, seen, of)))
    storage.close()
    assert ("payments", 5, None) in told
    assert ("bookings", 5, 5) in told


def test_the_database_is_left_as_it_was(books: Books, tmp_path: Path) -> None:
    before = tmp_path / "before.db"
    shutil.copy(books.path, before)
    books.verify()
    with sqlite3.connect(before) as one, sqlite3.connect(books.path) as other:
        assert list(one.iterdump()) == list(other.iterdump())


THE_PAYMENT = "(SELECT booking_id FROM payments WHERE id = ?)"


@pytest.mark.parametrize(
    ("statement", "about", "told"),
    [
        (
            "UPDATE refunds SET status = 'failed' WHERE payment_id = ?",
            "refunded",
            "is failed, but refund_returned:",
        ),
        (
            "UPDATE refunds SET has_succeeded = 0, status = 'pending' WHERE payment_id = ?",
            "refunded",
            "is pending, but refund_confirmed:",
        ),
        (
            "UPDATE refunds SET is_owed = 1 WHERE payment_id = ?",
            "refunded",
            "so much came back of their refunds",
        ),
        (
            "UPDATE refunds SET payment_id = 'pay_gone' WHERE payment_id = ?",
            "refunded",
            "is of pay_gone, which was never captured",
        ),
        (
            f"UPDATE bookings SET status = 'confirmed', outcome = NULL WHERE id = {THE_PAYMENT}",
            "paid_out",
            "is earned, but bk_",
        ),
        (
            f"UPDATE bookings SET outcome = NULL WHERE id = {THE_PAYMENT}",
            "paid_out",
            "is completed with the outcome None",
        ),
        (f"DELETE FROM bookings WHERE id = {THE_PAYMENT}", "ahead", "which does not exist"),
        (
            "UPDATE payments SET status = 'refunded' WHERE id = ?",
            "ahead",
            "is refunded with 0 of 10000 refunded",
        ),
        (
            "UPDATE payments SET stage = 'unfunded' WHERE id = ?",
            "ahead",
            "with 10000 captured and its money unfunded",
        ),
        (
            "UPDATE payments SET gateway_fee_booked = 0 WHERE id = ?",
            "ahead",
            "holds 0 usd, not 10000: the charge of",
        ),
        (
            "UPDATE payments SET gateway_id = 'pi_unknown' WHERE id = ?",
            "ahead",
            "the gateway has no pi_unknown",
        ),
        (
            "UPDATE payments SET charge_id = 'ch_other' WHERE id = ?",
            "ahead",
            "captured 10000 usd, but payment_succeeded:",
        ),
        (
            (
                "UPDATE payouts SET status = 'failed' WHERE id = "
                "(SELECT payout_id FROM earning_lines WHERE payment_id = ?)"
            ),
            "paid_out",
            "is failed, but payout_done:",
        ),
        (
            (
                "UPDATE payouts SET gateway_id = 'tr_unknown' WHERE id = "
                "(SELECT payout_id FROM earning_lines WHERE payment_id = ?)"
            ),
            "paid_out",
            "the gateway does not tell of tr_unknown",
        ),
        (
            (
                "UPDATE ledger_lines SET account = 'held:nobody' WHERE account LIKE 'pending:%' "
                "AND entry_seq = "
                "(SELECT seq FROM ledger_entries WHERE key = 'payment_succeeded:' || ?)"
            ),
            "ahead",
            "held:nobody: holds -8500 usd, and nothing open accounts for it",
        ),
        (
            (
                "UPDATE ledger_lines SET account = 'clearing:ch_lost' "
                "WHERE account LIKE 'pending:%' AND entry_seq = "
                "(SELECT seq FROM ledger_entries WHERE key = 'payment_succeeded:' || ?)"
            ),
            "ahead",
            "clearing:ch_lost: holds -8500 usd, which such an account never does",
        ),
        (
            (
                "UPDATE ledger_entries SET position = NULL, seal = NULL "
                "WHERE key = 'payment_succeeded:' || ?"
            ),
            "paid_out",
            "of the hash chain, after",
        ),
        (
            (
                "DELETE FROM teacher_balances WHERE teacher_id = "
                "(SELECT teacher_id FROM payment_teachers WHERE payment_id = ?)"
            ),
            "paid_out",
            "has no balance, but",
        ),
    ],
)
def test_each_of_these_damages_is_found(
    books: Books, statement: str, about: str, told: str
) -> None:
    found = books.damage(statement, getattr(books, about))
    assert any(told in each for each in found), found


# --- What is under way is no damage ---------------------------------------------------------------


def _outside(town: Town) -> GatewayControls:
    controls = town.installation.pieces.controls
    assert controls is not None
    return controls


def test_a_refund_that_the_bank_keeps_pending_is_no_break() -> None:
    with a_town() as town:
        payment = town.pay(town.book())
        _outside(town).faults.add_fault(Fault(method="create_refund", kind=FaultKind.REFUND_PENDS))
        refund = RefundPayment(payment_id=payment, amount="30.00", reason="A favour.")
        town.installation.bus.handle(refund, town.admin)
        report = town.installation.verification().run()
    assert report.findings == ()
    assert "the gateway moved -3000 usd that our books take in next" in report.notes


@pytest.mark.parametrize("kind", [FaultKind.LOST_REQUEST, FaultKind.LOST_ANSWER])
def test_a_refund_whose_outcome_is_not_known_is_no_break(kind: FaultKind) -> None:
    with a_town() as town:
        payment = town.pay(town.book())
        faults = _outside(town).faults
        for method in ("create_refund", "find_refund"):
            faults.add_fault(Fault(method=method, kind=kind, times=None))
        refund = RefundPayment(payment_id=payment, amount="30.00", reason="A favour.")
        town.installation.bus.handle(refund, town.admin)
        faults.clear_faults()
        report = town.installation.verification().run()
    assert report.findings == ()
    assert "1 effects on the gateway are under way" in report.notes


@pytest.mark.parametrize("kind", [FaultKind.LOST_REQUEST, FaultKind.LOST_ANSWER])
def test_a_charge_whose_outcome_is_not_known_is_no_break(kind: FaultKind) -> None:
    """Found by the simulator: the gateway had taken the money, and only the operation knew."""
    with a_town() as town:
        booking = town.book()
        faults = _outside(town).faults
        for method in ("create_payment", "find_payment"):
            faults.add_fault(Fault(method=method, kind=kind, times=None))
        charge = ProcessPayment(booking_id=booking, payment_method_id="pm_card_visa")
        town.installation.bus.handle(charge, town.student)
        faults.clear_faults()
        report = town.installation.verification().run()
    assert report.findings == ()
    assert any("on the gateway are under way" in note for note in report.notes)


@pytest.mark.parametrize("kind", [FaultKind.LOST_REQUEST, FaultKind.LOST_ANSWER])
def test_a_transfer_whose_outcome_is_not_known_is_no_break(kind: FaultKind) -> None:
    with a_town() as town:
        town.pay(town.book())
        faults = _outside(town).faults
        for method in ("create_transfer", "find_transfer"):
            faults.add_fault(Fault(method=method, kind=kind, times=None))
        town.pass_time(days=5, hours=1, minutes=30)
        faults.clear_faults()
        report = town.installation.verification().run()
    assert report.findings == ()
    assert report.seen["payouts"] == 1


def test_a_refund_that_came_back_is_owed_and_no_break() -> None:
    with a_town() as town:
        payment = town.pay(town.book())
        bus = town.installation.bus
        refund = bus.handle(RefundPayment(payment_id=payment, reason="A favour."), town.admin)
        made = town.installation.pieces.storage.read(lambda views: views.refunds.find(refund))
        assert made is not None
        assert made.gateway_id is not None
        _outside(town).outside.fail_refund(made.gateway_id, "expired_or_canceled_card")
        town.settle()
        report = town.installation.verification().run()
    assert report.findings == ()


def test_a_late_payment_that_cannot_go_back_waits_in_suspense_and_is_no_break() -> None:
    with a_town() as town:
        bus, controls = town.installation.bus, _outside(town)
        booking = town.book()
        opened = bus.handle(CreatePaymentIntent(booking_id=booking), town.student)
        gateway_id = town.payment(opened.payment_id).gateway_id
        assert gateway_id is not None
        # The cancellation does not reach the gateway before the payer does.
        for method in ("cancel_payment", "payment"):
            fault = Fault(method=method, kind=FaultKind.LOST_REQUEST, times=None)
            controls.faults.add_fault(fault)
        bus.handle(CancelBooking(booking_id=booking, reason="A cold."), town.student)
        controls.browser.confirm(gateway_id, "pm_card_visa")
        controls.faults.clear_faults()
        controls.faults.add_fault(Fault(method="create_refund", kind=FaultKind.REFUND_FAILS))
        town.clock.sleep(600)
        town.settle()
        town.settle()
        report = town.installation.verification().run()
        assert town.payment(opened.payment_id).stage is Stage.SUSPENSE
    assert report.findings == ()


def test_a_gateway_that_does_not_answer_is_told() -> None:
    with a_town() as town:
        town.pay(town.book())
        for method in ("balances", "payment"):
            fault = Fault(method=method, kind=FaultKind.LOST_REQUEST, times=None)
            _outside(town).faults.add_fault(fault)
        report = town.installation.verification().run()
    told = [finding.detail for finding in report.findings]
    assert len(told) == 2
    assert all("the gateway could not be asked" in each for each in told)
