"""The accounts of the books, and whose they are."""

from enum import StrEnum
from typing import Self

from attrs import frozen


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


_KINDS = {str(kind): kind for kind in AccountKind}


@frozen
class Account:
    """An account: its kind and, where it is somebody's or some thing's, the owner's id."""

    kind: AccountKind
    owner: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` writes. Raises `KeyError` for a kind that there is not."""
        kind, _, owner = text.partition(":")
        if kind not in _KINDS:
            # The names of two kinds have a colon themselves.
            more, _, owner = owner.partition(":")
            kind = f"{kind}:{more}"
        return cls(_KINDS[kind], owner)

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
