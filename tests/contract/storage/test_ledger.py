"""The ledger, its books and its hash chain."""

from collections.abc import Iterable

import pytest
from attrs import evolve

from application.ports.storage import SealedEntry, Storage, Unit
from application.sealing import GENESIS, seal
from domain.ledger import BANK, CASH, FEE, Account, AccountKind, Entry, Line, payable
from domain.money import Money
from tests.builders import EUR, JPY, NOW, TEACHER, USD, after, an_entry, dollars
from tests.contract.storage.keeping import keep


def post(storage: Storage, entry: Entry) -> bool:
    return storage.work(lambda unit: unit.ledger.post(entry))


def seal_up_to(storage: Storage, limit: int) -> int:
    return storage.work(lambda unit: unit.ledger.seal(limit))


def entries(storage: Storage) -> list[SealedEntry]:
    return storage.read(lambda views: list(views.books.entries()))


def is_whole(chain: Iterable[SealedEntry]) -> bool:
    """Prove a chain as verification does: every seal from the one before."""
    previous = GENESIS
    for link in chain:
        previous = seal(previous, link.entry)
        if link.seal != previous:
            return False
    return True


# --- Posting ---


def test_an_entry_is_posted_with_every_line_in_its_place(storage: Storage) -> None:
    entry = Entry(
        key="lesson_ended:pay_1",
        kind="lesson_ended",
        at=after(seconds=1.000001),
        lines=(
            Line(Account(AccountKind.FEE_DEFERRED, "bk_1"), dollars(1500)),
            Line(FEE, dollars(-1500)),
            Line(payable(TEACHER), Money(-7, JPY)),
            Line(CASH, Money(7, JPY)),
            Line(Account(AccountKind.PENDING, "bk_1,usr_1"), dollars(8500)),
            Line(payable(TEACHER), dollars(-8500)),
        ),
    )
    assert post(storage, entry)
    assert storage.read(lambda views: views.books.entry("lesson_ended:pay_1")) == entry
    assert [sealed.entry for sealed in entries(storage)] == [entry]


def test_a_fact_is_booked_once(storage: Storage) -> None:
    assert post(storage, an_entry("bank_payout:po_1", 500))
    assert not post(storage, an_entry("bank_payout:po_1", 700))
    assert storage.work(lambda unit: unit.ledger.balance("cash:bank", USD)) == 500
    assert len(entries(storage)) == 1


def test_a_fact_is_booked_once_within_a_unit(storage: Storage) -> None:
    def decide(unit: Unit) -> list[bool]:
        return [unit.ledger.post(an_entry("bank_payout:po_1", 500)) for _ in range(2)]

    assert storage.work(decide) == [True, False]
    assert storage.work(lambda unit: unit.ledger.balance("cash:bank", USD)) == 500


def test_a_unit_goes_on_after_a_fact_that_was_booked_already(storage: Storage) -> None:
    post(storage, an_entry("bank_payout:po_1", 500))

    def decide(unit: Unit) -> bool:
        unit.ledger.post(an_entry("bank_payout:po_1", 500))
        return unit.ledger.post(an_entry("bank_payout:po_2", 300))

    assert storage.work(decide)
    assert storage.work(lambda unit: unit.ledger.balance("cash:bank", USD)) == 800


def test_an_unknown_fact_has_no_entry(storage: Storage) -> None:
    assert storage.read(lambda views: views.books.entry("bank_payout:po_1")) is None


def test_an_entry_of_a_unit_that_fails_is_not_booked(storage: Storage) -> None:
    def decide(unit: Unit) -> None:
        unit.ledger.post(an_entry("bank_payout:po_1"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        storage.work(decide)
    assert entries(storage) == []
    assert storage.read(lambda views: list(views.books.balances())) == []


# --- Balances ---


def test_a_balance_is_the_signed_sum_of_an_account_in_one_currency(storage: Storage) -> None:
    keep(
        storage,
        an_entry("bank_payout:po_1", 500),
        an_entry("bank_payout_failed:po_1", 200, debit=CASH, credit=BANK),
        an_entry("bank_payout:po_2", 90, of=EUR),
    )

    def decide(unit: Unit) -> list[int]:
        return [
            unit.ledger.balance(account, of)
            for account in ("cash:bank", "cash:gateway", "fee")
            for of in (USD, EUR)
        ]

    assert storage.work(decide) == [300, 90, -300, -90, 0, 0]


def test_an_account_that_two_lines_touch_counts_both(storage: Storage) -> None:
    lines = (Line(CASH, dollars(5)), Line(CASH, dollars(7)), Line(BANK, dollars(-12)))
    entry = Entry(key="twice:1", kind="twice", lines=lines, at=NOW)
    post(storage, entry)
    assert storage.work(lambda unit: unit.ledger.balance("cash:gateway", USD)) == 12
    assert storage.read(lambda views: list(views.books.of_account("cash:gateway"))) == [entry]


def test_an_account_is_not_the_one_whose_name_it_begins(storage: Storage) -> None:
    post(storage, an_entry("a:1", 5, debit=payable("usr_1"), credit=CASH))
    post(storage, an_entry("a:2", 7, debit=payable("usr_12"), credit=CASH))
    assert storage.work(lambda unit: unit.ledger.balance("payable:usr_1", USD)) == 5
    found = storage.read(lambda views: list(views.books.of_account("payable:usr_1")))
    assert [entry.key for entry in found] == ["a:1"]


def test_a_unit_sees_the_balance_of_what_it_posts(storage: Storage) -> None:
    post(storage, an_entry("bank_payout:po_1", 500))

    def decide(unit: Unit) -> int:
        unit.ledger.post(an_entry("bank_payout:po_2", 300))
        return unit.ledger.balance("cash:bank", USD)

    assert storage.work(decide) == 800


def test_balances_are_all_sums_that_are_not_zero(storage: Storage) -> None:
    keep(
        storage,
        an_entry("a:1", 500),
        an_entry("a:2", 70, of=EUR),
        an_entry("a:3", 40, debit=payable(TEACHER), credit=FEE),
        an_entry("a:4", 40, debit=FEE, credit=payable(TEACHER)),
    )
    balances = storage.read(lambda views: list(views.books.balances()))
    assert sorted(balances) == [
        ("cash:bank", "eur", 70),
        ("cash:bank", "usd", 500),
        ("cash:gateway", "eur", -70),
        ("cash:gateway", "usd", -500),
    ]


def test_an_accounts_entries_are_oldest_first(storage: Storage) -> None:
    first = an_entry("a:1", 1, at=NOW)
    second = an_entry("a:2", 2, debit=payable(TEACHER), credit=CASH, at=after(hours=1))
    third = an_entry("a:3", 3, debit=FEE, credit=BANK, at=after(hours=2))
    for entry in (first, second, third):
        post(storage, entry)

    def of(account: str) -> list[Entry]:
        return storage.read(lambda views: list(views.books.of_account(account)))

    assert of("cash:gateway") == [first, second]
    assert of("cash:bank") == [first, third]
    assert of("suspense") == []


def test_a_units_own_books_show_what_it_posts(storage: Storage) -> None:
    first, second = an_entry("a:1", 500), an_entry("a:2", 300)
    post(storage, first)

    def decide(unit: Unit) -> tuple[object, ...]:
        unit.ledger.post(second)
        books = unit.views.books
        return (
            [link.entry for link in books.entries()],
            sorted(books.balances()),
            list(books.of_account("cash:bank")),
            books.entry("a:2"),
        )

    balances = [("cash:bank", "usd", 800), ("cash:gateway", "usd", -800)]
    assert storage.work(decide) == ([first, second], balances, [first, second], second)


# --- The chain ---


def posted(storage: Storage, count: int, first: int = 1) -> list[Entry]:
    made = [an_entry(f"a:{first + n:03}", first + n, at=after(seconds=n)) for n in range(count)]
    for entry in made:
        post(storage, entry)
    return made


def test_entries_are_unsealed_at_first(storage: Storage) -> None:
    posted(storage, 2)
    assert [(link.position, link.seal) for link in entries(storage)] == [(None, None)] * 2


def test_sealing_chains_entries_from_the_genesis_on(storage: Storage) -> None:
    first, second = posted(storage, 2)
    assert seal_up_to(storage, 10) == 2
    one, two = entries(storage)
    assert (one.entry, two.entry) == (first, second)
    assert one.seal == seal(GENESIS, first)
    assert two.seal == seal(one.seal, second)


def test_positions_rise_by_one_from_one(storage: Storage) -> None:
    posted(storage, 3)
    seal_up_to(storage, 10)
    assert [link.position for link in entries(storage)] == [1, 2, 3]


def test_no_more_is_sealed_than_asked_for(storage: Storage) -> None:
    posted(storage, 5)
    assert seal_up_to(storage, 3) == 3
    assert [link.position for link in entries(storage)] == [1, 2, 3, None, None]
    assert [link.entry.key for link in entries(storage)] == [f"a:{n:03}" for n in range(1, 6)]


def test_sealing_goes_on_where_it_ended(storage: Storage) -> None:
    posted(storage, 5)
    assert [seal_up_to(storage, 2) for _ in range(4)] == [2, 2, 1, 0]
    assert is_whole(entries(storage))


def test_entries_that_come_later_are_chained_after_the_others(storage: Storage) -> None:
    posted(storage, 2)
    seal_up_to(storage, 10)
    posted(storage, 2, first=3)
    seal_up_to(storage, 10)
    chain = entries(storage)
    assert [link.position for link in chain] == [1, 2, 3, 4]
    assert is_whole(chain)


def test_to_seal_again_changes_nothing(storage: Storage) -> None:
    posted(storage, 3)
    seal_up_to(storage, 10)
    before = entries(storage)
    assert seal_up_to(storage, 10) == 0
    assert entries(storage) == before


def test_to_seal_an_empty_ledger_does_nothing(storage: Storage) -> None:
    assert seal_up_to(storage, 10) == 0


def test_a_seal_of_a_unit_that_fails_is_undone(storage: Storage) -> None:
    posted(storage, 2)

    def decide(unit: Unit) -> None:
        unit.ledger.seal(10)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        storage.work(decide)
    assert [link.seal for link in entries(storage)] == [None, None]
    assert seal_up_to(storage, 10) == 2
    assert is_whole(entries(storage))


def test_the_chain_breaks_when_an_amount_was_altered(storage: Storage) -> None:
    posted(storage, 3)
    seal_up_to(storage, 10)
    one, two, three = entries(storage)
    forged = evolve(two, written=(("cash:bank", "usd", 999), ("cash:gateway", "usd", -999)))
    assert is_whole([one, two, three])
    assert not is_whole([one, forged, three])


def test_the_chain_breaks_when_entries_are_left_out_or_swapped(storage: Storage) -> None:
    posted(storage, 3)
    seal_up_to(storage, 10)
    one, two, three = entries(storage)
    assert not is_whole([one, three])
    assert not is_whole([two, one, three])


def test_every_storage_seals_the_same_entry_in_the_same_way(storage: Storage) -> None:
    post(storage, an_entry("bank_payout:po_1", 1000))
    seal_up_to(storage, 1)
    (link,) = entries(storage)
    assert link.seal == "0bcd4e94fc875f024b6585f2c85ea7d43f4ecf18846bbe31e63d81d46da7c679"
