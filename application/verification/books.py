"""The ledger itself: entries balance, the chain is whole, and no account has an impossible sign."""

from collections import Counter, defaultdict

from attrs import define, field

from application.ports.storage import SealedEntry
from application.sealing import GENESIS, seal
from application.verification.report import Look, kind_and_owner
from domain.ledger import CASH, AccountKind, Entry

K = AccountKind
NEVER_NEGATIVE = {
    *(K.CLEARING, K.DISPUTE_HOLD, K.RECEIVABLE),
    *(K.PROCESSING, K.PROMOTION, K.GOODWILL, K.CHARGEBACK, K.BAD_DEBT),
}
NEVER_POSITIVE = {
    *(K.PENDING, K.FEE_DEFERRED, K.PAYABLE, K.HELD, K.IN_FLIGHT, K.REFUNDING, K.PREPAID),
    *(K.SUSPENSE, K.OWED, K.FEE, K.BREAKAGE),
}


@define
class _Chain:
    """The hash chain, followed from its beginning."""

    look: Look
    previous: str = GENESIS
    position: int = 0
    last_key: str = "the beginning"
    unsealed: int = 0

    def follow(self, sealed: SealedEntry) -> None:
        """Check an entry's place and seal against the one before."""
        entry = sealed.entry
        if sealed.seal is None or sealed.position is None:
            self.unsealed += 1
            return
        if self.unsealed:
            self.look.wrong("I2", f"entry {entry.key}", "is sealed, but follows unsealed ones")
        gap = sealed.position - self.position - 1
        if gap:
            self.look.wrong(
                "I2",
                f"entry {entry.key}",
                f"stands at {sealed.position} of the hash chain, after {self.last_key} at "
                f"{self.position}: {abs(gap)} {'missing' if gap > 0 else 'too many'}",
            )
        elif seal(self.previous, entry) != sealed.seal:
            self.look.wrong(
                "I2",
                f"entry {entry.key}",
                f"position {sealed.position} of the hash chain: the seal does not fit what the "
                "entry says now; it, or the seal before it, was altered",
            )
        # Going on from the seal as stored, each altered entry is found by itself.
        self.previous, self.position, self.last_key = sealed.seal, sealed.position, entry.key


@define
class _Replay:
    """Running sums, of accounts that are not zero only."""

    sums: dict[tuple[str, str], int] = field(factory=lambda: defaultdict(int))
    totals: Counter[str] = field(factory=Counter)

    def add(self, entry: Entry) -> None:
        """Add an entry's lines."""
        for line in entry.lines:
            key = (str(line.account), line.amount.currency.code)
            self.sums[key] += line.amount.minor
            self.totals[key[1]] += line.amount.minor
            if not self.sums[key]:
                del self.sums[key]


def check_entries(look: Look) -> None:
    """Replay the ledger: I1, I2. Leaves every balance that is not zero in `look.unexplained`."""
    chain, replay = _Chain(look), _Replay()
    before = len(look.findings)
    for sealed in look.each("ledger entries", look.views.books.entries()):
        chain.follow(sealed)
        _check_balance(look, sealed.entry)
        replay.add(sealed.entry)
    look.books_are_readable = not any(
        "unreadable" in finding.detail for finding in look.findings[before:]
    )
    if chain.unsealed:
        look.notes.append(f"{chain.unsealed} ledger entries are not sealed yet")
    look.unexplained.update(replay.sums)
    if look.books_are_readable:
        _compare_with_stored(look, replay)


def _check_balance(look: Look, entry: Entry) -> None:
    sums: Counter[str] = Counter()
    for line in entry.lines:
        sums[line.amount.currency.code] += line.amount.minor
    for code, amount in sums.items():
        if amount:
            look.wrong("I1", f"entry {entry.key}", f"sums to {amount} {code}, not to zero")


def _compare_with_stored(look: Look, replay: _Replay) -> None:
    for code, amount in replay.totals.items():
        if amount:
            look.wrong("I2", "all accounts", f"sum to {amount} {code}, not to zero")
    replayed = dict(replay.sums)
    for account, code, amount in look.views.books.balances():
        expected = replayed.pop((account, code), 0)
        if amount != expected:
            look.wrong("I2", account, f"holds {amount} {code}; its entries sum to {expected}")
    for (account, code), amount in replayed.items():
        look.wrong("I2", account, f"holds nothing; its entries sum to {amount} {code}")


def check_signs(look: Look) -> None:
    """I9: liabilities are not positive, receivables not negative, and never both at once."""
    for (account, code), amount in look.unexplained.items():
        kind, owner = kind_and_owner(account)
        if (kind in NEVER_NEGATIVE and amount < 0) or (kind in NEVER_POSITIVE and amount > 0):
            look.wrong("I9", account, f"holds {amount} {code}, which such an account never does")
        if kind == K.RECEIVABLE and (f"{K.PAYABLE}:{owner}", code) in look.unexplained:
            look.wrong("I9", account, f"{owner} is owed {code} and owes it at the same time")
    look.cash = {
        code: amount for (account, code), amount in look.unexplained.items() if account == str(CASH)
    }


_FREE = {
    *(K.CASH_GATEWAY, K.CASH_BANK, K.FEE, K.PROCESSING, K.PROMOTION, K.GOODWILL, K.CHARGEBACK),
    *(K.BAD_DEBT, K.BREAKAGE, K.TAX, K.DISPUTE_FEE, K.DISPUTE_HOLD, K.PREPAID),
}
"""Accounts that accumulate, or that no check takes out."""


def check_leftovers(look: Look) -> None:
    """Report what lies in an account although nothing that is open accounts for it."""
    if not look.books_are_readable:
        return
    for (account, code), amount in look.unexplained.items():
        kind, owner = kind_and_owner(account)
        if kind == K.SUSPENSE:
            look.notes.append(f"{-amount} {code} is in suspense: nobody knows whose it is")
        elif kind == K.CLEARING and look.booked(f"charge_in_suspense:{owner}").exists:
            look.stray_charges.append(owner)
        elif kind == K.CLEARING:
            look.wrong("I3", account, f"holds {amount} {code} of a charge that no payment names")
        elif kind not in _FREE:
            look.wrong("I9", account, f"holds {amount} {code}, and nothing open accounts for it")
