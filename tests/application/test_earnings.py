"""What teachers earn: when it becomes available, and what the statement says."""

from datetime import timedelta
from typing import Any

import pytest

from application.commands import Command
from application.earnings import (
    GetEarnings,
    ListEarningLines,
)
from application.ports.storage import PageRequest
from application.ports.test_mode import FaultKind
from domain.earnings import EarningKind, EarningState
from domain.errors import Forbidden, InvalidField, NotFound
from tests.application.statements import (
    HOLD,
    SHARE,
    earnings,
    end_of,
    lines,
    minors,
    release,
    states,
)
from tests.builders import after
from tests.market import Market, the_id

# --- Becoming available --------------------------------------------------------------------------


def test_nothing_was_earned_before_anything_was_paid() -> None:
    market = Market()

    assert market.do(GetEarnings(), market.teacher()) == ()


def test_a_paid_lesson_ahead_is_pending() -> None:
    market = Market()
    lesson = market.paid_lesson()

    assert minors(earnings(market, lesson.teacher)) == {"pending": SHARE}
    assert states(market, lesson.teacher) == [EarningState.PENDING]
    assert lines(market, lesson.teacher)[0].line.available_at is None


def test_a_completed_lesson_stays_pending_until_its_hold_is_over() -> None:
    market = Market()
    lesson = market.paid_lesson()
    market.complete(lesson.teacher, lesson.booking)

    market.advance(hours=47)
    assert minors(earnings(market, lesson.teacher)) == {"pending": SHARE}
    market.advance(hours=1)
    assert minors(earnings(market, lesson.teacher)) == {"available": SHARE}
    assert states(market, lesson.teacher) == [EarningState.AVAILABLE]


def test_money_is_available_at_the_end_plus_hold_when_the_funds_are_there() -> None:
    market = Market()
    lesson = market.paid_lesson()
    market.complete(lesson.teacher, lesson.booking)

    (line,) = lines(market, lesson.teacher)
    assert line.line.available_at == end_of(market, lesson) + HOLD


def test_money_waits_for_funds_that_come_after_the_hold() -> None:
    market = Market(settings={"TUITION_PAYOUT_HOLD_HOURS": "0"})
    student, teacher = market.student(), market.teacher()
    booking = market.book(student, market.gig(teacher), starts_at=after(hours=3))
    payment = market.pay(student, booking)
    market.complete(teacher, booking)

    funds = market.payment(payment).funds_available_at
    assert funds is not None
    assert lines(market, teacher)[0].line.available_at == funds
    assert funds > market.booking(booking).period.end


def test_money_waits_for_funds_that_are_settled_only_after_the_lesson() -> None:
    market = Market()
    student, teacher = market.student(), market.teacher()
    booking = market.book(student, market.gig(teacher), starts_at=after(hours=3))
    market.fault("confirm_in_browser", FaultKind.LATE_SETTLEMENT, delay_seconds=3 * 86400)
    payment = market.pay(student, booking)
    market.complete(teacher, booking)
    assert market.payment(payment).funds_available_at is None
    first = lines(market, teacher)[0].line.available_at
    assert first == market.booking(booking).period.end + HOLD

    market.clock.advance(timedelta(hours=12))
    market.advance(days=4)

    funds = market.payment(payment).funds_available_at
    assert funds is not None
    assert lines(market, teacher)[0].line.available_at == max(first, funds)


def test_a_late_cancellation_becomes_available_at_the_scheduled_end_plus_hold() -> None:
    market = Market()
    lesson = market.paid_lesson()
    market.advance(hours=30)

    market.cancel(lesson.student, lesson.booking)

    kept = [line for line in lines(market, lesson.teacher) if line.line.kind is EarningKind.LESSON]
    assert kept[0].line.available_at == end_of(market, lesson) + HOLD
    assert minors(earnings(market, lesson.teacher)) == {"pending": 3188}
    market.advance(days=5)
    assert minors(earnings(market, lesson.teacher)) == {"available": 3188}


def test_a_refund_before_the_lesson_lowers_what_is_pending() -> None:
    market = Market()
    lesson = market.paid_lesson()

    market.refund(market.admin(), lesson.payment, "25.00")

    assert minors(earnings(market, lesson.teacher)) == {"pending": 4250}
    kinds = [line.line.kind for line in lines(market, lesson.teacher)]
    assert kinds == [EarningKind.LESSON, EarningKind.REFUND]


# --- The statement -------------------------------------------------------------------------------


def test_what_stands_where_is_what_the_ledger_says() -> None:
    market = Market()
    lesson = market.paid_lesson()
    release(market, lesson)

    standing = earnings(market, lesson.teacher)

    assert market.books()["payable:tina"] == -(standing.pending + standing.available).minor
    assert market.installation.verification().run().is_clean


def test_lines_that_no_payout_carries_sum_to_what_is_payable() -> None:
    market = Market()
    lesson = market.paid_lesson()
    market.complete(lesson.teacher, lesson.booking)
    market.refund(market.admin(), lesson.payment, "25.00")

    total = sum(line.line.amount.minor for line in lines(market, lesson.teacher))

    assert market.books()["payable:tina"] == -total == -4250


def test_several_currencies_are_never_mixed() -> None:
    market = Market()
    student, teacher = market.student(), market.teacher()
    for day, code in enumerate(("usd", "eur"), start=3):
        gig = market.gig(teacher, currency=code)
        booking = market.book(student, gig, starts_at=after(days=day))
        market.pay(student, booking)
    market.advance(days=30)

    standings = market.do(GetEarnings(), teacher)

    assert [(one.currency.code, one.available.minor) for one in standings] == [
        ("eur", SHARE),
        ("usd", SHARE),
    ]
    only = market.do(ListEarningLines(currency="eur"), teacher)
    assert {line.line.amount.currency.code for line in only.items} == {"eur"}


def test_a_statement_is_read_page_by_page_newest_first() -> None:
    market = Market()
    lesson = market.paid_lesson()
    for _ in range(3):
        market.clock.advance(timedelta(minutes=1))
        market.refund(market.admin(f"a{_}"), lesson.payment, "1.00")

    first = market.do(ListEarningLines(page=PageRequest(limit=3)), lesson.teacher)
    rest = market.do(ListEarningLines(page=PageRequest(limit=3, after=first.next)), lesson.teacher)

    assert (len(first.items), len(rest.items), rest.next) == (3, 1, None)
    instants = [line.line.at for line in (*first.items, *rest.items)]
    assert instants == sorted(instants, reverse=True)


def test_staff_name_the_teacher_whose_earnings_they_read() -> None:
    market = Market()
    lesson, admin = market.paid_lesson(), market.admin()
    teacher = the_id(lesson.teacher)

    assert market.do(GetEarnings(teacher_id=teacher), admin) == market.do(
        GetEarnings(), lesson.teacher
    )
    assert len(market.do(ListEarningLines(teacher_id=teacher), admin).items) == 1
    with pytest.raises(InvalidField):
        market.do(GetEarnings(), admin)


def test_a_teacher_sees_nobody_elses_earnings() -> None:
    market = Market()
    lesson = market.paid_lesson()
    other = market.teacher("tom")

    commands: tuple[Command[Any], ...] = (
        GetEarnings(teacher_id=the_id(lesson.teacher)),
        ListEarningLines(teacher_id=the_id(lesson.teacher)),
    )
    for command in commands:
        with pytest.raises(NotFound):
            market.do(command, other)
        with pytest.raises(Forbidden):
            market.do(command, lesson.student)


def test_the_earnings_of_who_does_not_teach_are_not_found() -> None:
    market = Market()
    admin, student = market.admin(), market.student()

    with pytest.raises(NotFound):
        market.do(GetEarnings(teacher_id=the_id(student)), admin)
    with pytest.raises(NotFound):
        market.do(ListEarningLines(teacher_id=the_id(student)), admin)
