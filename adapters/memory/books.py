"""The ledger in memory: entries in the order of their commits, sums, and the hash chain."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from application.ports.storage import ChainHead, SealedEntry
from application.sealing import GENESIS, seal
from domain.ledger import Entry, Written, sum_by_account
from domain.money import Currency


class LedgerTable:
    """What is booked and committed. The first `len(seals)` entries are sealed, in their order."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.in_order: list[Entry] = []
        self.of_account: dict[str, list[Entry]] = defaultdict(list)
        self.sums: dict[tuple[str, str], int] = defaultdict(int)
        self.seals: list[str] = []


class LedgerDraft:
    """The ledger as one unit sees it; it serves the port's `Ledger` and its `Books`."""

    def __init__(self, table: LedgerTable) -> None:
        self._table = table
        self._posted: dict[str, Entry] = {}
        self._seals: list[str] = []

    # --- Ledger --------------------------------------------------------------------------------

    def post(self, entry: Entry) -> bool:
        """Append an entry; False when its key is booked already."""
        if self.entry(entry.key) is not None:
            return False
        self._posted[entry.key] = entry
        return True

    def balance(self, account: str, currency: Currency) -> int:
        """Return the signed sum of an account."""
        committed = self._table.sums.get((account, currency.code), 0)
        return committed + sum(
            line.amount.minor
            for entry in self._posted.values()
            for line in entry.lines
            if str(line.account) == account and line.amount.currency == currency
        )

    def seal(self, limit: int) -> int:
        """Chain committed entries; this unit's own are left for a later one."""
        sealed = len(self._table.seals) + len(self._seals)
        previous = next(chain(reversed(self._seals), reversed(self._table.seals)), GENESIS)
        fresh = self._table.in_order[sealed : sealed + limit]
        for entry in fresh:
            previous = seal(previous, entry)
            self._seals.append(previous)
        return len(fresh)

    def commit(self) -> None:
        """Make what was posted and sealed the ledger's."""
        table = self._table
        table.seals.extend(self._seals)
        for key, entry in self._posted.items():
            table.entries[key] = entry
            table.in_order.append(entry)
            for account in dict.fromkeys(str(line.account) for line in entry.lines):
                table.of_account[account].append(entry)
            for line in entry.lines:
                table.sums[str(line.account), line.amount.currency.code] += line.amount.minor

    # --- Books ---------------------------------------------------------------------------------

    def entries(self) -> Iterator[SealedEntry]:
        """Stream every entry in the order of the chain, unsealed ones last."""
        seals = [*self._table.seals, *self._seals]
        for index, entry in enumerate(chain(self._table.in_order, self._posted.values())):
            is_sealed = index < len(seals)
            yield SealedEntry(
                key=entry.key,
                kind=entry.kind,
                at=entry.at,
                written=entry.written,
                position=index + 1 if is_sealed else None,
                seal=seals[index] if is_sealed else None,
            )

    def balances(self) -> Iterator[tuple[str, str, int]]:
        """Stream the sum of every account that is not zero, by account and currency."""
        sums = defaultdict(int, self._table.sums)
        for key, minor in sum_by_account(tuple(self._posted.values())).items():
            sums[key] += minor
        for (account, code), minor in sorted(sums.items()):
            if minor:
                yield account, code, minor

    def of_account(self, account: str) -> Iterator[Entry]:
        """Stream the entries that touch an account, in the order of their commits."""
        yield from self._table.of_account.get(account, ())
        for entry in self._posted.values():
            if any(str(line.account) == account for line in entry.lines):
                yield entry

    def entry(self, key: str) -> Entry | None:
        """Return the entry that books a fact."""
        return self._posted.get(key) or self._table.entries.get(key)

    def written(self, keys: Sequence[str]) -> Mapping[str, Written]:
        """Return the lines of the entries that book facts; what is not booked is left out."""
        found = ((key, self.entry(key)) for key in keys)
        return {key: entry.written for key, entry in found if entry is not None}

    def sums(self, account: str) -> Mapping[str, int]:
        """Return an account's sums that are not zero, by currency code."""
        return {code: minor for name, code, minor in self.balances() if name == account}

    def head(self) -> ChainHead | None:
        """Return where the hash chain ends; None before the first seal."""
        seals = [*self._table.seals, *self._seals]
        return ChainHead(len(seals), seals[-1]) if seals else None

    @property
    def unsealed(self) -> int:
        """Return how many entries no seal covers yet."""
        sealed = len(self._table.seals) + len(self._seals)
        return len(self._table.in_order) + len(self._posted) - sealed
