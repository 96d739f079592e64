"""Payments, refunds, payouts, balances and statements."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from attrs import evolve

from application.ports.storage import Storage, Unit
from domain.errors import StaleWrite
from domain.ids import BookingId, PaymentId, PayoutId, UserId
from domain.money import Money
from domain.payments import PaymentStatus
from tests.builders import (
    EUR,
    JPY,
    NOW,
    TEACHER,
    USD,
    a_balance,
    a_booking,
    a_line,
    a_paid_payment,
    a_payment,
    a_payout,
    a_refund,
    after,
    dollars,
)
from tests.contract.storage.keeping import ids_of, keep, keep_one
from tests.contract.storage.school import OTHER_TEACHER

BOOKING = BookingId("bk_1")
PAYMENT = PaymentId("pay_1")
PAYOUT = PayoutId("po_1")
A_MOMENT = timedelta(microseconds=1)


# --- Payments ---


def test_a_bookings_payments_are_newest_first(school: Storage) -> None:
    keep(
        school,
        a_booking("bk_1"),
        a_booking("bk_2"),
        a_payment("pay_1", PaymentStatus.CANCELED, created_at=NOW),
        a_payment("pay_3", created_at=after(hours=2)),
        a_payment("pay_2", PaymentStatus.CANCELED, created_at=after(hours=1)),
        a_payment("pay_4", booking_id="bk_2", created_at=after(hours=3)),
        a_payment("pay_5", booking_id=None),
    )
    found = school.work(lambda unit: unit.payments.of_booking(BOOKING))
    assert ids_of(found) == ["pay_3", "pay_2", "pay_1"]


def test_payments_of_one_instant_are_in_the_order_of_their_ids(school: Storage) -> None:
    keep(school, a_booking("bk_1"), a_payment("pay_1"), a_payment("pay_2"))
    found = school.work(lambda unit: unit.payments.of_booking(BOOKING))
    assert ids_of(found) == ["pay_2", "pay_1"]


def test_a_bookings_newest_payment_can_be_read(school: Storage) -> None:
    keep(
        school,
        a_booking("bk_1"),
        a_payment("pay_2", created_at=after(hours=1)),
        a_payment("pay_1", PaymentStatus.CANCELED),
    )
    newest = school.read(lambda views: views.due.payment_of_booking(BOOKING))
    assert newest is not None
    assert newest.id == "pay_2"
    assert school.read(lambda views: views.due.payment_of_booking(BookingId("bk_2"))) is None


def test_a_payment_is_found_by_its_gateway_id(school: Storage) -> None:
    saved = keep_one(school, a_payment("pay_1", booking_id=None, gateway_id="pi_1"))
    keep(school, a_payment("pay_2", booking_id=None, gateway_id=None))
    assert school.work(lambda unit: unit.payments.by_gateway_id("pi_1")) == saved
    assert school.work(lambda unit: unit.payments.by_gateway_id("pi_2")) is None


def test_a_gateway_id_is_one_payments(school: Storage) -> None:
    keep(school, a_payment("pay_1", booking_id=None, gateway_id="pi_1"))
    with pytest.raises(StaleWrite):
        keep(school, a_payment("pay_2", booking_id=None, gateway_id="pi_1"))


def test_captured_payments_wait_for_the_gateways_fee_oldest_first(school: Storage) -> None:
    keep(
        school,
        a_paid_payment("pay_late", booking_id=None, created_at=after(hours=2)),
        a_paid_payment("pay_early", booking_id=None, created_at=after(hours=1)),
        a_paid_payment("pay_booked", booking_id=None, gateway_fee_booked=True),
        a_payment("pay_open", booking_id=None),
    )
    waiting = school.work(lambda unit: unit.payments.awaiting_gateway_fee(10))
    assert waiting == ("pay_early", "pay_late")
    assert school.work(lambda unit: unit.payments.awaiting_gateway_fee(1)) == ("pay_early",)


def test_payments_that_wait_for_their_fee_come_page_by_page(school: Storage) -> None:
    keep(
        school,
        a_paid_payment("pay_2", booking_id=None, created_at=after(hours=1)),
        a_paid_payment("pay_1", booking_id=None, created_at=after(hours=2)),
        a_paid_payment("pay_4", booking_id=None, created_at=after(hours=1)),
        a_paid_payment("pay_3", booking_id=None, created_at=after(hours=2)),
    )
    pages = [awaiting(school, 3), awaiting(school, 3, "pay_1"), awaiting(school, 3, "pay_3")]
    assert pages == [("pay_2", "pay_4", "pay_1"), ("pay_3",), ()]


def test_the_next_page_is_found_after_a_payment_that_waits_no_more(school: Storage) -> None:
    first = keep_one(school, a_paid_payment("pay_1", booking_id=None))
    keep(school, a_paid_payment("pay_2", booking_id=None))

    def decide(unit: Unit) -> tuple[PaymentId, ...]:
        unit.payments.save(first.settled_by_gateway(available_at=after(days=2)))
        return unit.payments.awaiting_gateway_fee(3, PAYMENT)

    assert school.work(decide) == ("pay_2",)
    assert awaiting(school, 3, "pay_1") == ("pay_2",)


def awaiting(storage: Storage, limit: int, passed: str | None = None) -> tuple[PaymentId, ...]:
    passed_id = None if passed is None else PaymentId(passed)
    return storage.work(lambda unit: unit.payments.awaiting_gateway_fee(limit, passed_id))


def test_a_refunded_payment_waits_for_the_gateways_fee_too(school: Storage) -> None:
    keep(
        school,
        a_payment("pay_1", PaymentStatus.REFUNDED, booking_id=None, refunded=dollars(10_000)),
    )
    assert school.work(lambda unit: unit.payments.awaiting_gateway_fee(10)) == ("pay_1",)


def test_a_payment_whose_fee_was_booked_waits_no_more(school: Storage) -> None:
    saved = keep_one(school, a_paid_payment("pay_1", booking_id=None))
    keep(school, saved.settled_by_gateway(available_at=after(days=2)))
    assert school.work(lambda unit: unit.payments.awaiting_gateway_fee(10)) == ()


# --- Refunds ---


def test_a_payments_refunds_are_oldest_first(school: Storage) -> None:
    keep(
        school,
        a_paid_payment("pay_1", booking_id=None),
        a_paid_payment("pay_2", booking_id=None),
        a_refund("re_2", booking_id=None, created_at=after(hours=1)),
        a_refund("re_3", booking_id=None, created_at=after(hours=1)),
        a_refund("re_1", booking_id=None, created_at=after(hours=2)),
        a_refund("re_4", booking_id=None, payment_id="pay_2"),
    )
    found = school.work(lambda unit: unit.refunds.of_payment(PAYMENT))
    assert ids_of(found) == ["re_2", "re_3", "re_1"]


def test_a_refund_is_found_by_its_gateway_id(school: Storage) -> None:
    keep(school, a_paid_payment("pay_1", booking_id=None))
    saved = keep_one(school, a_refund("re_1", booking_id=None, gateway_id="re_gw"))
    keep(school, a_refund("re_2", booking_id=None))
    assert school.work(lambda unit: unit.refunds.by_gateway_id("re_gw")) == saved
    assert school.work(lambda unit: unit.refunds.by_gateway_id("re_1")) is None


def test_a_gateway_id_is_one_refunds(school: Storage) -> None:
    keep(school, a_paid_payment("pay_1", booking_id=None))
    keep(school, a_refund("re_1", booking_id=None, gateway_id="re_gw"))
    with pytest.raises(StaleWrite):
        keep(school, a_refund("re_2", booking_id=None, gateway_id="re_gw"))


# --- Balances ---


def test_a_balance_that_is_not_there_is_empty(school: Storage) -> None:
    balance = school.work(lambda unit: unit.balances.get(TEACHER, USD))
    assert balance == a_balance(TEACHER, USD)
    assert balance.version == 0


def test_a_balance_is_kept_with_every_field(school: Storage) -> None:
    fresh = a_balance(TEACHER, payable=1, held=2, in_flight=3, paid=4, last_payout_at=NOW)
    saved = keep_one(school, fresh)
    assert saved == evolve(fresh, version=1)
    assert school.work(lambda unit: unit.balances.get(TEACHER, USD)) == saved


def test_a_balance_is_changed(school: Storage) -> None:
    saved = keep_one(school, a_balance(TEACHER, payable=1))
    keep(school, evolve(saved, payable=dollars(0), receivable=dollars(7)))
    expected = a_balance(TEACHER, receivable=7, version=2)
    assert school.work(lambda unit: unit.balances.get(TEACHER, USD)) == expected


def test_a_balance_is_a_teachers_in_one_currency(school: Storage) -> None:
    keep(school, a_balance(TEACHER, USD, payable=1), a_balance(OTHER_TEACHER, EUR, payable=2))
    assert school.work(lambda unit: unit.balances.get(TEACHER, EUR)).version == 0
    assert school.work(lambda unit: unit.balances.get(OTHER_TEACHER, USD)).version == 0


def test_to_save_a_balance_that_another_has_changed_is_stale(school: Storage) -> None:
    first = keep_one(school, a_balance(TEACHER, payable=1))
    keep(school, evolve(first, payable=dollars(2)))
    with pytest.raises(StaleWrite):
        keep(school, evolve(first, payable=dollars(3)))
    with pytest.raises(StaleWrite):
        keep(school, a_balance(TEACHER, payable=4))


def test_a_teachers_balances_are_by_currency_code(school: Storage) -> None:
    keep(
        school,
        a_balance(TEACHER, USD),
        a_balance(TEACHER, JPY),
        a_balance(TEACHER, EUR),
        a_balance(OTHER_TEACHER, USD),
    )
    balances = school.work(lambda unit: unit.balances.of_teacher(TEACHER))
    assert [balance.currency.code for balance in balances] == ["eur", "jpy", "usd"]
    assert school.read(lambda views: views.people.balances(TEACHER)) == balances


# --- Statements ---


@pytest.fixture
def statement(school: Storage) -> Storage:
    """Lend a storage with a payment, a payout, and the lines of a statement."""
    about_nothing = {"booking_id": None, "payment_id": None}
    keep(
        school,
        a_paid_payment("pay_1", booking_id=None),
        a_payout("po_1"),
        a_line("ern_3", at=after(hours=3), booking_id=None),
        a_line("ern_1", at=after(hours=1), booking_id=None),
        a_line("ern_2", at=after(hours=1), amount=dollars(-500), **about_nothing),
        a_line("ern_5", at=after(hours=5), payout_id="po_1", booking_id=None),
        a_line("ern_4", at=after(hours=4), payout_id="po_1", **about_nothing),
        a_line("ern_6", amount=Money(10, EUR), **about_nothing),
        a_line("ern_7", teacher_id=OTHER_TEACHER, **about_nothing),
    )
    return school


def test_a_payments_lines_are_oldest_first(statement: Storage) -> None:
    lines = statement.work(lambda unit: unit.earnings.of_payment(PAYMENT))
    assert ids_of(lines) == ["ern_1", "ern_3", "ern_5"]


def test_lines_without_a_payout_are_oldest_first(statement: Storage) -> None:
    lines = statement.work(lambda unit: unit.earnings.unpaid(TEACHER, USD))
    assert ids_of(lines) == ["ern_1", "ern_2", "ern_3"]
    assert statement.read(lambda views: views.people.unpaid_lines(TEACHER, USD)) == lines


def test_a_payouts_lines_are_oldest_first(statement: Storage) -> None:
    lines = statement.work(lambda unit: unit.earnings.of_payout(PAYOUT))
    assert ids_of(lines) == ["ern_4", "ern_5"]
    assert statement.read(lambda views: views.due.lines_of_payout(PAYOUT)) == lines


def test_lines_are_kept_with_every_field(school: Storage) -> None:
    line = a_line("ern_1", booking_id=None, payment_id=None, amount=dollars(-1), reason="why")
    keep(school, line)
    kept = school.work(lambda unit: unit.earnings.unpaid(TEACHER, USD))
    assert kept == (evolve(line, version=1),)


def test_lines_are_saved_together_new_and_changed(statement: Storage) -> None:
    first, *_ = statement.work(lambda unit: unit.earnings.unpaid(TEACHER, USD))
    carried = evolve(first, payout_id=PAYOUT)
    fresh = a_line("ern_8", at=after(hours=8), booking_id=None)
    statement.work(lambda unit: unit.earnings.save_all([carried, fresh]))
    left = statement.work(lambda unit: unit.earnings.unpaid(TEACHER, USD))
    assert ids_of(left) == ["ern_2", "ern_3", "ern_8"]
    assert [line.version for line in left] == [1, 1, 1]
    paid = statement.work(lambda unit: unit.earnings.of_payout(PAYOUT))
    assert paid[0] == evolve(carried, version=2)


def test_to_save_a_line_that_another_has_changed_is_stale(statement: Storage) -> None:
    first, second, *_ = statement.work(lambda unit: unit.earnings.unpaid(TEACHER, USD))
    keep(statement, evolve(first, payout_id=PAYOUT))
    with pytest.raises(StaleWrite):
        statement.work(lambda unit: unit.earnings.save_all([second, first]))
    with pytest.raises(StaleWrite):
        keep(statement, a_line("ern_1", booking_id=None))


def test_to_save_no_lines_does_nothing(statement: Storage) -> None:
    statement.work(lambda unit: unit.earnings.save_all([]))


def test_teachers_and_currencies_with_available_lines_are_ready(school: Storage) -> None:
    about_nothing = {"booking_id": None, "payment_id": None}
    keep(
        school,
        a_payout("po_1"),
        a_line("ern_1", available_at=NOW, **about_nothing),
        a_line("ern_2", available_at=NOW - A_MOMENT, **about_nothing),
        a_line("ern_3", available_at=NOW, amount=Money(5, EUR), **about_nothing),
        a_line("ern_4", available_at=None, amount=Money(5, JPY), **about_nothing),
        a_line("ern_5", available_at=after(hours=1), teacher_id=OTHER_TEACHER, **about_nothing),
        a_line(
            "ern_6",
            available_at=NOW,
            amount=Money(5, EUR),
            teacher_id=OTHER_TEACHER,
            payout_id="po_1",
            **about_nothing,
        ),
    )
    assert ready(school, NOW) == [(TEACHER, "eur"), (TEACHER, "usd")]
    assert ready(school, NOW - 2 * A_MOMENT) == []
    assert len(ready(school, after(hours=1))) == 3


def ready(
    storage: Storage, at: datetime, limit: int = 10, passed: tuple[UserId, str] | None = None
) -> list[tuple[UserId, str]]:
    found = storage.work(lambda unit: unit.earnings.ready(at, limit, passed))
    return [(teacher, of.code) for teacher, of in found]


def test_who_is_ready_comes_page_by_page_by_teacher_and_currency(school: Storage) -> None:
    keep(
        school,
        *(
            a_line(
                f"ern_{n}", amount=Money(5, of), teacher_id=who, booking_id=None, payment_id=None
            )
            for n, (who, of) in enumerate(product((TEACHER, OTHER_TEACHER), (USD, EUR)))
        ),
    )
    first = ready(school, NOW, limit=2)
    second = ready(school, NOW, limit=2, passed=first[-1])
    assert first == [(OTHER_TEACHER, "eur"), (OTHER_TEACHER, "usd")]
    assert second == [(TEACHER, "eur"), (TEACHER, "usd")]
    assert ready(school, NOW, limit=2, passed=second[-1]) == []
    assert ready(school, NOW, limit=1, passed=first[0]) == [first[1]]


# --- Payouts ---


def test_a_payout_is_found_by_its_transfer(school: Storage) -> None:
    saved = keep_one(school, a_payout("po_1", gateway_id="tr_1"))
    keep(school, a_payout("po_2"))
    assert school.work(lambda unit: unit.payouts.by_gateway_id("tr_1")) == saved
    assert school.work(lambda unit: unit.payouts.by_gateway_id("tr_2")) is None


def test_a_transfer_is_one_payouts(school: Storage) -> None:
    keep(school, a_payout("po_1", gateway_id="tr_1"))
    with pytest.raises(StaleWrite):
        keep(school, a_payout("po_2", gateway_id="tr_1"))
