"""Payouts by the worker: all that is available, once a day."""

from datetime import timedelta
from itertools import pairwise

import pytest

from application.earnings import (
    GetPayout,
    ListEarningLines,
    RequestPayout,
)
from application.effects import EffectKind, GatewayDeclined
from application.ports.gateway import GatewayRefused
from application.upkeep import PayTeachers
from domain.earnings import (
    EarningKind,
    EarningState,
    NothingToPayOut,
    PayoutStatus,
)
from tests.application.effect_scenes import refusing
from tests.application.wages import (
    SHARE,
    available_lesson,
    is_clean,
    line_states,
    payouts,
    standing,
)
from tests.builders import after
from tests.market import Market, the_id

# --- By the worker -------------------------------------------------------------------------------


def test_the_worker_sends_all_that_is_available_with_its_lines() -> None:
    market = Market()
    lesson = available_lesson(market)

    assert market.do(PayTeachers()) == 1

    (payout,) = payouts(market, lesson.teacher)
    assert (payout.amount.minor, payout.status) == (SHARE, PayoutStatus.PAID)
    assert payout.gateway_id is not None
    carried = market.storage.read(lambda views: views.due.lines_of_payout(payout.id))
    assert sum(line.amount.minor for line in carried) == SHARE
    assert line_states(market, lesson.teacher) == [EarningState.PAID]
    assert standing(market, lesson.teacher) == {"paid": SHARE}
    assert is_clean(market)


def test_the_transfer_names_the_payout_and_the_teachers_account() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.do(PayTeachers())

    (payout,) = payouts(market, lesson.teacher)
    (transfer,) = market.world.chronicle.transfers()
    assert (transfer.amount, transfer.currency) == (SHARE, "usd")
    assert transfer.transfer_group == payout.id


def test_a_teacher_is_paid_once_a_day() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.do(PayTeachers())
    other = market.book(lesson.student, lesson.gig)
    market.pay(lesson.student, other)
    market.complete(lesson.teacher, other)
    market.advance(days=6)
    assert len(payouts(market, lesson.teacher)) == 2

    third = market.book(
        lesson.student, lesson.gig, starts_at=market.clock.now() + timedelta(days=1)
    )
    market.pay(lesson.student, third)
    market.advance(days=12)

    made = [payout.created_at for payout in payouts(market, lesson.teacher)]
    assert len(made) == 3
    assert all(later - earlier >= timedelta(days=1) for later, earlier in pairwise(made))


def test_what_becomes_available_after_a_days_payout_is_paid_a_day_after_it() -> None:
    market = Market()
    student, teacher = market.student(), market.teacher(has_account=True)
    gig = market.gig(teacher)
    for hours in (48, 50):
        market.pay(student, market.book(student, gig, starts_at=after(hours=hours)))

    market.advance(days=30)

    second, first = payouts(market, teacher)
    assert second.created_at == first.created_at + timedelta(days=1)
    assert is_clean(market)


def test_a_second_round_on_the_same_day_pays_nothing_more() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.do(PayTeachers())
    transfer = market.world.chronicle.transfers()[0].id
    market.world.controls.outside.reverse_transfer(transfer)
    market.settle()
    assert standing(market, lesson.teacher) == {"available": SHARE}

    assert market.do(PayTeachers()) == 0
    market.clock.advance(timedelta(days=1))
    assert market.do(PayTeachers()) == 1


def test_less_than_the_smallest_payout_waits() -> None:
    market = Market()
    student, teacher = market.student(), market.teacher(has_account=True)
    gig = market.gig(teacher, hourly_rate="10.00")
    booking = market.book(student, gig)
    market.pay(student, booking)
    market.complete(teacher, booking)
    market.advance(days=10)
    assert standing(market, teacher) == {"available": 850}
    with pytest.raises(NothingToPayOut):
        market.do(RequestPayout(), teacher)

    another = market.book(student, gig)
    market.pay(student, another)
    market.complete(teacher, another)
    market.advance(days=10)

    assert standing(market, teacher) == {"paid": 1700}


def test_the_smallest_payout_is_a_setting() -> None:
    market = Market(settings={"TUITION_PAYOUT_MINIMUM": "100.00"})
    lesson = available_lesson(market)

    with pytest.raises(NothingToPayOut):
        market.do(RequestPayout(), lesson.teacher)


def test_the_worker_passes_by_many_who_cannot_be_paid() -> None:
    market = Market()
    student = market.student()
    names = [f"t{number:02}" for number in range(6)]
    teachers = [market.teacher(name) for name in names]
    last = market.teacher("tz", has_account=True)
    for day, teacher in enumerate([*teachers, last], start=2):
        booking = market.book(student, market.gig(teacher), starts_at=after(days=day))
        market.pay(student, booking)
    market.advance(days=15)
    market.settle()
    assert [one.amount.minor for one in payouts(market, last)] == [SHARE]

    market.enable_account(teachers[-1])
    market.clock.advance(timedelta(days=1))
    market.do(PayTeachers(limit=2))

    assert [one.amount.minor for one in payouts(market, teachers[-1])] == [SHARE]
    assert all(payouts(market, teacher) == () for teacher in teachers[:-1])


def test_each_currency_is_paid_by_itself() -> None:
    market = Market()
    student, teacher = market.student(), market.teacher(has_account=True)
    for day, code in enumerate(("usd", "eur"), start=3):
        booking = market.book(
            student, market.gig(teacher, currency=code), starts_at=after(days=day)
        )
        market.pay(student, booking)
    market.advance(days=30)

    made = payouts(market, teacher)

    assert sorted((one.amount.currency.code, one.amount.minor) for one in made) == [
        ("eur", SHARE),
        ("usd", SHARE),
    ]
    assert is_clean(market)


# --- Whole-unit currencies -----------------------------------------------------------------------


def test_a_remainder_below_the_currencys_step_is_carried_over() -> None:
    market = Market(settings={"TUITION_CURRENCIES": "mga"})
    student, teacher = market.student(), market.teacher(has_account=True)
    gig = market.gig(teacher, currency="mga", hourly_rate="101.00")
    for _ in range(2):
        booking = market.book(student, gig)
        market.pay(student, booking)
        market.complete(teacher, booking)
        market.advance(days=10)

    amounts = [one.amount.minor for one in payouts(market, teacher)][::-1]

    assert amounts == [8500, 8600]
    assert standing(market, teacher) == {"available": 70, "paid": 17_100}
    kinds = [line.line.kind for line in market.do(ListEarningLines(), teacher).items]
    assert kinds.count(EarningKind.CARRIED) == 4
    assert is_clean(market)


def test_a_failed_payout_gives_its_remainder_back_too() -> None:
    market = Market(settings={"TUITION_CURRENCIES": "mga"})
    student, teacher = market.student(), market.teacher(has_account=True)
    gig = market.gig(teacher, currency="mga", hourly_rate="101.00")
    booking = market.book(student, gig)
    market.pay(student, booking)
    market.complete(teacher, booking)
    market.settle()
    market.clock.advance(timedelta(days=10))
    handler = refusing(market, RequestPayout, EffectKind.CREATE_TRANSFER, GatewayRefused("No."))

    with pytest.raises(GatewayDeclined):
        handler(RequestPayout(), teacher)

    assert standing(market, teacher) == {"available": 8585}
    assert is_clean(market)


def test_a_payout_by_hand_leaves_no_remainder() -> None:
    market = Market(settings={"TUITION_CURRENCIES": "mga"})
    student, teacher = market.student(), market.teacher()
    booking = market.book(student, market.gig(teacher, currency="mga", hourly_rate="101.00"))
    market.pay(student, booking)
    market.complete(teacher, booking)
    market.advance(days=10)

    id_ = market.do(RequestPayout(teacher_id=the_id(teacher)), market.admin())

    assert market.do(GetPayout(payout_id=id_), teacher).amount.minor == 8585
