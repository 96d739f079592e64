"""Mistakes with what teachers earn."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from attrs import evolve

from application.payout_booking import PayoutBooking
from application.ports.storage import Unit
from domain.earnings import EarningLine, Payout, Taken, TeacherBalance, matured
from domain.ids import PayoutId
from domain.money import Money
from tests.domain import test_earnings
from tests.planted.catalogue import planted
from tests.planted.layers import TEN_STORIES, CrashPoints, One
from tests.planted.planting import Mistake, does_nothing, everywhere, instead


@planted(
    stands_for="I6; money is paid out before it is available",
    caught_by=TEN_STORIES,
    says="I6 .*is carried by po_.* before 2026",
)
def a_payout_takes_what_is_not_available_yet() -> Iterator[None]:
    def impatient(
        _: Mistake, lines: Iterable[EarningLine], at: datetime
    ) -> tuple[EarningLine, ...]:
        return tuple(each for each in lines if not each.payout_id and each.available_at)

    with everywhere(matured, impatient):
        yield


@planted(
    stands_for="I9; the same money is reserved for two payouts",
    caught_by=CrashPoints("paying_out_by_the_worker"),
    says="I2 .*as the stored balance says",
)
def a_payout_leaves_its_money_available() -> Iterator[None]:
    def leaves_it(
        right: Mistake, self: TeacherBalance, amount: Money, *, at: datetime
    ) -> TeacherBalance:
        sent: TeacherBalance = right(self, amount, at=at)
        return evolve(sent, payable=self.payable)

    with instead(TeacherBalance, "send", leaves_it):
        yield


@planted(
    stands_for="I6; statement and payouts tell two stories",
    caught_by=CrashPoints("paying_out_on_demand"),
    says="its lines come to 0",
)
def a_payout_forgets_which_lines_it_carries() -> Iterator[None]:
    with instead(PayoutBooking, "_carry", does_nothing):
        yield


@planted(
    stands_for="I6; a transfer that failed is never the teacher's again",
    caught_by=TEN_STORIES,
    says="I6 .*the payout is failed",
)
def a_transfer_that_fails_keeps_the_money() -> Iterator[None]:
    def only_says_so(
        _: Mistake, self: PayoutBooking, unit: Unit, id: PayoutId, reason: str
    ) -> Payout:
        payout = unit.payouts.get(id)
        return unit.payouts.save(payout.failed(reason, at=self.clock.now()))

    with instead(PayoutBooking, "failed", only_says_so):
        yield


@planted(
    stands_for="I3; money comes back and the books do not know",
    caught_by=CrashPoints("taking_a_transfer_back"),
    says="6375 was sent and 0 came back; the gateway says 6375 and 2000",
)
def a_transfer_that_is_taken_back_is_not_booked() -> Iterator[None]:
    def overlooked(_: Mistake, __: PayoutBooking, unit: Unit, id: PayoutId, amount: int) -> Any:
        return unit.payouts.get(id)

    with instead(PayoutBooking, "reversed", overlooked):
        yield


@planted(
    stands_for="I9; payable and receivable at once",
    caught_by=One(
        test_earnings.test_a_credit_and_a_debit_of_the_same_amount_leave_the_worth_unchanged
    ),
    says="impossible balance",
)
def debt_is_not_netted_against_what_comes_in() -> Iterator[None]:
    def all_of_it(_: Mistake, self: TeacherBalance, amount: Money) -> tuple[TeacherBalance, Taken]:
        zero = Money.zero(self.currency)
        taken = Taken(held=zero, payable=amount, receivable=zero)
        return evolve(self, payable=self.payable + amount), taken

    with instead(TeacherBalance, "credit", all_of_it):
        yield
