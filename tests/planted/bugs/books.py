"""Mistakes in the books, and in the arithmetic under them."""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
from attrs import evolve

from adapters.memory import books
from adapters.memory.books import LedgerDraft
from application.sealing import GENESIS
from domain import ledger
from domain.fees import FeeSchedule
from domain.ledger import Entry
from domain.money import Money, split
from tests.contract.storage import test_ledger
from tests.domain import test_fees, test_money
from tests.market import Market
from tests.planted.catalogue import planted
from tests.planted.layers import TEN_STORIES, One, Proof, a_storage
from tests.planted.planting import Mistake, everywhere, instead


def a_lesson_that_is_paid(market: Market) -> None:
    market.paid_lesson()


def a_refund_of_a_part(market: Market) -> None:
    lesson = market.paid_lesson()
    market.refund(market.admin(), lesson.payment, "20.00")
    market.settle()


@planted(
    stands_for="I1; an entry that does not balance, in a process that checks nothing",
    caught_by=TEN_STORIES,
    says="I1 ",
)
def an_entry_is_a_cent_out() -> Iterator[None]:
    def a_cent_more(right: Mistake, *facts: Any) -> Entry:
        entry: Entry = right(*facts)
        first, *others = entry.lines
        more = Money(first.amount.minor + 1, first.amount.currency)
        return evolve(entry, lines=(evolve(first, amount=more), *others))

    with attrs.validators.disabled(), instead(ledger, "payment_succeeded", a_cent_more):
        yield


@planted(
    stands_for="I3; debit and credit changed places",
    caught_by=Proof(a_refund_of_a_part),
    says="refund_confirmed",
)
def a_refund_is_booked_the_wrong_way_round() -> Iterator[None]:
    def the_other_way(right: Mistake, *facts: Any) -> Entry:
        entry: Entry = right(*facts)
        return evolve(entry, lines=tuple(evolve(each, amount=-each.amount) for each in entry.lines))

    with instead(ledger, "refund_confirmed", the_other_way):
        yield


@planted(
    stands_for="I3; the gateway's own fee is assumed, or forgotten",
    caught_by=Proof(a_lesson_that_is_paid),
    says="I3",
)
def cash_is_booked_without_the_gateways_fee() -> Iterator[None]:
    def gross(right: Mistake, charge: str, amount: Money, fee: Money, *fact: Any) -> Any:
        return right(charge, amount, Money.zero(fee.currency), *fact)

    with instead(ledger, "charge_settled", gross):
        yield


@planted(
    stands_for="I12; top-up credited by webhook and by the inline answer: the key is not unique",
    caught_by=One(test_ledger.test_a_fact_is_booked_once, a_storage),
    says="AssertionError",
)
def a_fact_can_be_booked_under_the_same_key_again() -> Iterator[None]:
    def takes_it(_: Mistake, self: LedgerDraft, entry: Entry) -> bool:
        self._posted[entry.key] = entry
        return True

    with instead(LedgerDraft, "post", takes_it):
        yield


@planted(
    stands_for="I2; the hash chain is whole",
    caught_by=Proof(a_lesson_that_is_paid),
    says="I2",
)
def a_seal_forgets_what_came_before() -> Iterator[None]:
    def alone(right: Mistake, _: str, entry: Entry) -> Any:
        return right(GENESIS, entry)

    with instead(books, "seal", alone):
        yield


@planted(
    stands_for="rules 2: a fee is rounded half up",
    caught_by=One(test_fees.test_half_a_cent_of_fee_is_rounded_up),
    says="AssertionError|ExceptionGroup",
)
def a_fee_is_rounded_down() -> Iterator[None]:
    def floors(_: Mistake, self: FeeSchedule, price: Money) -> Money:
        rate = Money(price.minor * self.basis_points // 10_000, price.currency)
        capped = rate if self.cap is None else min(self.cap, rate)
        return min(price, max(self.minimum, capped))

    with instead(FeeSchedule, "fee", floors):
        yield


@planted(
    stands_for="three times 20 minutes making 0.99 hours",
    caught_by=One(test_money.test_the_parts_sum_to_the_whole_and_none_is_negative),
    says="AssertionError|ExceptionGroup",
)
def the_spare_cent_of_a_division_is_lost() -> Iterator[None]:
    def floors(right: Mistake, amount: int, weights: Sequence[int]) -> tuple[int, ...]:
        parts: tuple[int, ...] = right(amount, weights)
        whole = sum(weights)
        return tuple(amount * weight // whole for weight in weights) if whole else parts

    with everywhere(split, floors):
        yield
