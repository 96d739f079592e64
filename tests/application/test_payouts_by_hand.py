"""Payouts by hand, and transfers that are taken back."""

import pytest

from application.earnings import (
    GetPayout,
    ListEarningLines,
    MarkPayoutPaid,
    RequestPayout,
)
from application.ports.gateway import NewTransfer
from application.ports.records import DeliveryState
from application.ports.storage import AuditFilter, PageRequest
from application.ports.test_mode import FaultKind
from application.upkeep import PayTeachers
from domain.earnings import (
    EarningKind,
    PayoutMethod,
    PayoutStateConflict,
    PayoutStatus,
)
from domain.errors import Forbidden, NotFound
from domain.ids import PayoutId
from tests.application.post import deliver, in_inbox, told
from tests.application.wages import SHARE, available_lesson, is_clean, standing
from tests.market import Market, the_id

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
