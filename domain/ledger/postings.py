"""The postings of every event, one function a row of the table in docs/domain.md."""

from collections.abc import Mapping
from datetime import datetime

from domain.earnings import Payout, PayoutMethod, Taken
from domain.errors import BrokenInvariant
from domain.ledger.accounts import (
    BANK,
    CASH,
    FEE,
    GOODWILL,
    PROCESSING,
    PROMOTION,
    SUSPENSE,
    Account,
    AccountKind,
    clearing,
    fee_deferred,
    held,
    payable,
    pending,
    receivable,
)
from domain.ledger.entries import Entry, entry
from domain.money import Money
from domain.payments import Payment, Stage
from domain.refunds import Refund

# --- Payments -------------------------------------------------------------------------------------


def payment_succeeded(payment: Payment, at: datetime) -> Entry | None:
    """Book G: clearing G, promotion d; pending tᵢ, fee deferred F."""
    work = _work(payment)
    return entry(
        f"payment_succeeded:{payment.id}",
        at,
        debit=[(_clearing(payment), payment.captured), (PROMOTION, payment.discount)],
        credit=[
            *((pending(work, share.teacher_id), share.agreed) for share in payment.shares),
            (fee_deferred(work), payment.fee),
        ],
    )


def payment_in_suspense(payment: Payment, at: datetime) -> Entry | None:
    """Book a charge for something that is over already: clearing G; suspense G."""
    return charge_in_suspense(
        f"payment_succeeded:{payment.id}", _charge(payment), payment.captured, at
    )


def charge_in_suspense(key: str, charge: str, amount: Money, at: datetime) -> Entry | None:
    """Book a charge that cannot be placed: clearing; suspense."""
    return entry(key, at, debit=[(clearing(charge), amount)], credit=[(SUSPENSE, amount)])


def charge_settled(charge: str, amount: Money, fee: Money, key: str, at: datetime) -> Entry | None:
    """Book the gateway's balance transaction: cash G - g, processing g; clearing G."""
    return entry(
        key,
        at,
        debit=[(CASH, amount - fee), (PROCESSING, fee)],
        credit=[(clearing(charge), amount)],
    )


def lesson_ended(payment: Payment, credits: Mapping[str, Taken], at: datetime) -> Entry | None:
    """Book what remains of pending and fee deferred: it is the teachers' and the platform's."""
    work = _work(payment)
    return entry(
        f"lesson_ended:{payment.id}",
        at,
        debit=[
            *((pending(work, share.teacher_id), share.remaining) for share in payment.shares),
            (fee_deferred(work), payment.fee_remaining),
        ],
        credit=[*_teachers(credits), (FEE, payment.fee_remaining)],
    )


# --- Refunds --------------------------------------------------------------------------------------


def refund_reserved(
    payment: Payment, refund: Refund, debits: Mapping[str, Taken], at: datetime
) -> Entry | None:
    """Book legs rᵢ, r_F (and goodwill) to refunding r, and promotion u - r."""
    return entry(
        f"refund_reserved:{refund.id}",
        at,
        debit=_legs(payment, refund, debits),
        credit=[(_refunding(refund), refund.amount), (PROMOTION, refund.promotion)],
    )


def refund_confirmed(refund: Refund, at: datetime) -> Entry | None:
    """Book refunding r to cash r."""
    return entry(
        f"refund_confirmed:{refund.id}",
        at,
        debit=[(_refunding(refund), refund.amount)],
        credit=[(CASH, refund.amount)],
    )


def refund_released(
    payment: Payment, refund: Refund, credits: Mapping[str, Taken], at: datetime
) -> Entry | None:
    """Book a refund that failed before it succeeded: each leg back, at its current stage."""
    return entry(
        f"refund_released:{refund.id}",
        at,
        debit=[(_refunding(refund), refund.amount), (PROMOTION, refund.promotion)],
        credit=_legs(payment, refund, credits),
    )


def refund_returned(refund: Refund, at: datetime) -> Entry | None:
    """Book a refund that failed after it had succeeded: cash r to owed r."""
    return entry(
        f"refund_returned:{refund.id}",
        at,
        debit=[(CASH, refund.amount)],
        credit=[(_owed(refund), refund.amount)],
    )


def owed_refund_reserved(refund: Refund, at: datetime) -> Entry | None:
    """Book a new refund of what is owed: owed r to refunding r."""
    return entry(
        f"refund_reserved:{refund.id}",
        at,
        debit=[(_owed(refund), refund.amount)],
        credit=[(_refunding(refund), refund.amount)],
    )


def owed_refund_released(refund: Refund, at: datetime) -> Entry | None:
    """Book that such a refund failed: refunding r to owed r."""
    return entry(
        f"refund_released:{refund.id}",
        at,
        debit=[(_refunding(refund), refund.amount)],
        credit=[(_owed(refund), refund.amount)],
    )


def owed_paid_by_hand(refund: Refund, at: datetime) -> Entry | None:
    """Book a payment by hand of what is owed: owed r to bank r."""
    return entry(
        f"owed_paid:{refund.id}",
        at,
        debit=[(_owed(refund), refund.amount)],
        credit=[(BANK, refund.amount)],
    )


# --- Payouts --------------------------------------------------------------------------------------


def payout_reserved(payout: Payout, at: datetime) -> Entry | None:
    """Book payable x to in flight x."""
    return entry(
        f"payout_reserved:{payout.id}",
        at,
        debit=[(payable(payout.teacher_id), payout.amount)],
        credit=[(_in_flight(payout), payout.amount)],
    )


def payout_done(payout: Payout, at: datetime) -> Entry | None:
    """Book in flight x to cash x, or to bank x when it was paid by hand."""
    source = CASH if payout.method is PayoutMethod.STRIPE else BANK
    return entry(
        f"payout_done:{payout.id}",
        at,
        debit=[(_in_flight(payout), payout.amount)],
        credit=[(source, payout.amount)],
    )


def payout_failed(payout: Payout, credit: Taken, at: datetime) -> Entry | None:
    """Book in flight x back to the teacher."""
    return entry(
        f"payout_failed:{payout.id}",
        at,
        debit=[(_in_flight(payout), payout.amount)],
        credit=_teachers({payout.teacher_id: credit}),
    )


def transfer_reversed(payout: Payout, amount: Money, credit: Taken, at: datetime) -> Entry | None:
    """Book money back from a connected account: cash x; receivable first, then payable."""
    return entry(
        f"transfer_reversed:{payout.id}:{payout.reversed.minor}",
        at,
        debit=[(CASH, amount)],
        credit=_teachers({payout.teacher_id: credit}),
    )


def bank_payout(gateway_id: str, amount: Money, at: datetime) -> Entry | None:
    """Book the gateway's payout to the platform's own bank account: bank x; cash x."""
    return entry(f"bank_payout:{gateway_id}", at, debit=[(BANK, amount)], credit=[(CASH, amount)])


def bank_payout_failed(gateway_id: str, amount: Money, at: datetime) -> Entry | None:
    """Book that such a payout came back: cash x; bank x."""
    return entry(
        f"bank_payout_failed:{gateway_id}", at, debit=[(CASH, amount)], credit=[(BANK, amount)]
    )


# --- Parts ----------------------------------------------------------------------------------------


def _legs(
    payment: Payment, refund: Refund, teachers: Mapping[str, Taken]
) -> list[tuple[Account, Money]]:
    legs = refund.legs
    common = [(GOODWILL, legs.goodwill), (SUSPENSE, legs.suspense)]
    if payment.stage is Stage.EARNED:
        return [*_teachers(teachers), (FEE, legs.fee), *common]
    work = _work(payment)
    ahead = [
        (pending(work, share.teacher_id), leg)
        for share, leg in zip(payment.shares, legs.teachers, strict=True)
    ]
    return [*ahead, (fee_deferred(work), legs.fee), *common]


def _teachers(parts: Mapping[str, Taken]) -> list[tuple[Account, Money]]:
    return [
        side
        for teacher, taken in parts.items()
        for side in (
            (held(teacher), taken.held),
            (payable(teacher), taken.payable),
            (receivable(teacher), taken.receivable),
        )
    ]


def _work(payment: Payment) -> str:
    return payment.booking_id or payment.id


def _charge(payment: Payment) -> str:
    if payment.charge_id is None:
        raise BrokenInvariant(f"{payment.id} was captured without a charge")
    return payment.charge_id


def _clearing(payment: Payment) -> Account:
    return clearing(_charge(payment))


def _refunding(refund: Refund) -> Account:
    return Account(AccountKind.REFUNDING, refund.id)


def _owed(refund: Refund) -> Account:
    return Account(AccountKind.OWED, refund.student_id)


def _in_flight(payout: Payout) -> Account:
    return Account(AccountKind.IN_FLIGHT, payout.id)
