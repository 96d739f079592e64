"""What a verification says, and what it carries along while it looks."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from attrs import define, field, frozen

from application.ports.gateway import Gateway
from application.ports.storage import SealedEntry, Views
from domain.earnings import TeacherBalance
from domain.errors import BrokenInvariant, DomainError
from domain.ledger import Account, AccountKind, Entry

T = TypeVar("T")

MOST_FINDINGS = 1_000
"""More are counted and not kept."""

REPORT_EVERY = 500

LONGEST_ERROR = 200
"""An error names what is unreadable first, and then everything that it holds."""

Progress = Callable[[str, int], None]
"""Told what is being looked at, and how many of it have been seen."""


def no_progress(what: str, seen: int) -> None:
    """Tell nobody."""


@frozen(kw_only=True)
class Finding:
    """Something that must not be: which invariant, of what, and how it differs."""

    invariant: str
    """I1 … I13, as "What must hold" in docs/domain.md numbers them."""
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant}  {self.subject}: {self.detail}"


@frozen(kw_only=True)
class Report:
    """The outcome of a verification. `notes` are worth knowing and not wrong."""

    findings: tuple[Finding, ...]
    further_findings: int
    notes: tuple[str, ...]
    seen: Mapping[str, int]
    """How many of what were looked at."""
    balances: Mapping[str, Mapping[str, int]]
    """What the books and the gateway hold, by currency, in minor units."""

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.findings


@frozen(kw_only=True)
class Booked:
    """What the ledger says of a fact. An entry that cannot be read exists all the same."""

    exists: bool
    entry: Entry | None = None

    def on(self, account: Account) -> int | None:
        """Return what it books on an account, in minor units; None if nobody can tell."""
        if self.entry is None:
            return None
        return sum(line.amount.minor for line in self.entry.lines if line.account == account)


_UNREADABLE = (BrokenInvariant, DomainError, LookupError, ValueError)


@define(kw_only=True)
class Look:
    """One verification under way.

    `unexplained` holds every balance of the ledger that is not zero; each check takes out what it
    can account for, so that what is left at the end is nobody's. It is as large as what is open,
    not as what ever happened.
    """

    views: Views
    gateway: Gateway
    progress: Progress
    each_at_gateway: bool
    unexplained: dict[tuple[str, str], int] = field(factory=dict)
    findings: list[Finding] = field(factory=list)
    further_findings: int = 0
    notes: list[str] = field(factory=list)
    seen: Counter[str] = field(factory=Counter)
    stray_charges: list[str] = field(factory=list)
    """Charges that were taken for nothing we know, and wait in suspense."""
    books_are_readable: bool = True
    cash: dict[str, int] = field(factory=dict)
    gateway_cash: dict[str, int] = field(factory=dict)

    def wrong(self, invariant: str, subject: str, detail: str) -> None:
        """Note a finding."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(invariant=invariant, subject=subject, detail=detail))
        else:
            self.further_findings += 1

    def expect(
        self, invariant: str, account: Account, amount: int, currency: str, because: str
    ) -> None:
        """Take an account's balance out, and note a finding unless it is `amount`."""
        found = self.unexplained.pop((str(account), currency), 0)
        if found != amount and self.books_are_readable:
            self.wrong(
                invariant, str(account), f"holds {found} {currency}, not {amount}: {because}"
            )

    def booked(self, key: str) -> Booked:
        """Look the entry of a fact up."""
        try:
            entry = self.views.books.entry(key)
        except _UNREADABLE as error:
            self.wrong("I1", f"entry {key}", f"cannot be read: {_told(error)}")
            return Booked(exists=True)
        return Booked(exists=entry is not None, entry=entry)

    @contextmanager
    def checking(self, subject: str) -> Iterator[None]:
        """Wrap the check of one thing: what it refers to may be unreadable."""
        try:
            yield
        except _UNREADABLE as error:
            self.wrong("I2", subject, f"something that it refers to cannot be read: {_told(error)}")

    def each(self, what: str, stream: Iterator[T]) -> Iterator[T]:
        """Walk a stream; one that breaks off on an impossible value is a finding."""
        last = "the beginning"
        while True:
            try:
                value = next(stream)
            except StopIteration:
                break
            except _UNREADABLE as error:
                self.wrong("I2", what, f"unreadable from the one after {last} on: {_told(error)}")
                break
            last = _name_of(value)
            self.seen[what] += 1
            if self.seen[what] % REPORT_EVERY == 0:
                self.progress(what, self.seen[what])
            yield value
        self.progress(what, self.seen[what])

    def report(self) -> Report:
        """Sum it up."""
        return Report(
            findings=tuple(self.findings),
            further_findings=self.further_findings,
            notes=tuple(self.notes),
            seen=dict(self.seen),
            balances={"books": dict(self.cash), "gateway": dict(self.gateway_cash)},
        )


def _told(error: Exception) -> str:
    text = str(error)
    return text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]} …"


def _name_of(value: object) -> str:
    if isinstance(value, SealedEntry):
        return value.entry.key
    if isinstance(value, TeacherBalance):
        return f"{value.teacher_id} {value.currency}"
    return str(getattr(value, "id", "it"))


_NAMED_WITH_COLON = (AccountKind.CASH_GATEWAY, AccountKind.CASH_BANK)


def kind_and_owner(account: str) -> tuple[str, str]:
    """Split an account's text into its kind and its owner."""
    if account in _NAMED_WITH_COLON:
        return account, ""
    kind, _, owner = account.partition(":")
    return kind, owner
