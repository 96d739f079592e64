"""Whatever is written is read again as it was, on both databases."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import fields, frozen
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, insert, select

from adapters.sql import tables
from adapters.sql.database import Database
from adapters.sql.mapper import Mapper
from adapters.sql.repositories.ledger import SqlLedger
from adapters.sql.rows import records
from adapters.sql.rows.bookings import BOOKINGS
from adapters.sql.rows.earnings import ACCOUNTS, BALANCES, LINES, PAYOUTS
from adapters.sql.rows.gigs import GIGS
from adapters.sql.rows.payments import PAYMENTS
from adapters.sql.rows.people import CARDS, SESSIONS, USERS
from adapters.sql.rows.refunds import REFUNDS
from adapters.sql.transaction import Transaction
from adapters.sql.views.books import SqlBooks
from domain.events import EVENTS, Event
from domain.ledger import Account, Entry
from tests import strategies
from tests.builders import NOW


@frozen
class Mapped:
    """How one kind of value goes to its table and comes back."""

    kind: str
    table: Table
    to_row: Callable[[Any], dict[str, Any]]
    from_row: Callable[[Any], Any]

    @classmethod
    def by(cls, kind: str, mapper: Mapper[Any]) -> "Mapped":
        """Return what a mapper does."""
        return cls(kind, mapper.table, mapper.to_row, mapper.from_row)


MAPPED = (
    Mapped.by("user", USERS),
    Mapped.by("session", SESSIONS),
    Mapped.by("gig", GIGS),
    Mapped.by("booking", BOOKINGS),
    Mapped.by("payment", PAYMENTS),
    Mapped.by("refund", REFUNDS),
    Mapped.by("card", CARDS),
    Mapped.by("account", ACCOUNTS),
    Mapped.by("balance", BALANCES),
    Mapped.by("earning_line", LINES),
    Mapped.by("payout", PAYOUTS),
    Mapped.by("operation", records.OPERATIONS),
    Mapped.by("delivery", records.DELIVERIES),
    Mapped(
        "idempotency_record",
        tables.idempotency_keys,
        records.idempotency_to_row,
        records.idempotency_from_row,
    ),
    Mapped("audit_entry", tables.audit_log, records.audit_to_row, records.audit_from_row),
    Mapped(
        "event",
        tables.outbox,
        lambda event: records.event_to_row("msg_1", event),
        lambda row: records.message_from_row(row).event,
    ),
)


# What is written is rolled back: foreign keys, which are checked at the end, have nothing to say.
# A part of the profile's examples, larger in CI: each is drawn for two databases, which costs.
examples = settings(
    max_examples=settings().max_examples // (4 if os.environ.get("CI") == "true" else 8),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def test_every_kind_of_value_is_tried_here() -> None:
    assert {mapped.kind for mapped in MAPPED} | {"entry"} == set(strategies.KINDS)


@pytest.mark.parametrize("mapped", MAPPED, ids=lambda mapped: mapped.kind)
@examples
@given(data=st.data())
def test_a_value_is_read_as_it_was_written(
    database: Database, mapped: Mapped, data: st.DataObject
) -> None:
    value = data.draw(strategies.KINDS[mapped.kind]())
    with database.writer.connect() as connection:
        connection.execute(insert(mapped.table), mapped.to_row(value))
        assert mapped.from_row(connection.execute(select(mapped.table)).one()) == value


@pytest.mark.parametrize("mapped", MAPPED, ids=lambda mapped: mapped.kind)
def test_every_field_is_tried_with_more_than_its_default(mapped: Mapped) -> None:
    # A field that always has its default is read as it was even if no column holds it.
    names: set[str] = set()
    varied: set[str] = set()

    @settings(phases=[Phase.generate], database=None, derandomize=True)
    @given(strategies.KINDS[mapped.kind]())
    def look(value: Any) -> None:
        defaults = {each.name: each.default for each in fields(type(value)) if each.eq}
        names.update(defaults)
        varied.update(name for name in defaults if getattr(value, name) != defaults[name])

    look()
    assert names - varied == set()


@examples
@given(entry=strategies.entries())
def test_an_entry_is_read_as_it_was_posted(database: Database, entry: Entry) -> None:
    with database.writer.connect() as connection:
        transaction = Transaction(connection, is_postgresql=connection.dialect.name == "postgresql")
        assert SqlLedger(transaction).post(entry)
        assert SqlBooks(transaction).entry(entry.key) == entry


@given(account=strategies.ledger_accounts())
def test_an_account_is_read_as_it_was_written(account: Account) -> None:
    assert Account.parse(str(account)) == account


def test_every_event_has_only_fields_that_a_row_can_hold() -> None:
    kinds = {field.type for event in EVENTS.values() for field in fields(event)}
    assert kinds <= {str, int, bool, datetime}


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_an_event_is_found_by_its_name(event: type[Event]) -> None:
    assert EVENTS[event.__name__] is event


def test_an_instant_comes_back_in_utc(database: Database) -> None:
    with database.writer.connect() as connection:
        connection.execute(insert(tables.audit_log), _note("aud_1", NOW))
        row = connection.execute(select(tables.audit_log)).one()
        assert row.created_at.tzinfo is UTC


def test_an_instant_of_another_zone_is_the_same_instant(database: Database) -> None:
    in_tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    with database.writer.connect() as connection:
        connection.execute(insert(tables.audit_log), _note("aud_1", NOW))
        same = select(tables.audit_log.c.id).where(tables.audit_log.c.created_at == in_tokyo)
        assert connection.scalar(same) == "aud_1"


@given(instants=st.lists(strategies.instants(), min_size=2, max_size=8, unique=True))
@examples
def test_instants_sort_in_their_order(database: Database, instants: list[datetime]) -> None:
    with database.writer.connect() as connection:
        notes = [_note(f"aud_{number}", at) for number, at in enumerate(instants)]
        connection.execute(insert(tables.audit_log), notes)
        created_at = tables.audit_log.c.created_at
        assert connection.scalars(select(created_at).order_by(created_at)).all() == sorted(instants)


def _note(id: str, at: datetime) -> dict[str, Any]:
    return {
        "id": id,
        "actor_id": None,
        "action": "look",
        "subject": "pay_1",
        "before": {},
        "after": {},
        "request_id": None,
        "created_at": at,
    }
