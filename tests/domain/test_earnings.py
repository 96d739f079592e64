"""What teachers earn: balances, debt, statements and payouts."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.earnings import (
    OPEN_PAYOUTS,
    EarningState,
    PayoutMethod,
    PayoutStateConflict,
    PayoutStatus,
    Taken,
    TeacherAccount,
    TeacherBalance,
    available,
    available_from,
    matured,
    standing,
    state_of,
)
from domain.errors import BrokenInvariant
from domain.events import PayoutFailed, PayoutPaid
from domain.ids import PayoutId
from domain.money import Money
from tests.builders import (
    NOW,
    TEACHER,
    USD,
    a_balance,
    a_line,
    a_payout,
    after,
    an_account,
    dollars,
)
from tests.strategies import balances


def taken(*, held: int = 0, payable: int = 0, receivable: int = 0) -> Taken:
    return Taken(held=dollars(held), payable=dollars(payable), receivable=dollars(receivable))


# --- Balances ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "amount", "after_it", "parts"),
    [
        (a_balance(), 500, a_balance(payable=500), taken(payable=500)),
        (a_balance(payable=100), 500, a_balance(payable=600), taken(payable=500)),
        (a_balance(receivable=800), 500, a_balance(receivable=300), taken(receivable=500)),
        (a_balance(receivable=500), 500, a_balance(), taken(receivable=500)),
        (
            a_balance(receivable=200),
            500,
            a_balance(payable=300),
            taken(payable=300, receivable=200),
        ),
    ],
    ids=["empty", "payable", "debt", "all of it", "more"],
)
def test_a_credit_pays_debt_first(
    before: TeacherBalance, amount: int, after_it: TeacherBalance, parts: Taken
) -> None:
    assert before.credit(dollars(amount)) == (after_it, parts)


@pytest.mark.parametrize(
    ("before", "held", "after_it", "parts"),
    [
        (a_balance(payable=900), None, a_balance(payable=400), taken(payable=500)),
        (
            a_balance(payable=100),
            None,
            a_balance(receivable=400),
            taken(payable=100, receivable=400),
        ),
        (a_balance(receivable=1), None, a_balance(receivable=501), taken(receivable=500)),
        (
            a_balance(payable=900, held=300),
            300,
            a_balance(payable=700),
            taken(held=300, payable=200),
        ),
        (
            a_balance(payable=100, held=300),
            900,
            a_balance(receivable=100),
            taken(held=300, payable=100, receivable=100),
        ),
        (
            a_balance(payable=900, held=300),
            100,
            a_balance(payable=500, held=200),
            taken(held=100, payable=400),
        ),
        (a_balance(held=900), 900, a_balance(held=400), taken(held=500)),
        (a_balance(held=900), None, a_balance(held=900, receivable=500), taken(receivable=500)),
    ],
    ids=[
        *("payable", "part", "debt", "held first", "all three", "no more than this payment's"),
        *("held only", "another's held"),
    ],
)
def test_a_debit_takes_this_payments_held_money_then_payable_then_it_is_debt(
    before: TeacherBalance, held: int | None, after_it: TeacherBalance, parts: Taken
) -> None:
    found = before.debit(dollars(500), held=None if held is None else dollars(held))

    assert found == (after_it, parts)


@pytest.mark.parametrize(
    "fields",
    [
        {"payable": -1},
        {"held": -1},
        {"receivable": -1},
        {"in_flight": -1},
        {"paid": -1},
        {"payable": 1, "receivable": 1},
    ],
)
def test_an_impossible_balance_is_a_bug(fields: dict[str, int]) -> None:
    with pytest.raises(BrokenInvariant):
        a_balance(**fields)  # type: ignore[arg-type]


def test_more_than_is_payable_is_never_sent() -> None:
    with pytest.raises(BrokenInvariant):
        a_balance(payable=499).send(dollars(500), at=NOW)


def test_a_teacher_is_paid_a_day_after_the_last_time_at_the_earliest() -> None:
    balance = a_balance(payable=900)

    assert balance.next_payout_at is None
    assert balance.send(dollars(500), at=NOW).next_payout_at == after(days=1)


def test_money_that_is_sent_lands_or_bounces() -> None:
    sent = a_balance(payable=900).send(dollars(500), at=NOW)

    assert sent == a_balance(payable=400, in_flight=500, last_payout_at=NOW)
    assert sent.sent(dollars(500)) == a_balance(payable=400, paid=500, last_payout_at=NOW)
    bounced, parts = sent.bounced(dollars(500))
    assert bounced == a_balance(payable=900, last_payout_at=NOW)
    assert parts == taken(payable=500)


def test_a_transfer_that_is_taken_back_pays_debt_first() -> None:
    balance, parts = a_balance(paid=500, receivable=200).pulled_back(dollars(500))

    assert balance == a_balance(payable=300)
    assert parts == taken(payable=300, receivable=200)


def test_a_teacher_begins_with_nothing() -> None:
    assert TeacherBalance.empty(TEACHER, USD) == a_balance()


def worth(balance: TeacherBalance) -> Money:
    """Return what the platform owes the teacher on balance."""
    return balance.payable + balance.held + balance.in_flight - balance.receivable


@given(balances(), st.integers(0, 10**9))
def test_a_credit_and_a_debit_of_the_same_amount_leave_the_worth_unchanged(
    balance: TeacherBalance, minor: int
) -> None:
    amount = Money(minor, balance.currency)

    credited, given_ = balance.credit(amount)
    debited, taken_ = credited.debit(amount)

    assert worth(credited) == worth(balance) + amount
    assert worth(debited) == worth(balance)
    assert given_.payable + given_.receivable == amount
    assert taken_.held + taken_.payable + taken_.receivable == amount


class ABalance(RuleBasedStateMachine):
    """Whatever happens to a teacher's money, it is all there, and debt never stands beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.balance = a_balance()
        self.owed = dollars(0)
        self.in_flight: list[Money] = []

    @rule(minor=st.integers(1, 10_000))
    def earn(self, minor: int) -> None:
        self.balance, _ = self.balance.credit(dollars(minor))
        self.owed += dollars(minor)

    @rule(minor=st.integers(1, 10_000))
    def give_back(self, minor: int) -> None:
        self.balance, _ = self.balance.debit(dollars(minor))
        self.owed -= dollars(minor)

    @precondition(lambda self: bool(self.balance.payable))
    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        amount = dollars(data.draw(st.integers(1, self.balance.payable.minor)))
        self.balance = self.balance.send(amount, at=NOW)
        self.in_flight.append(amount)

    @precondition(lambda self: bool(self.in_flight))
    @rule(lands=st.booleans())
    def hear(self, lands: bool) -> None:
        amount = self.in_flight.pop()
        if lands:
            self.balance = self.balance.sent(amount)
            self.owed -= amount
        else:
            self.balance, _ = self.balance.bounced(amount)

    @precondition(lambda self: bool(self.balance.paid))
    @rule(data=st.data())
    def pull_back(self, data: st.DataObject) -> None:
        amount = dollars(data.draw(st.integers(1, self.balance.paid.minor)))
        self.balance, _ = self.balance.pulled_back(amount)
        self.owed += amount

    @invariant()
    def nothing_is_lost(self) -> None:
        assert worth(self.balance) == self.owed

    @invariant()
    def debt_never_stands_beside_money(self) -> None:
        assert not (self.balance.payable and self.balance.receivable)


TestABalance = ABalance.TestCase
TestABalance.settings = settings(stateful_step_count=25)


# --- Statements ----------------------------------------------------------------------------------


def test_money_is_released_after_the_hold_and_when_the_funds_are_there() -> None:
    hold = timedelta(hours=48)

    assert available_from(NOW, hold, None) == after(hours=48)
    assert available_from(NOW, hold, after(hours=24)) == after(hours=48)
    assert available_from(NOW, hold, after(hours=72)) == after(hours=72)


def test_only_what_is_available_and_not_carried_yet_has_matured() -> None:
    ready = a_line(available_at=NOW)
    lines = [
        ready,
        a_line("ern_2", available_at=after(microseconds=1)),
        a_line("ern_3", available_at=None),
        a_line("ern_4", payout_id=PayoutId("po_1")),
    ]

    assert matured(lines, NOW) == (ready,)


@pytest.mark.parametrize(
    ("payable", "lines", "expected"),
    [
        (8_500, [8_500], 8_500),
        (8_500, [], 0),
        (6_000, [8_500, -2_500], 6_000),
        (0, [-2_500], 0),
        (4_000, [8_500], 4_000),
    ],
    ids=["all", "none", "less a refund", "a debt", "some is held"],
)
def test_available_is_what_has_matured_and_is_payable(
    payable: int, lines: list[int], expected: int
) -> None:
    all_ready = [a_line(f"ern_{n}", amount=dollars(minor)) for n, minor in enumerate(lines)]

    assert available(a_balance(payable=payable), all_ready, NOW) == dollars(expected)


def test_a_statement_is_summed_up_by_where_the_money_stands() -> None:
    balance = a_balance(payable=10_000, held=300, in_flight=200, paid=100)
    lines = [
        a_line(amount=dollars(8_500)),
        a_line("ern_2", amount=dollars(1_500), available_at=after(hours=1)),
        a_line("ern_3", amount=dollars(700), available_at=None),
    ]

    found = standing(balance, lines, NOW)

    assert found.currency == USD
    assert found.available == dollars(8_500)
    assert found.pending == dollars(1_500 + 700)
    assert (found.held, found.in_transit, found.paid) == (
        dollars(300),
        dollars(200),
        dollars(100),
    )
    assert found.debt == dollars(0)


def test_debt_is_shown() -> None:
    found = standing(a_balance(receivable=400), [a_line(amount=dollars(-400))], NOW)

    assert found.debt == dollars(400)
    assert (found.pending, found.available) == (dollars(0), dollars(0))


@pytest.mark.parametrize(
    ("fields", "payout", "receivable", "state"),
    [
        ({"available_at": None}, None, 0, EarningState.PENDING),
        ({"available_at": after(hours=1)}, None, 0, EarningState.PENDING),
        ({"available_at": NOW}, None, 0, EarningState.AVAILABLE),
        ({}, None, 0, EarningState.AVAILABLE),
        ({"amount": dollars(-400)}, None, 0, EarningState.AVAILABLE),
        ({"amount": dollars(-400)}, None, 400, EarningState.DEBT),
        ({}, PayoutStatus.PENDING, 0, EarningState.IN_TRANSIT),
        ({}, PayoutStatus.IN_TRANSIT, 0, EarningState.IN_TRANSIT),
        ({}, PayoutStatus.PAID, 0, EarningState.PAID),
    ],
)
def test_each_line_stands_somewhere(
    fields: dict[str, object], payout: PayoutStatus | None, receivable: int, state: EarningState
) -> None:
    line = a_line(**fields)  # type: ignore[arg-type]
    carried_by = None if payout is None else a_payout(status=payout)

    assert state_of(line, carried_by, a_balance(receivable=receivable), NOW) is state


# --- Payouts and accounts ------------------------------------------------------------------------


def test_a_payout_may_land_or_fail_until_it_has() -> None:
    assert {PayoutStatus.PENDING, PayoutStatus.IN_TRANSIT} == OPEN_PAYOUTS


def test_a_payout_is_paid_or_fails_once() -> None:
    payout = a_payout(status=PayoutStatus.PENDING)

    paid = payout.paid(at=after(hours=1), gateway_id="tr_1")
    assert (paid.status, paid.gateway_id, paid.paid_at) == (
        PayoutStatus.PAID,
        "tr_1",
        after(hours=1),
    )
    assert paid.events == (PayoutPaid(payout="po_1", at=after(hours=1)),)
    failed = payout.failed("account_closed", at=after(hours=1))
    assert (failed.status, failed.failure_reason) == (PayoutStatus.FAILED, "account_closed")
    assert failed.events == (
        PayoutFailed(payout="po_1", reason="account_closed", at=after(hours=1)),
    )
    for final in (paid, failed):
        with pytest.raises(PayoutStateConflict):
            final.paid(at=NOW)
        with pytest.raises(PayoutStateConflict):
            final.failed("again", at=NOW)


def test_a_payout_by_hand_keeps_its_reference() -> None:
    payout = a_payout(method=PayoutMethod.MANUAL, reference="wire 7")

    assert payout.paid(at=NOW).reference == "wire 7"
    assert payout.paid(at=NOW, reference="wire 8").reference == "wire 8"


def test_only_what_is_new_of_a_reversal_counts() -> None:
    payout, first = a_payout().reversed_up_to(dollars(3_000), at=after(hours=1))
    assert (payout.reversed, first) == (dollars(3_000), dollars(3_000))

    payout, more = payout.reversed_up_to(dollars(5_000), at=after(hours=2))
    assert more == dollars(2_000)
    for minor in (4_000, 5_000):
        same, nothing = payout.reversed_up_to(dollars(minor), at=after(hours=3))
        assert same is payout
        assert nothing == dollars(0)
    assert payout.reversed_up_to(dollars(5_001), at=after(hours=3))[1] == dollars(1)


@pytest.mark.parametrize(
    ("account", "status"),
    [
        (an_account(gateway_id=None), "none"),
        (an_account(transfers_enabled=False, details_submitted=False), "onboarding"),
        (an_account(transfers_enabled=False), "restricted"),
        (an_account(payouts_enabled=False), "restricted"),
        (an_account(), "enabled"),
    ],
)
def test_an_account_stands_somewhere_on_its_way(account: TeacherAccount, status: str) -> None:
    assert account.status == status
    assert account.is_ready == (status == "enabled")
