"""The double-entry ledger: the postings of every row of the rules' table."""

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given

from domain import ledger
from domain.earnings import PayoutMethod, Taken
from domain.errors import BrokenInvariant
from domain.ledger import Account, AccountKind, Entry, Line
from domain.money import Money
from domain.payments import Legs, Payment, PaymentStatus, Share, Stage
from domain.refunds import Refund, RefundCause, no_legs
from tests.builders import (
    EUR,
    NOW,
    TEACHER,
    a_paid_payment,
    a_payment,
    a_payout,
    a_refund,
    dollars,
)
from tests.strategies import entries

TINA = "usr_tina"


def taken(*, held: int = 0, payable: int = 0, receivable: int = 0) -> Taken:
    return Taken(held=dollars(held), payable=dollars(payable), receivable=dollars(receivable))


def booked(entry: Entry | None) -> dict[str, int]:
    """Return what an entry does to each account, debit positive."""
    assert entry is not None
    return {account: minor for (account, _), minor in ledger.sum_by_account([entry]).items()}


def key(entry: Entry | None) -> str:
    assert entry is not None
    return entry.key


def shared() -> Payment:
    """Return a payment of 100.00 for a lesson that two teachers share."""
    return a_paid_payment(teachers=(TEACHER, TINA))


def discounted() -> Payment:
    return a_paid_payment(amount=dollars(8_000), list_amount=dollars(10_000), fee=dollars(1_500))


def legs(fee: int = 0, *teachers: int, goodwill: int = 0, suspense: int = 0) -> Legs:
    return Legs(
        fee=dollars(fee),
        teachers=tuple(dollars(part) for part in teachers),
        goodwill=dollars(goodwill),
        suspense=dollars(suspense),
    )


def refund(minor: int, of: Legs, *, promotion: int = 0, **fields: Any) -> Refund:
    return a_refund(amount=dollars(minor), legs=of, promotion=dollars(promotion), **fields)


# --- Payments ------------------------------------------------------------------------------------


def test_a_payment_is_pending_and_its_fee_deferred() -> None:
    assert booked(ledger.payment_succeeded(shared(), NOW)) == {
        "clearing:ch_pay_1": 10_000,
        "pending:bk_1,usr_teacher": -4_250,
        "pending:bk_1,usr_tina": -4_250,
        "fee_deferred:bk_1": -1_500,
    }


def test_a_promotion_of_the_platforms_stands_beside_what_was_paid() -> None:
    assert booked(ledger.payment_succeeded(discounted(), NOW)) == {
        "clearing:ch_pay_1": 8_000,
        "promotion": 2_000,
        "pending:bk_1,usr_teacher": -8_500,
        "fee_deferred:bk_1": -1_500,
    }


def test_a_payment_without_a_booking_is_booked_under_its_own_id() -> None:
    entry = ledger.payment_succeeded(a_paid_payment(booking_id=None), NOW)

    assert "fee_deferred:pay_1" in booked(entry)


def test_a_charge_for_something_settled_lies_in_suspense() -> None:
    entry = ledger.payment_in_suspense(a_paid_payment(), NOW)

    assert booked(entry) == {"clearing:ch_pay_1": 10_000, "suspense": -10_000}
    assert key(entry) == key(ledger.payment_succeeded(a_paid_payment(), NOW))


def test_what_was_captured_without_a_charge_is_a_bug() -> None:
    with pytest.raises(BrokenInvariant):
        ledger.payment_succeeded(a_paid_payment(charge_id=None), NOW)


def test_the_gateways_own_fee_is_read_from_its_balance() -> None:
    entry = ledger.charge_settled("ch_1", dollars(10_000), dollars(320), "charge_settled:t", NOW)

    assert booked(entry) == {"cash:gateway": 9_680, "processing": 320, "clearing:ch_1": -10_000}


def test_a_lesson_that_ended_is_the_teachers_and_the_platforms() -> None:
    parts = {TEACHER: taken(payable=4_250), TINA: taken(payable=1_250, receivable=3_000)}

    assert booked(ledger.lesson_ended(shared(), parts, NOW)) == {
        "pending:bk_1,usr_teacher": 4_250,
        "pending:bk_1,usr_tina": 4_250,
        "fee_deferred:bk_1": 1_500,
        "payable:usr_teacher": -4_250,
        "payable:usr_tina": -1_250,
        "receivable:usr_tina": -3_000,
        "fee": -1_500,
    }


def test_only_what_remains_is_earned() -> None:
    payment = shared()
    reversed_ = evolve(
        payment,
        fee_reversed=dollars(1_500),
        shares=tuple(evolve(share, reversed=share.agreed) for share in payment.shares),
    )

    assert ledger.lesson_ended(reversed_, {}, NOW) is None


# --- Refunds -------------------------------------------------------------------------------------


def test_a_refund_before_the_lesson_ended_comes_out_of_pending() -> None:
    entry = ledger.refund_reserved(shared(), refund(5_000, legs(750, 2_125, 2_125)), {}, NOW)

    assert booked(entry) == {
        "pending:bk_1,usr_teacher": 2_125,
        "pending:bk_1,usr_tina": 2_125,
        "fee_deferred:bk_1": 750,
        "refunding:re_1": -5_000,
    }


def test_a_refund_afterwards_comes_from_teachers_and_the_fee() -> None:
    payment = evolve(shared(), stage=Stage.EARNED)
    debits = {TEACHER: taken(held=125, payable=2_000), TINA: taken(receivable=2_125)}

    entry = ledger.refund_reserved(payment, refund(5_000, legs(750, 2_125, 2_125)), debits, NOW)

    assert booked(entry) == {
        "held:usr_teacher": 125,
        "payable:usr_teacher": 2_000,
        "receivable:usr_tina": 2_125,
        "fee": 750,
        "refunding:re_1": -5_000,
    }


@pytest.mark.parametrize("stage", [Stage.PENDING, Stage.EARNED])
def test_what_is_absorbed_is_goodwill(stage: Stage) -> None:
    payment = a_paid_payment(stage=stage)

    entry = ledger.refund_reserved(payment, refund(5_000, legs(1_500, 0, goodwill=3_500)), {}, NOW)

    fee = "fee" if stage is Stage.EARNED else "fee_deferred:bk_1"
    assert booked(entry) == {fee: 1_500, "goodwill": 3_500, "refunding:re_1": -5_000}


def test_a_promotion_gets_its_part_back() -> None:
    back = refund(4_000, legs(750, 4_250), promotion=1_000)

    assert booked(ledger.refund_reserved(discounted(), back, {}, NOW)) == {
        "pending:bk_1,usr_teacher": 4_250,
        "fee_deferred:bk_1": 750,
        "refunding:re_1": -4_000,
        "promotion": -1_000,
    }


def test_money_in_suspense_goes_back_from_there() -> None:
    payment = a_paid_payment(stage=Stage.SUSPENSE)
    back = refund(10_000, legs(0, 0, suspense=10_000))

    entry = ledger.refund_reserved(payment, back, {}, NOW)

    assert booked(entry) == {"suspense": 10_000, "refunding:re_1": -10_000}


@pytest.mark.parametrize("stage", [Stage.PENDING, Stage.EARNED, Stage.SUSPENSE])
def test_a_refund_that_fails_before_it_succeeded_is_undone(stage: Stage) -> None:
    payment = evolve(discounted(), stage=stage)
    of = legs(0, 0, suspense=4_000) if stage is Stage.SUSPENSE else legs(750, 4_250)
    back = refund(4_000, of, promotion=0 if stage is Stage.SUSPENSE else 1_000)
    is_earned = stage is Stage.EARNED
    parts: dict[str, Taken] = {TEACHER: taken(payable=4_250)} if is_earned else {}

    reserved = ledger.refund_reserved(payment, back, parts, NOW)
    released = ledger.refund_released(payment, back, parts, NOW)

    assert booked(released) == {account: -minor for account, minor in booked(reserved).items()}
    assert key(released) != key(reserved)


def test_a_leg_goes_back_to_where_its_money_lies_now() -> None:
    back = refund(5_000, legs(750, 4_250))
    ended = a_paid_payment(stage=Stage.EARNED)

    released = ledger.refund_released(ended, back, {TEACHER: taken(payable=4_250)}, NOW)

    assert booked(released) == {"refunding:re_1": 5_000, "payable:usr_teacher": -4_250, "fee": -750}


def test_a_confirmed_refund_has_left_the_gateway() -> None:
    entry = ledger.refund_confirmed(a_refund(), NOW)

    assert booked(entry) == {"refunding:re_1": 1_000, "cash:gateway": -1_000}


def test_a_refund_that_a_bank_returned_is_owed() -> None:
    entry = ledger.refund_returned(a_refund(), NOW)

    assert booked(entry) == {"cash:gateway": 1_000, "owed:usr_student": -1_000}


def test_what_is_owed_is_sent_again_or_paid_by_hand() -> None:
    again = a_refund("re_2", cause=RefundCause.OWED, legs=no_legs(dollars(0), 1))

    assert booked(ledger.owed_refund_reserved(again, NOW)) == {
        "owed:usr_student": 1_000,
        "refunding:re_2": -1_000,
    }
    assert booked(ledger.owed_refund_released(again, NOW)) == {
        "owed:usr_student": -1_000,
        "refunding:re_2": 1_000,
    }
    assert booked(ledger.owed_paid_by_hand(a_refund(), NOW)) == {
        "owed:usr_student": 1_000,
        "cash:bank": -1_000,
    }


# --- Payouts -------------------------------------------------------------------------------------


def test_a_transfer_is_in_flight_until_it_is_done() -> None:
    assert booked(ledger.payout_reserved(a_payout(), NOW)) == {
        "payable:usr_teacher": 8_500,
        "in_flight:po_1": -8_500,
    }
    assert booked(ledger.payout_done(a_payout(), NOW)) == {
        "in_flight:po_1": 8_500,
        "cash:gateway": -8_500,
    }


def test_a_payout_by_hand_comes_from_the_bank() -> None:
    entry = ledger.payout_done(a_payout(method=PayoutMethod.MANUAL), NOW)

    assert booked(entry) == {"in_flight:po_1": 8_500, "cash:bank": -8_500}


def test_a_transfer_that_failed_is_the_teachers_again_debt_first() -> None:
    entry = ledger.payout_failed(a_payout(), taken(payable=8_000, receivable=500), NOW)

    assert booked(entry) == {
        "in_flight:po_1": 8_500,
        "payable:usr_teacher": -8_000,
        "receivable:usr_teacher": -500,
    }


def test_each_part_of_a_transfer_that_is_taken_back_is_a_fact_of_its_own() -> None:
    first = a_payout(reversed=dollars(3_000))
    second = a_payout(reversed=dollars(5_000))

    one = ledger.transfer_reversed(first, dollars(3_000), taken(payable=3_000), NOW)
    two = ledger.transfer_reversed(second, dollars(2_000), taken(receivable=2_000), NOW)

    assert booked(one) == {"cash:gateway": 3_000, "payable:usr_teacher": -3_000}
    assert booked(two) == {"cash:gateway": 2_000, "receivable:usr_teacher": -2_000}
    assert key(one) != key(two)


def test_the_gateways_payout_to_the_platforms_bank_and_back() -> None:
    assert booked(ledger.bank_payout("po_g", dollars(500), NOW)) == {
        "cash:bank": 500,
        "cash:gateway": -500,
    }
    assert booked(ledger.bank_payout_failed("po_g", dollars(500), NOW)) == {
        "cash:bank": -500,
        "cash:gateway": 500,
    }


# --- Accounts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", ["", "usr_1", "bk_1,usr_1", "ch:1"])
@pytest.mark.parametrize("kind", AccountKind)
def test_an_account_is_read_as_it_is_written(kind: AccountKind, owner: str) -> None:
    account = Account(kind, owner)

    assert Account.parse(str(account)) == account


@pytest.mark.parametrize("text", ["", "casino", "cash", "cash:casino", "payables:usr_1"])
def test_an_account_of_no_kind_is_not_read(text: str) -> None:
    with pytest.raises(KeyError):
        Account.parse(text)


# --- Entries -------------------------------------------------------------------------------------


def test_an_entry_is_written_line_by_line() -> None:
    entry = ledger.refund_confirmed(a_refund(), NOW)

    assert entry is not None
    assert entry.written == (("refunding:re_1", "usd", 1_000), ("cash:gateway", "usd", -1_000))


def line(minor: int, kind: AccountKind = AccountKind.FEE) -> Line:
    return Line(Account(kind), dollars(minor))


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (line(1),),
        (line(1), line(-2, AccountKind.GOODWILL)),
        (line(0), line(0, AccountKind.GOODWILL)),
        (line(1), Line(Account(AccountKind.GOODWILL), Money(-1, EUR))),
    ],
    ids=["none", "one side", "unequal", "zeros", "two currencies"],
)
def test_an_entry_that_does_not_balance_is_a_bug(lines: tuple[Line, ...]) -> None:
    with pytest.raises(BrokenInvariant):
        Entry(key="x:1", kind="x", lines=lines, at=NOW)


def test_sides_that_are_unequal_are_a_bug() -> None:
    with pytest.raises(BrokenInvariant):
        ledger.entry(
            "x:1", NOW, debit=[(ledger.CASH, dollars(2))], credit=[(ledger.FEE, dollars(1))]
        )


def test_an_entry_of_nothing_is_none() -> None:
    zero = dollars(0)

    assert ledger.entry("x:1", NOW, debit=[(ledger.CASH, zero)], credit=[]) is None


def test_the_kind_of_an_entry_is_the_beginning_of_its_key() -> None:
    entry = ledger.refund_confirmed(a_refund(), NOW)

    assert entry is not None
    assert (entry.kind, entry.key) == ("refund_confirmed", "refund_confirmed:re_1")


@given(entries())
def test_all_accounts_of_an_entry_sum_to_zero_in_each_currency(entry: Entry) -> None:
    sums: dict[str, int] = {}
    for (_, code), minor in ledger.sum_by_account([entry]).items():
        sums[code] = sums.get(code, 0) + minor

    assert not any(sums.values())


def test_facts_about_different_things_have_different_keys() -> None:
    payment = a_paid_payment()
    of_one = [
        ledger.payment_succeeded(payment, NOW),
        ledger.lesson_ended(payment, {TEACHER: taken(payable=8_500)}, NOW),
        ledger.refund_reserved(payment, refund(1_000, legs(150, 850)), {}, NOW),
        ledger.refund_released(payment, refund(1_000, legs(150, 850)), {}, NOW),
        ledger.refund_confirmed(a_refund(), NOW),
        ledger.refund_returned(a_refund(), NOW),
        ledger.owed_paid_by_hand(a_refund(), NOW),
        ledger.payout_reserved(a_payout(), NOW),
        ledger.payout_done(a_payout(), NOW),
        ledger.payout_failed(a_payout(), taken(payable=8_500), NOW),
    ]

    keys = [key(entry) for entry in of_one]
    assert len(set(keys)) == len(keys)


def test_a_share_of_nothing_leaves_no_line() -> None:
    nothing = Share(teacher_id=a_payout().teacher_id, agreed=dollars(0), reversed=dollars(0))
    payment = a_payment(status=PaymentStatus.SUCCEEDED, fee=dollars(10_000), shares=(nothing,))

    assert booked(ledger.payment_succeeded(payment, NOW)) == {
        "clearing:ch_pay_1": 10_000,
        "fee_deferred:bk_1": -10_000,
    }
