"""What a verification says, and what it carries along while it looks."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from attrs import define, field, frozen

from application.ports.gateway import Gateway
from application.ports.storage import ChainHead, SealedEntry, Unreadable, Views
from domain.errors import BrokenInvariant, DomainError
from domain.ledger import Account, AccountKind

T = TypeVar("T")

MOST_FINDINGS = 1_000
"""More are counted and not kept."""

BUNCH = 500
"""How many things are looked at together: what belongs to them is read with a statement a kind."""

LONGEST_ERROR = 200
"""An error names what is unreadable first, and then everything that it holds."""

Progress = Callable[[str, int, int | None], None]
"""Told what is being looked at, how many of it have been seen, and how many there are, if known."""


def no_progress(what: str, seen: int, of: int | None) -> None:
    """Tell nobody."""


@frozen(kw_only=True)
class Finding:
    """Something that must not be: which invariant, of what, and how it differs."""

    invariant: str
    """I1 … I15, as "What must hold" in docs/domain.md numbers them."""
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
    head: ChainHead | None = None
    """Where the hash chain ends. Kept elsewhere, it shows whether that part was ever rewritten."""

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.findings


_UNREADABLE = (Unreadable, BrokenInvariant, DomainError, LookupError, TypeError, ValueError)


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
    sizes: Mapping[str, int] = field(factory=dict)
    unexplained: dict[tuple[str, str], int] = field(factory=dict)
    findings: list[Finding] = field(factory=list)
    further_findings: int = 0
    notes: list[str] = field(factory=list)
    seen: Counter[str] = field(factory=Counter)
    booked: Counter[str] = field(factory=Counter)
    """How many entries there are of each kind."""
    accounted: Counter[str] = field(factory=Counter)
    """How many of them book something that exists."""
    doubtful_payments: list[str] = field(factory=list)
    """Payments of which the gateway says something else, to be looked at once more."""
    doubtful_payouts: list[str] = field(factory=list)
    stray_charges: list[str] = field(factory=list)
    """Charges that were taken for nothing we know, and wait in suspense."""
    books_are_readable: bool = True
    cash: dict[str, int] = field(factory=dict)
    gateway_cash: dict[str, int] = field(factory=dict)
    head: ChainHead | None = None

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

    @contextmanager
    def checking(self, subject: str) -> Iterator[None]:
        """Wrap the check of one thing: what it holds may contradict what belongs to it."""
        try:
            yield
        except _UNREADABLE as error:
            self.wrong("I2", subject, f"cannot be compared: {_told(error)}")

    def each(self, what: str, stream: Iterable[T]) -> Iterator[T]:
        """Walk a stream; what cannot be read is a finding, and so is a stream that breaks off."""
        rows, of, count = iter(stream), self.sizes.get(what), self.seen[what]
        last: T | None = None
        self.seen[what] = count
        while True:
            try:
                value = next(rows)
            except StopIteration:
                break
            except Unreadable as error:
                self.wrong("I2", error.subject, f"cannot be read: {_shortened(error.reason)}")
                continue
            except _UNREADABLE as error:
                # If this was a row's fault the next one comes; else the stream is over.
                name = _name_of(last)
                self.wrong("I2", what, f"unreadable from the one after {name} on: {_told(error)}")
                continue
            last = value
            count += 1
            if not count % BUNCH:
                self.progress(what, count, of)
            yield value
        self.seen[what] = count
        self.progress(what, count, of)

    def bunches(self, what: str, stream: Iterable[T]) -> Iterator[list[T]]:
        """Walk a stream in bunches."""
        bunch: list[T] = []
        for value in self.each(what, stream):
            bunch.append(value)
            if len(bunch) == BUNCH:
                yield bunch
                bunch = []
        if bunch:
            yield bunch

    def report(self) -> Report:
        """Sum it up."""
        return Report(
            findings=tuple(self.findings),
            further_findings=self.further_findings,
            notes=tuple(self.notes),
            seen=dict(self.seen),
            balances={"books": dict(self.cash), "gateway": dict(self.gateway_cash)},
            head=self.head,
        )


def _told(error: Exception) -> str:
    return _shortened(str(error))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]} …"


def _name_of(value: object) -> str:
    if value is None:
        return "the beginning"
    return value.key if isinstance(value, SealedEntry) else str(getattr(value, "id", "it"))


_NAMED_WITH_COLON = (AccountKind.CASH_GATEWAY, AccountKind.CASH_BANK)


def kind_and_owner(account: str) -> tuple[str, str]:
    """Split an account's text into its kind and its owner."""
    if account in _NAMED_WITH_COLON:
        return account, ""
    kind, _, owner = account.partition(":")
    return kind, owner
