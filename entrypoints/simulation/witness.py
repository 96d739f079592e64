"""Somebody who sees every commit of ours and of the payment world, and compares.

    witness.committed(changes)      # from the ports, after each unit
    witness.broken                  # what must never happen, and did

The books are kept a second time here, from nothing but the entries that were posted; aggregates are
kept as they were last saved. The invariants are functions in `entrypoints.simulation.invariants`,
each looking only at what a unit touched, so that all of them are checked after every commit.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from attrs import define, field, frozen

from application.ports.records import IdempotencyRecord
from domain.earnings import TeacherBalance
from domain.ledger import Entry
from entrypoints.simulation.ports import Change
from entrypoints.simulation.truth import Truth


@frozen
class Broken:
    """An invariant that does not hold, of what, and how."""

    invariant: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant}  {self.subject}: {self.detail}"


def _key_of(value: Any) -> object:
    if isinstance(value, TeacherBalance):
        return value.teacher_id, value.currency.code
    if isinstance(value, IdempotencyRecord):
        return value.scope, value.key
    return value.teacher_id if not hasattr(value, "id") else value.id


@define
class Mirror:
    """What was committed last, by repository and id."""

    kept: dict[str, dict[Any, Any]] = field(factory=lambda: defaultdict(dict))
    books: dict[tuple[str, str], int] = field(factory=lambda: defaultdict(int))
    """Every account's sum, replayed: (account, currency) to minor units, debit positive."""
    entries: dict[str, Entry] = field(factory=dict)
    cash: dict[tuple[str, str | None], int] = field(factory=lambda: defaultdict(int))
    """What was booked as cash, by the kind of movement and what moved."""

    def all(self, repository: str) -> list[Any]:
        """Return everything of a kind, in the order in which it was first committed."""
        return list(self.kept[repository].values())

    def get(self, repository: str, id: object) -> Any | None:
        """Return one thing."""
        return self.kept[repository].get(id)

    def balance(self, account: object, currency: str) -> int:
        """Return an account's sum."""
        return self.books.get((str(account), currency), 0)


@define
class Touched:
    """What one unit wrote: each value, with the one that was there before."""

    steps: list[tuple[str, Any, Any]] = field(factory=list)
    """Every save: repository, before, now. A unit may save one thing several times."""
    ends: dict[tuple[str, object], tuple[Any, Any]] = field(factory=dict)
    """Before the unit and after it, by repository and id."""
    entries: list[Entry] = field(factory=list)
    accounts: set[tuple[str, str]] = field(factory=set)

    def of(self, kind: type[Any]) -> Iterable[tuple[Any, Any]]:
        """Return what was written of a class: the value before, and the value now."""
        return [(before, now) for before, now in self.ends.values() if isinstance(now, kind)]


@define(eq=False)
class Sight:
    """What an invariant is given: all that is known, and what was just touched."""

    mirror: Mirror
    truth: Truth
    touched: Touched
    broken: list[Broken]

    def wrong(self, invariant: str, subject: object, detail: str) -> None:
        """Note that an invariant does not hold."""
        self.broken.append(Broken(invariant, str(subject), detail))


Invariant = Callable[[Sight], None]

INVARIANTS: list[Invariant] = []
"""All that is checked after each commit, filled by `always`."""


def always(check: Invariant) -> Invariant:
    """Register a function that checks what a unit touched."""
    INVARIANTS.append(check)
    return check


@define(eq=False)
class Witness:
    """Keep what is committed, and check it."""

    truth: Truth
    invariants: Sequence[Invariant]
    mirror: Mirror = field(factory=Mirror)
    broken: list[Broken] = field(factory=list)
    checks: int = 0

    def report(self, invariant: str, subject: object, detail: str) -> None:
        """Note that an invariant does not hold."""
        self.broken.append(Broken(invariant, str(subject), detail))

    def committed(self, changes: Sequence[Change]) -> None:
        """Take in a unit of ours."""
        touched = Touched()
        for change in changes:
            self._take(change, touched)
        self._check(touched)

    def world_moved(self) -> None:
        """Check what the payment world did since the last look."""
        if self.truth.changed:
            self._check(Touched())

    def _check(self, touched: Touched) -> None:
        sight = Sight(self.mirror, self.truth, touched, self.broken)
        for check in self.invariants:
            check(sight)
        self.checks += len(self.invariants)
        self.truth.look_away()

    def _take(self, change: Change, touched: Touched) -> None:
        match change:
            case Change("ledger", "post", Entry() as entry):
                self._post(entry, touched)
            case Change("idempotency", "drop" | "prune"):
                self._forget(change)
            case Change(repository, "save" | "receive" | "insert" | "update", value):
                self._keep(repository, value, touched)
            case Change(repository, "save_all" | "claim_due", values):
                for value in values:
                    self._keep(repository, value, touched)
            case _:
                pass  # What is sealed, or handed over, is looked at when all is at rest.

    def _forget(self, change: Change) -> None:
        keys = self.mirror.kept["idempotency"]
        if change.method == "drop":
            keys.pop(change.value, None)
            return
        for old in [key for key, record in keys.items() if record.created_at < change.value]:
            del keys[old]

    def _keep(self, repository: str, value: Any, touched: Touched) -> None:
        kept, key = self.mirror.kept[repository], _key_of(value)
        before = kept.get(key)
        touched.steps.append((repository, before, value))
        first, _ = touched.ends.get((repository, key), (before, None))
        touched.ends[repository, key] = (first, value)
        kept[key] = value

    def _post(self, entry: Entry, touched: Touched) -> None:
        touched.entries.append(entry)
        for line in entry.lines:
            key = (str(line.account), line.amount.currency.code)
            self.mirror.books[key] += line.amount.minor
            touched.accounts.add(key)
