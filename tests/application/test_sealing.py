"""The ledger's hash chain."""

import hashlib
from datetime import timedelta
from functools import partial

import pytest
from attrs import evolve

from application.ports.storage import Unit
from application.sealing import GENESIS, canonical, seal
from application.upkeep import SealLedger
from domain.errors import Forbidden
from domain.ledger import Entry
from tests.builders import an_entry
from tests.market import Market


def test_a_seal_covers_the_one_before_and_the_entry() -> None:
    entry = an_entry()

    sealed = seal(GENESIS, entry)

    text = f"{GENESIS}\n{canonical(entry)}".encode()
    assert sealed == hashlib.sha256(text).hexdigest()
    assert seal(sealed, entry) != sealed


def test_the_order_of_lines_does_not_matter() -> None:
    entry = an_entry()

    assert canonical(evolve(entry, lines=entry.lines[::-1])) == canonical(entry)


def test_any_change_of_an_entry_changes_its_seal() -> None:
    entry = an_entry()
    changes = (
        evolve(entry, key="other"),
        evolve(entry, kind="other"),
        evolve(entry, at=entry.at + timedelta(microseconds=1)),
        evolve(
            entry,
            lines=tuple(evolve(line, amount=line.amount + line.amount) for line in entry.lines),
        ),
    )

    assert len({seal(GENESIS, one) for one in (entry, *changes)}) == 1 + len(changes)


def posted(unit: Unit, entry: Entry) -> bool:
    """Append an entry."""
    return unit.ledger.post(entry)


def test_the_worker_chains_committed_entries_in_bounded_batches() -> None:
    market = Market()
    for number in range(5):
        market.storage.work(partial(posted, entry=an_entry(f"key:{number}")))

    assert [market.do(SealLedger(limit=2)) for _ in range(4)] == [2, 2, 1, 0]

    chain = market.storage.read(lambda views: list(views.books.entries()))
    previous = GENESIS
    for position, sealed in enumerate(chain, start=1):
        previous = seal(previous, sealed.entry)
        assert (sealed.position, sealed.seal) == (position, previous)


def test_nobody_else_seals() -> None:
    market = Market()

    with pytest.raises(Forbidden):
        market.do(SealLedger(), market.admin())
