"""When something is due next, how everything stands, and streams over everything."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from attrs import evolve

from application.ports.records import DeliveryState, OperationState
from application.ports.storage import Health, Storage, Unit, Views
from domain.bookings import BookingStatus
from domain.earnings import TeacherBalance
from domain.events import BookingRequested
from domain.ids import UserId
from domain.ledger import SUSPENSE, clearing
from domain.money import Currency, Money
from domain.payments import PaymentStatus
from tests.builders import (
    EUR,
    NOW,
    TEACHER,
    USD,
    a_balance,
    a_booking,
    a_delivery,
    a_line,
    a_paid_payment,
    a_payment,
    a_payout,
    a_refund,
    after,
    an_entry,
    an_operation,
)
from tests.contract.storage.keeping import ids_of, keep, keep_one
from tests.contract.storage.school import OTHER_TEACHER

A_MOMENT = timedelta(microseconds=1)


def next_at(storage: Storage, instant: datetime) -> datetime | None:
    return storage.read(lambda views: views.due.next_at(instant))


def health(storage: Storage) -> Health:
    return storage.read(lambda views: views.due.health())


# --- The next instant ---


def test_when_nothing_waits_nothing_is_due_next(school: Storage) -> None:
    assert next_at(school, NOW) is None


def test_a_bookings_deadline_is_due_next(school: Storage) -> None:
    keep(
        school,
        a_booking("bk_1", payment_due_at=after(hours=2)),
        a_booking("bk_2", payment_due_at=after(hours=1)),
        a_booking("bk_3", BookingStatus.DECLINED),
    )
    assert next_at(school, NOW) == after(hours=1)


def test_a_line_that_becomes_available_is_due_next(school: Storage) -> None:
    keep(
        school,
        a_payout("po_1"),
        a_booking("bk_1", payment_due_at=after(hours=3)),
        a_line("ern_1", booking_id=None, payment_id=None, available_at=after(hours=2)),
        a_line("ern_2", booking_id=None, payment_id=None, available_at=None),
        a_line(
            "ern_3",
            booking_id=None,
            payment_id=None,
            available_at=after(hours=1),
            payout_id="po_1",
        ),
    )
    assert next_at(school, NOW) == after(hours=2)


def test_what_is_due_now_or_overdue_is_not_next(school: Storage) -> None:
    keep(
        school,
        a_booking("bk_1", payment_due_at=after(hours=1)),
        a_booking("bk_2", payment_due_at=after(hours=2)),
    )
    assert next_at(school, after(hours=1) - A_MOMENT) == after(hours=1)
    assert next_at(school, after(hours=1)) == after(hours=2)
    assert next_at(school, after(hours=2)) is None


# --- The next daily payout ---

ABOUT_NOTHING = {"booking_id": None, "payment_id": None}


def paid_out(teacher: UserId, last: datetime | None, of: Currency = USD) -> TeacherBalance:
    return a_balance(teacher, of, last_payout_at=last)


def test_the_payout_of_what_is_available_is_due_a_day_after_the_last_one(school: Storage) -> None:
    keep(school, paid_out(TEACHER, after(hours=-2)), a_line("ern_1", **ABOUT_NOTHING))
    assert next_at(school, NOW) == after(hours=22)
    assert next_at(school, after(hours=22) - A_MOMENT) == after(hours=22)
    assert next_at(school, after(hours=22)) is None


def test_no_payout_is_due_of_what_is_not_available(school: Storage) -> None:
    keep(
        school,
        paid_out(TEACHER, after(hours=-2)),
        a_payout("po_1"),
        a_line("ern_1", available_at=None, **ABOUT_NOTHING),
        a_line("ern_2", payout_id="po_1", **ABOUT_NOTHING),
        a_line("ern_3", amount=Money(5, EUR), **ABOUT_NOTHING),
        a_line("ern_4", teacher_id=OTHER_TEACHER, **ABOUT_NOTHING),
    )
    assert next_at(school, NOW) is None


def test_what_becomes_available_is_due_before_its_payout(school: Storage) -> None:
    line = a_line("ern_1", available_at=after(hours=3), **ABOUT_NOTHING)
    keep(school, paid_out(TEACHER, after(hours=-2)), line)
    assert next_at(school, NOW) == after(hours=3)
    assert next_at(school, after(hours=3)) == after(hours=22)


def test_the_earliest_payout_of_all_is_due_next(school: Storage) -> None:
    keep(
        school,
        paid_out(TEACHER, after(hours=-2)),
        paid_out(TEACHER, after(hours=-3), EUR),
        paid_out(OTHER_TEACHER, after(hours=-30)),
        paid_out(OTHER_TEACHER, None, EUR),
        *(
            a_line(f"ern_{n}", amount=Money(5, of), teacher_id=who, **ABOUT_NOTHING)
            for n, (who, of) in enumerate(product((TEACHER, OTHER_TEACHER), (USD, EUR)))
        ),
    )
    assert next_at(school, NOW) == after(hours=21)
    assert next_at(school, after(hours=21)) == after(hours=22)
    assert next_at(school, after(hours=22)) is None


def test_a_unit_sees_the_payout_that_it_makes_due(school: Storage) -> None:
    keep(school, a_line("ern_1", **ABOUT_NOTHING))
    before = keep_one(school, paid_out(TEACHER, after(hours=-20)))

    def decide(unit: Unit) -> datetime | None:
        unit.balances.save(evolve(before, last_payout_at=NOW))
        return unit.views.due.next_at(NOW)

    assert school.work(decide) == after(hours=24)


# --- Health ---


def test_an_empty_storage_is_healthy(storage: Storage) -> None:
    assert health(storage) == Health(
        payments_by_status={},
        open_operations=0,
        oldest_open_operation_at=None,
        waiting_deliveries=0,
        oldest_waiting_delivery_at=None,
        waiting_messages=0,
        suspense_by_currency={},
        unsealed_entries=0,
    )


def test_payments_are_counted_by_status(school: Storage) -> None:
    keep(
        school,
        a_paid_payment("pay_1", booking_id=None),
        a_paid_payment("pay_2", booking_id=None),
        a_payment("pay_3", PaymentStatus.FAILED, booking_id=None),
    )
    assert health(school).payments_by_status == {"succeeded": 2, "failed": 1}


def test_open_operations_are_counted_from_the_oldest_on(storage: Storage) -> None:
    keep(
        storage,
        an_operation("op_1", state=OperationState.DONE, created_at=NOW),
        an_operation("op_2", state=OperationState.UNKNOWN, created_at=after(hours=2)),
        an_operation("op_3", state=OperationState.INTENT, created_at=after(hours=1)),
        an_operation("op_4", state=OperationState.REFUSED, created_at=NOW),
    )
    seen = health(storage)
    assert (seen.open_operations, seen.oldest_open_operation_at) == (2, after(hours=1))


def test_waiting_deliveries_are_counted_from_the_oldest_on(storage: Storage) -> None:
    keep(
        storage,
        a_delivery("evt_1", state=DeliveryState.APPLIED, received_at=NOW),
        a_delivery("evt_2", received_at=after(hours=2)),
        a_delivery("evt_3", received_at=after(hours=1), next_try_at=after(days=9)),
        a_delivery("evt_4", state=DeliveryState.IGNORED, received_at=NOW),
    )
    seen = health(storage)
    assert (seen.waiting_deliveries, seen.oldest_waiting_delivery_at) == (2, after(hours=1))


def test_messages_that_wait_are_counted(school: Storage) -> None:
    requested = BookingRequested(booking="bk_1", at=NOW)
    keep(school, a_booking("bk_1", events=(requested, requested)))
    assert health(school).waiting_messages == 2
    first, _ = school.work(lambda unit: unit.outbox.waiting(2))
    school.work(lambda unit: unit.outbox.done([first.id]))
    assert health(school).waiting_messages == 1


def test_money_in_suspense_is_shown_by_currency(storage: Storage) -> None:
    keep(
        storage,
        an_entry("a:1", 500, debit=clearing("ch_1"), credit=SUSPENSE),
        an_entry("a:2", 90, debit=clearing("ch_2"), credit=SUSPENSE, of=EUR),
        an_entry("a:3", 90, debit=SUSPENSE, credit=clearing("ch_2"), of=EUR),
    )
    assert health(storage).suspense_by_currency == {"usd": -500}


def test_unsealed_entries_are_counted(storage: Storage) -> None:
    keep(storage, an_entry("a:1"), an_entry("a:2"), an_entry("a:3"))
    storage.work(lambda unit: unit.ledger.seal(2))
    assert health(storage).unsealed_entries == 1


# --- Everything ---


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("bookings", [a_booking(f"bk_{n}", BookingStatus.DECLINED) for n in range(9)]),
        ("payments", [a_payment(f"pay_{n}", booking_id=None) for n in range(9)]),
        ("payouts", [a_payout(f"po_{n}") for n in range(9)]),
        ("operations", [an_operation(f"op_{n}") for n in range(9)]),
    ],
)
def test_a_stream_gives_every_value_once(school: Storage, table: str, values: list[object]) -> None:
    keep(school, *values)
    streamed = school.read(lambda views: list(getattr(views.everything, table)()))
    assert sorted(ids_of(streamed)) == ids_of(values)


def test_a_stream_gives_values_as_they_are_now(school: Storage) -> None:
    payment = keep_one(school, a_payment("pay_1", booking_id=None))
    changed = keep_one(school, evolve(payment, receipt_url="https://example.com/r"))
    assert school.read(lambda views: list(views.everything.payments())) == [changed]


def test_a_units_own_streams_give_what_it_has_written(school: Storage) -> None:
    kept = keep_one(school, a_payout("po_1"))
    keep(school, a_payout("po_2"))

    def decide(unit: Unit) -> list[tuple[str, str | None]]:
        unit.payouts.save(evolve(kept, reference="changed"))
        unit.payouts.save(a_payout("po_3"))
        return [(payout.id, payout.reference) for payout in unit.views.everything.payouts()]

    assert sorted(school.work(decide)) == [("po_1", "changed"), ("po_2", None), ("po_3", None)]


def test_refunds_and_balances_are_streamed_too(school: Storage) -> None:
    keep(school, a_paid_payment("pay_1", booking_id=None))
    refund = keep_one(school, a_refund("re_1", booking_id=None))
    balances = [keep_one(school, a_balance(TEACHER, of, payable=7)) for of in (EUR, USD)]

    def query(views: Views) -> tuple[list[object], list[object]]:
        streamed = sorted(views.everything.balances(), key=lambda each: each.currency.code)
        return list(views.everything.refunds()), list(streamed)

    assert school.read(query) == ([refund], balances)


def test_streams_of_an_empty_storage_are_empty(storage: Storage) -> None:
    def query(views: Views) -> list[list[object]]:
        everything = views.everything
        return [
            list(everything.payments()),
            list(everything.refunds()),
            list(everything.payouts()),
            list(everything.balances()),
            list(everything.bookings()),
            list(everything.operations()),
            list(views.books.entries()),
        ]

    assert storage.read(query) == [[]] * 7
