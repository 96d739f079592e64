"""Payouts: all that is available, daily by the worker, on demand, or by hand."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from application.commands import Actor, Command
from application.earnings import (
    CreateOnboardingLink,
    GetEarnings,
    GetPayout,
    ListEarningLines,
    ListPayouts,
    MarkPayoutPaid,
    RequestPayout,
)
from application.effects import GatewayDeclined
from application.ports.gateway import GatewayRefused, NewAccount, NewTransfer
from application.ports.records import DeliveryState
from application.ports.storage import AuditFilter, PageRequest, PayoutFilter
from application.ports.test_mode import FaultKind
from application.upkeep import PayTeachers
from domain.earnings import (
    AccountNotReady,
    EarningKind,
    EarningState,
    NothingToPayOut,
    Payout,
    PayoutMethod,
    PayoutStateConflict,
    PayoutStatus,
)
from domain.errors import Forbidden, GatewayUnavailable, InvalidField, NotFound
from domain.ids import PayoutId, UserId
from tests.application.effect_scenes import refusing
from tests.application.interrupted import Fragile
from tests.application.post import deliver, in_inbox, told
from tests.builders import after
from tests.market import Lesson, Market, the_id

SHARE = 6375
"""What Tina gets of 75.00."""

ALL = PayoutFilter()


def available_lesson(market: Market, *, has_account: bool = True) -> Lesson:
    """Let a lesson's money become available while the worker is away."""
    lesson = market.paid_lesson()
    if has_account:
        market.enable_account(lesson.teacher)
    market.complete(lesson.teacher, lesson.booking)
    market.settle()
    market.clock.advance(timedelta(days=10))
    return lesson


def payouts(market: Market, teacher: Actor) -> tuple[Payout, ...]:
    """Return a teacher's payouts, newest first."""
    return market.do(ListPayouts(where=ALL, page=PageRequest()), teacher).items


def standing(market: Market, teacher: Actor) -> dict[str, int]:
    """Return the parts of a teacher's only standing that are not zero, in minor units."""
    (found,) = market.do(GetEarnings(), teacher)
    parts = ("pending", "held", "available", "in_transit", "paid", "debt")
    amounts = {part: getattr(found, part).minor for part in parts}
    return {part: amount for part, amount in amounts.items() if amount}


def line_states(market: Market, teacher: Actor) -> list[EarningState]:
    """Return where each line of a statement stands, oldest first."""
    return [line.state for line in market.do(ListEarningLines(), teacher).items][::-1]


def is_clean(market: Market) -> bool:
    """Tell whether the books prove true."""
    market.settle()
    return market.installation.verification().run().is_clean


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


# --- On demand -----------------------------------------------------------------------------------


def test_a_teacher_asks_for_a_payout() -> None:
    market = Market()
    lesson = available_lesson(market)

    id_ = market.do(RequestPayout(), lesson.teacher)

    payout = market.do(GetPayout(payout_id=id_), lesson.teacher)
    assert (payout.method, payout.status) == (PayoutMethod.STRIPE, PayoutStatus.PAID)
    assert is_clean(market)


def test_what_is_pending_cannot_be_asked_for() -> None:
    market = Market()
    lesson = market.paid_lesson()
    market.enable_account(lesson.teacher)
    market.complete(lesson.teacher, lesson.booking)

    with pytest.raises(NothingToPayOut):
        market.do(RequestPayout(), lesson.teacher)


def test_a_currency_in_which_nothing_was_earned_has_nothing_to_pay_out() -> None:
    market = Market()
    lesson = available_lesson(market)

    with pytest.raises(NothingToPayOut):
        market.do(RequestPayout(currency="eur"), lesson.teacher)
    with pytest.raises(InvalidField):
        market.do(RequestPayout(currency="xxx"), lesson.teacher)


@pytest.mark.parametrize("is_onboarding", [False, True])
def test_an_account_that_is_not_ready_leaves_the_money_available(is_onboarding: bool) -> None:
    market = Market()
    lesson = available_lesson(market, has_account=False)
    if is_onboarding:
        market.do(CreateOnboardingLink(return_url="https://school.test"), lesson.teacher)

    with pytest.raises(AccountNotReady):
        market.do(RequestPayout(), lesson.teacher)
    assert market.do(PayTeachers()) == 0
    assert standing(market, lesson.teacher) == {"available": SHARE}


def test_a_payout_is_asked_for_by_its_teacher_or_staff_alone() -> None:
    market = Market()
    lesson = available_lesson(market)
    other = market.teacher("tom")

    with pytest.raises(Forbidden):
        market.do(RequestPayout(), lesson.student)
    with pytest.raises(NotFound):
        market.do(RequestPayout(teacher_id=the_id(lesson.teacher)), other)
    with pytest.raises(NotFound):
        market.do(RequestPayout(teacher_id=UserId("usr_absent")), market.admin())


def test_a_refused_transfer_makes_the_money_available_again_and_tells_staff() -> None:
    market = Market()
    lesson = available_lesson(market)
    drain(market)

    with pytest.raises(GatewayDeclined):
        market.do(RequestPayout(), lesson.teacher)

    (payout,) = payouts(market, lesson.teacher)
    assert (payout.status, payout.failure_reason) == (PayoutStatus.FAILED, "balance_insufficient")
    assert standing(market, lesson.teacher) == {"available": SHARE}
    assert line_states(market, lesson.teacher) == [EarningState.AVAILABLE]
    market.settle()
    assert "payout_failed" in market.staff.topics
    assert [one.status for one in payouts(market, lesson.teacher)] == [PayoutStatus.FAILED]


def drain(market: Market) -> None:
    """Let the gateway's balance be spent on something else."""
    gateway = market.world.gateway
    account = gateway.accounts.create_account(
        NewAccount(operation="op_elsewhere", teacher="usr_x", email="x@y.test"), key="k1"
    )
    market.world.controls.outside.enable_account(account.id)
    gateway.transfers.create_transfer(
        NewTransfer(
            operation="op_elsewhere",
            account=account.id,
            amount=gateway.books.balances()["usd"],
            currency="usd",
            transfer_group="x",
            metadata={},
        ),
        key="k2",
    )


def test_a_failed_payout_is_tried_again_by_the_worker_the_next_day() -> None:
    market = Market()
    lesson = available_lesson(market)
    handler = refusing(market, RequestPayout, "transfer.create", GatewayRefused("No."))
    with pytest.raises(GatewayDeclined):
        handler(RequestPayout(), lesson.teacher)

    assert market.do(PayTeachers()) == 0
    market.clock.advance(timedelta(days=1))
    assert market.do(PayTeachers()) == 1
    assert standing(market, lesson.teacher) == {"paid": SHARE}
    assert is_clean(market)


def test_a_busy_gateway_leaves_the_money_available() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.fault("create_transfer", FaultKind.RATE_LIMITED, times=3)

    with pytest.raises(GatewayUnavailable):
        market.do(RequestPayout(), lesson.teacher)

    assert standing(market, lesson.teacher) == {"available": SHARE}


def test_a_transfer_whose_outcome_is_unknown_is_in_transit_until_it_is_known() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.fault("create_transfer", FaultKind.ERROR_LATER)

    id_ = market.do(RequestPayout(), lesson.teacher)

    assert market.do(GetPayout(payout_id=id_), lesson.teacher).status is PayoutStatus.IN_TRANSIT
    assert standing(market, lesson.teacher) == {"in_transit": SHARE}
    assert line_states(market, lesson.teacher) == [EarningState.IN_TRANSIT]
    market.clock.advance(timedelta(minutes=2))
    market.wall.advance(timedelta(minutes=2))
    market.settle()
    assert standing(market, lesson.teacher) == {"paid": SHARE}
    assert is_clean(market)


def test_the_transfers_webhook_may_tell_first() -> None:
    fragile = Fragile()
    market = Market(storage=fragile.storage)
    lesson = available_lesson(market)
    with fragile.dying_before_booking("transfer.create"):
        market.do(RequestPayout(), lesson.teacher)

    deliver(market, told(market, "transfer.created")[0])
    assert standing(market, lesson.teacher) == {"paid": SHARE}
    market.wall.advance(timedelta(minutes=2))

    assert is_clean(market)
    assert len(market.world.chronicle.transfers()) == 1


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
    handler = refusing(market, RequestPayout, "transfer.create", GatewayRefused("No."))

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


# --- By hand -------------------------------------------------------------------------------------


def test_staff_pay_by_hand_where_there_is_no_account() -> None:
    market = Market()
    lesson, admin = available_lesson(market, has_account=False), market.admin()
    teacher = the_id(lesson.teacher)

    id_ = market.do(RequestPayout(teacher_id=teacher, reference="planned"), admin)

    payout = market.do(GetPayout(payout_id=id_), admin)
    assert (payout.method, payout.status) == (PayoutMethod.MANUAL, PayoutStatus.PENDING)
    assert standing(market, lesson.teacher) == {"in_transit": SHARE}
    assert market.do(MarkPayoutPaid(payout_id=id_, reference="SEPA 17"), admin) == id_
    paid = market.do(GetPayout(payout_id=id_), admin)
    assert (paid.status, paid.reference) == (PayoutStatus.PAID, "SEPA 17")
    assert market.books()["cash:bank"] == -SHARE
    assert is_clean(market)


def test_staff_send_a_transfer_where_there_is_an_account_and_may_pay_by_hand_all_the_same() -> None:
    for method, expected in ((None, PayoutMethod.STRIPE), (PayoutMethod.MANUAL,) * 2):
        market = Market()
        lesson, admin = available_lesson(market), market.admin()
        id_ = market.do(RequestPayout(teacher_id=the_id(lesson.teacher), method=method), admin)
        assert market.do(GetPayout(payout_id=id_), admin).method is expected


def test_what_staff_pay_is_audited() -> None:
    market = Market()
    lesson, admin = available_lesson(market, has_account=False), market.admin()
    id_ = market.do(RequestPayout(teacher_id=the_id(lesson.teacher)), admin)
    market.do(MarkPayoutPaid(payout_id=id_, reference="SEPA 17"), admin)

    entries = market.storage.read(
        lambda views: views.audit.list(AuditFilter(subject=id_), PageRequest())
    ).items

    assert [entry.action for entry in entries] == ["payout.mark_paid", "payout.create"]
    assert entries[1].after["amount"] == "63.75"


def test_a_teacher_does_not_pay_by_hand() -> None:
    market = Market()
    lesson = available_lesson(market)

    with pytest.raises(Forbidden):
        market.do(RequestPayout(method=PayoutMethod.MANUAL), lesson.teacher)


def test_a_payout_is_marked_paid_once_and_by_staff_alone() -> None:
    market = Market()
    lesson, admin = available_lesson(market, has_account=False), market.admin()
    id_ = market.do(RequestPayout(teacher_id=the_id(lesson.teacher)), admin)
    command = MarkPayoutPaid(payout_id=id_, reference="SEPA 17")

    with pytest.raises(Forbidden):
        market.do(command, lesson.teacher)
    market.do(command, admin)
    with pytest.raises(PayoutStateConflict):
        market.do(command, admin)


def test_a_transfer_is_not_marked_paid_by_hand() -> None:
    market = Market()
    lesson, admin = available_lesson(market), market.admin()
    market.fault("create_transfer", FaultKind.ERROR_LATER)
    id_ = market.do(RequestPayout(), lesson.teacher)

    with pytest.raises(PayoutStateConflict):
        market.do(MarkPayoutPaid(payout_id=id_, reference="SEPA 17"), admin)
    with pytest.raises(NotFound):
        market.do(MarkPayoutPaid(payout_id=PayoutId("po_absent"), reference="x"), admin)


# --- Taken back ----------------------------------------------------------------------------------


def test_a_transfer_that_is_taken_back_is_available_again() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.do(PayTeachers())
    transfer = market.world.chronicle.transfers()[0].id

    market.world.controls.outside.reverse_transfer(transfer, 2000)
    market.settle()
    assert standing(market, lesson.teacher) == {"available": 2000, "paid": SHARE - 2000}
    market.world.controls.outside.reverse_transfer(transfer)
    market.settle()

    assert standing(market, lesson.teacher) == {"available": SHARE}
    kinds = [line.line.kind for line in market.do(ListEarningLines(), lesson.teacher).items]
    assert kinds.count(EarningKind.TRANSFER_REVERSED) == 2
    assert is_clean(market)


def test_a_reversal_that_is_told_twice_and_backwards_is_booked_once() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.do(PayTeachers())
    transfer = market.world.chronicle.transfers()[0].id
    market.world.controls.outside.reverse_transfer(transfer, 2000)
    market.world.controls.outside.reverse_transfer(transfer, 1000)

    for event in (*reversed(told(market, "transfer.reversed")), *told(market, "transfer.created")):
        deliver(market, event)
        deliver(market, event)

    assert standing(market, lesson.teacher) == {"available": 3000, "paid": SHARE - 3000}
    assert is_clean(market)


def test_what_is_taken_back_settles_debt_first() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.do(PayTeachers())
    market.settle()
    market.refund(market.admin(), lesson.payment)
    assert standing(market, lesson.teacher) == {"debt": SHARE, "paid": SHARE}

    market.world.controls.outside.reverse_transfer(market.world.chronicle.transfers()[0].id)
    market.settle()

    assert standing(market, lesson.teacher) == {}
    assert is_clean(market)


def test_a_second_transfer_for_one_payout_is_left_to_a_person() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.do(PayTeachers())
    (first,) = market.world.chronicle.transfers()
    operation = first.metadata["tuition_operation"]
    market.advance(days=1)
    account = market.storage.read(lambda views: views.people.account(the_id(lesson.teacher)))
    assert account is not None
    market.world.gateway.transfers.create_transfer(
        NewTransfer(
            operation=operation,
            account=account.gateway_id or "",
            amount=100,
            currency="usd",
            transfer_group="x",
            metadata={},
        ),
        key="k",
    )
    market.settle()

    event = told(market, "transfer.created")[-1]
    assert in_inbox(market, event).state is DeliveryState.RECEIVED
    assert standing(market, lesson.teacher) == {"paid": SHARE}


# --- Looking -------------------------------------------------------------------------------------


def test_a_teacher_sees_their_own_payouts_and_staff_all() -> None:
    market = Market()
    lesson, admin = available_lesson(market), market.admin()
    other = market.teacher("tom")
    id_ = market.do(RequestPayout(), lesson.teacher)

    assert [one.id for one in payouts(market, lesson.teacher)] == [id_]
    assert [one.id for one in payouts(market, admin)] == [id_]
    assert payouts(market, other) == ()
    with pytest.raises(NotFound):
        market.do(GetPayout(payout_id=id_), other)
    with pytest.raises(NotFound):
        market.do(GetPayout(payout_id=PayoutId("po_absent")), admin)
    looks: tuple[Command[Any], ...] = (
        ListPayouts(where=ALL, page=PageRequest()),
        GetPayout(payout_id=id_),
    )
    for look in looks:
        with pytest.raises(Forbidden):
            market.do(look, lesson.student)


def test_payouts_are_found_by_their_status() -> None:
    market = Market()
    lesson = available_lesson(market)
    market.do(RequestPayout(), lesson.teacher)

    def found(status: str) -> int:
        page = market.do(
            ListPayouts(where=PayoutFilter(status=status), page=PageRequest()), lesson.teacher
        )
        return len(page.items)

    assert (found("paid"), found("failed")) == (1, 0)
