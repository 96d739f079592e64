"""A fact is booked under a key that never changes: it keeps it from being booked twice."""

from collections.abc import Callable

import pytest

from domain import ledger
from domain.earnings import Taken
from domain.ledger import Entry
from domain.payments import Stage
from domain.refunds import no_legs
from tests.builders import TEACHER, a_paid_payment, a_payout, a_refund, after, dollars

AT = after(hours=1)
CREDIT = Taken(held=dollars(0), payable=dollars(8_500), receivable=dollars(0))
PAYMENT = a_paid_payment()
REFUND = a_refund()
PAYOUT = a_payout(reversed=dollars(3_000))

Booked = Callable[[], Entry | None]
FACTS: dict[str, Booked] = {
    "payment_succeeded:pay_1": lambda: ledger.payment_succeeded(PAYMENT, AT),
    "charge:ch_1": lambda: ledger.charge_in_suspense("charge:ch_1", "ch_1", dollars(1), AT),
    "settled:txn_1": lambda: ledger.charge_settled(
        "ch_1", dollars(9), dollars(1), "settled:txn_1", AT
    ),
    "lesson_ended:pay_1": lambda: ledger.lesson_ended(PAYMENT, {TEACHER: CREDIT}, AT),
    "refund_reserved:re_1": lambda: ledger.refund_reserved(PAYMENT, REFUND, {}, AT),
    "refund_confirmed:re_1": lambda: ledger.refund_confirmed(REFUND, AT),
    "refund_released:re_1": lambda: ledger.refund_released(PAYMENT, REFUND, {}, AT),
    "refund_returned:re_1": lambda: ledger.refund_returned(REFUND, AT),
    "owed_paid:re_1": lambda: ledger.owed_paid_by_hand(REFUND, AT),
    "payout_reserved:po_1": lambda: ledger.payout_reserved(PAYOUT, AT),
    "payout_done:po_1": lambda: ledger.payout_done(PAYOUT, AT),
    "payout_failed:po_1": lambda: ledger.payout_failed(PAYOUT, CREDIT, AT),
    "transfer_reversed:po_1:3000": lambda: ledger.transfer_reversed(
        PAYOUT, dollars(8_500), CREDIT, AT
    ),
    "bank_payout:po_g": lambda: ledger.bank_payout("po_g", dollars(1), AT),
    "bank_payout_failed:po_g": lambda: ledger.bank_payout_failed("po_g", dollars(1), AT),
}
OTHER_WAYS: dict[str, tuple[Booked, str]] = {
    "a charge for what is over": (
        lambda: ledger.payment_in_suspense(PAYMENT, AT),
        "payment_succeeded:pay_1",
    ),
    "what is owed, sent again": (
        lambda: ledger.owed_refund_reserved(REFUND, AT),
        "refund_reserved:re_1",
    ),
    "what is owed, failed": (
        lambda: ledger.owed_refund_released(REFUND, AT),
        "refund_released:re_1",
    ),
}


@pytest.mark.parametrize("key", FACTS)
def test_a_fact_is_booked_under_its_kind_and_what_it_is_about(key: str) -> None:
    entry = FACTS[key]()

    assert entry is not None
    assert (entry.key, entry.kind, entry.at) == (key, key.partition(":")[0], AT)


@pytest.mark.parametrize("name", OTHER_WAYS)
def test_a_fact_that_is_booked_in_another_way_has_the_same_key(name: str) -> None:
    book, key = OTHER_WAYS[name]

    entry = book()

    assert entry is not None
    assert (entry.key, entry.at) == (key, AT)


@pytest.mark.parametrize("stage", [Stage.PENDING, Stage.SUSPENSE])
def test_legs_of_other_teachers_are_a_bug(stage: Stage) -> None:
    payment = a_paid_payment(stage=stage)

    with pytest.raises(ValueError, match="zip"):
        ledger.refund_reserved(payment, a_refund(legs=no_legs(dollars(0), 2)), {}, AT)
