"""The ledger itself: entries balance, the chain is whole, and no account has an impossible sign."""

from collections import Counter

from attrs import define, field

from application.ports.storage import SealedEntry
from application.sealing import GENESIS, seal
from application.verification.report import BUNCH, Look, kind_and_owner
from domain.ledger import CASH, AccountKind

K = AccountKind
NEVER_NEGATIVE = {
    *(K.CLEARING, K.DISPUTE_HOLD, K.RECEIVABLE),
    *(K.PROCESSING, K.PROMOTION, K.GOODWILL, K.CHARGEBACK, K.BAD_DEBT),
}
NEVER_POSITIVE = {
    *(K.PENDING, K.FEE_DEFERRED, K.PAYABLE, K.HELD, K.IN_FLIGHT, K.REFUNDING, K.PREPAID),
    *(K.SUSPENSE, K.OWED, K.FEE, K.BREAKAGE),
}
_KINDS = {str(kind) for kind in K}


@define
class _Chain:
    """The hash chain, followed from its beginning."""

    look: Look
    previous: str = GENESIS
    position: int = 0
    last_key: str = "the beginning"
    unsealed: int = 0

    def follow(self, entry: SealedEntry) -> None:
        """Check an entry's place and seal against the one before."""
        if entry.seal is None or entry.position is None:
            self.unsealed += 1
            return
        gap = entry.position - self.position - 1
        if gap:
            self.look.wrong(
                "I2",
                f"entry {entry.key}",
                f"stands at {entry.position} of the hash chain, after {self.last_key} at "
                f"{self.position}: {abs(gap)} {'missing' if gap > 0 else 'too many'}",
            )
        elif seal(self.previous, entry) != entry.seal:
            self.look.wrong(
                "I2",
                f"entry {entry.key}",
                f"position {entry.position} of the hash chain: the seal does not fit what the "
                "entry says now; it, or the seal before it, was altered",
            )
        # Going on from the seal as stored, each altered entry is found by itself.
        self.previous, self.position, self.last_key = entry.seal, entry.position, entry.key

    def end(self) -> None:
        """Compare where it ends with where the last one to seal says that it does."""
        head = self.look.head = self.look.views.books.head()
        noted = (head.position, head.seal) if head is not None else (0, GENESIS)
        if noted == (self.position, self.previous):
            return
        missing = noted[0] - self.position
        self.look.wrong(
            "I2",
            "the hash chain",
            f"ends at {self.position} with {self.last_key}; its head says {noted[0]}"
            + (f": {missing} cut off" if missing > 0 else ", with another seal"),
        )


@define
class _Replay:
    """Running sums, of accounts that are not zero only."""

    look: Look
    sums: dict[tuple[str, str], int] = field(factory=dict)
    totals: Counter[str] = field(factory=Counter)

    def add(self, entry: SealedEntry) -> None:
        """Add an entry's lines, which sum to zero in each currency."""
        sums, within = self.sums, dict[str, int]()
        for account, code, amount in entry.written:
            key = (account, code)
            balance = sums.get(key, 0) + amount
            if balance:
                sums[key] = balance
            else:
                sums.pop(key, None)
            within[code] = within.get(code, 0) + amount
        for code, amount in within.items():
            if amount:
                self.totals[code] += amount
                self.look.wrong("I1", f"entry {entry.key}", f"sums to {amount} {code}, not to zero")


def check_entries(look: Look) -> None:
    """Replay the ledger: I1, I2. Leaves every balance that is not zero in `look.unexplained`."""
    chain, replay = _Chain(look), _Replay(look)
    before = len(look.findings)
    for entry in look.each("ledger entries", look.views.books.entries()):
        chain.follow(entry)
        replay.add(entry)
        look.booked[entry.key.partition(":")[0]] += 1
    look.books_are_readable = not any(
        "unreadable" in finding.detail for finding in look.findings[before:]
    )
    look.unexplained = replay.sums
    if chain.unsealed:
        look.notes.append(f"{chain.unsealed} ledger entries are not sealed yet")
    if look.books_are_readable:
        chain.end()
        _compare_with_stored(look, replay)


def _compare_with_stored(look: Look, replay: _Replay) -> None:
    for code, amount in replay.totals.items():
        if amount:
            look.wrong("I2", "all accounts", f"sum to {amount} {code}, not to zero")
    matched = 0
    for account, code, amount in look.views.books.balances():
        expected = replay.sums.get((account, code), 0)
        matched += bool(expected)
        if amount != expected:
            look.wrong("I2", account, f"holds {amount} {code}; its entries sum to {expected}")
    if matched < len(replay.sums):
        look.wrong("I2", "all accounts", f"{len(replay.sums) - matched} hold nothing, but should")


def check_signs(look: Look) -> None:
    """I9: liabilities are not positive, receivables not negative, and never both at once."""
    for (account, code), amount in look.unexplained.items():
        kind, owner = kind_and_owner(account)
        if kind not in _KINDS:
            look.wrong("I9", account, f"holds {amount} {code}, and there is no such account")
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
    clearings = [owner for owner in map(_clearing_of, look.unexplained) if owner is not None]
    strays = look.views.books.written([f"charge_in_suspense:{each}" for each in clearings])
    for (account, code), amount in look.unexplained.items():
        kind, owner = kind_and_owner(account)
        if kind == K.SUSPENSE:
            look.notes.append(f"{-amount} {code} is in suspense: nobody knows whose it is")
        elif kind == K.CLEARING and f"charge_in_suspense:{owner}" in strays:
            look.stray_charges.append(owner)
        elif kind == K.CLEARING:
            look.wrong("I3", account, f"holds {amount} {code} of a charge that no payment names")
        elif kind not in _FREE:
            look.wrong("I9", account, f"holds {amount} {code}, and nothing open accounts for it")


def _clearing_of(key: tuple[str, str]) -> str | None:
    kind, owner = kind_and_owner(key[0])
    return owner if kind == K.CLEARING else None


_FACTS = (
    *("payment_succeeded", "lesson_ended"),
    *("refund_reserved", "refund_confirmed", "refund_released", "refund_returned"),
    *("payout_reserved", "payout_done", "payout_failed"),
)
"""Kinds of entries whose keys name what they book."""


def check_facts(look: Look) -> None:
    """I2: what an entry books exists. The counts tell; who is missing is then looked for."""
    missing = {kind for kind in _FACTS if look.booked[kind] > look.accounted[kind]}
    if not missing or not look.books_are_readable:
        return
    bunch: list[str] = []
    for entry in look.views.books.entries():
        if entry.key.partition(":")[0] in missing:
            bunch.append(entry.key)
        if len(bunch) == BUNCH:
            _check_owners(look, bunch)
            bunch = []
    _check_owners(look, bunch)


def _check_owners(look: Look, keys: list[str]) -> None:
    owners = {key: key.partition(":")[2] for key in keys}
    known = look.views.belongings.known(list(owners.values()))
    for key, owner in owners.items():
        if owner not in known:
            look.wrong("I2", f"entry {key}", f"books {owner}, which does not exist")
