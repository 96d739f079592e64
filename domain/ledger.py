"""The double-entry ledger: accounts, balanced entries, and the postings of every event.

"The ledger" in docs/domain.md is the table that the functions below implement, one a row. An entry
is keyed by the business fact that it books, so that no fact is booked twice. Amounts on lines are
signed minor units: debit positive, credit negative.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from domain.earnings import Payout, PayoutMethod, Taken
from domain.errors import BrokenInvariant
from domain.money import Money
from domain.payments import Payment, Stage
from domain.refunds import Refund
from domain.time import instant


class AccountKind(StrEnum):
    """The chart of accounts."""

    CASH_GATEWAY = "cash:gateway"
    CASH_BANK = "cash:bank"
    CLEARING = "clearing"
    DISPUTE_HOLD = "dispute_hold"
    RECEIVABLE = "receivable"
    PENDING = "pending"
    FEE_DEFERRED = "fee_deferred"
    PAYABLE = "payable"
    HELD = "held"
    IN_FLIGHT = "in_flight"
    REFUNDING = "refunding"
    PREPAID = "prepaid"
    SUSPENSE = "suspense"
    OWED = "owed"
    TAX = "tax"
    FEE = "fee"
    BREAKAGE = "breakage"
    PROCESSING = "processing"
    DISPUTE_FEE = "dispute_fee"
    PROMOTION = "promotion"
    GOODWILL = "goodwill"
    CHARGEBACK = "chargeback"
    BAD_DEBT = "bad_debt"


@frozen
class Account:
    """An account: its kind and, where it is somebody's or some thing's, the owner's id."""

    kind: AccountKind
    owner: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.owner}" if self.owner else str(self.kind)


CASH = Account(AccountKind.CASH_GATEWAY)
BANK = Account(AccountKind.CASH_BANK)
SUSPENSE = Account(AccountKind.SUSPENSE)
FEE = Account(AccountKind.FEE)
PROCESSING = Account(AccountKind.PROCESSING)
PROMOTION = Account(AccountKind.PROMOTION)
GOODWILL = Account(AccountKind.GOODWILL)


def payable(teacher: str) -> Account:
    """Return what the platform owes a teacher."""
    return Account(AccountKind.PAYABLE, teacher)


def receivable(teacher: str) -> Account:
    """Return what a teacher owes the platform."""
    return Account(AccountKind.RECEIVABLE, teacher)


def held(teacher: str) -> Account:
    """Return what is a teacher's, but kept back."""
    return Account(AccountKind.HELD, teacher)


def pending(work: str, teacher: str) -> Account:
    """Return a teacher's share of a lesson that lies ahead."""
    return Account(AccountKind.PENDING, f"{work},{teacher}")


def fee_deferred(work: str) -> Account:
    """Return the fee of a lesson that lies ahead."""
    return Account(AccountKind.FEE_DEFERRED, work)


def clearing(charge: str) -> Account:
    """Return a charge that the gateway took and has not settled yet."""
    return Account(AccountKind.CLEARING, charge)


@frozen
class Line:
    """One side of an entry: debit positive, credit negative, in minor units."""

    account: Account
    amount: Money


def _balances(_: object, __: object, lines: tuple[Line, ...]) -> None:
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.amount.currency.code] += line.amount.minor
    if not lines or any(sums.values()) or any(not line.amount for line in lines):
        raise BrokenInvariant(f"an entry does not balance: {lines!r}")


@frozen(kw_only=True)
class Entry:
    """A balanced set of lines that books one fact; `key` is unique to the fact."""

    key: str
    kind: str
    lines: tuple[Line, ...] = field(validator=_balances)
    at: datetime = instant()


Sides = Iterable[tuple[Account, Money]]


def entry(key: str, at: datetime, *, debit: Sides, credit: Sides) -> Entry | None:
    """Make the entry of a fact from both sides, leaving zeros out; None when nothing is left.

    The part of `key` before its first colon names the kind of fact.
    """
    lines = tuple(
        line
        for sign, sides in ((1, debit), (-1, credit))
        for line in (
            Line(account, Money(sign * sum_.minor, sum_.currency)) for account, sum_ in sides
        )
        if line.amount
    )
    if not lines:
        return None
    return Entry(key=key, kind=key.partition(":")[0], at=at, lines=lines)


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


def sum_by_account(entries: Sequence[Entry]) -> dict[tuple[str, str], int]:
    """Replay entries: the signed balance of each (account, currency) that is not zero."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for posted in entries:
        for line in posted.lines:
            sums[str(line.account), line.amount.currency.code] += line.amount.minor
    return {account: balance for account, balance in sums.items() if balance}
