"""A database on PostgreSQL is damaged by hand, and it is found out there too."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from attrs import frozen

from adapters.sql import migrate, sql_storage
from application.refunds import RefundPayment
from application.verification import Report, Verification
from domain.ids import PaymentId
from entrypoints.http.card_numbers import holds_card_number
from tests.builders import after
from tests.contract.storage.sql_harness import CountingIds
from tests.postgres import PostgresServer, postgres
from tests.town import Town, a_town

__all__ = ["postgres"]

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("verifying_postgresql")]

NEWEST = "(SELECT seq FROM ledger_entries ORDER BY position DESC NULLS LAST LIMIT 1)"
ITS_ENTRY = "(SELECT seq FROM ledger_entries WHERE key = 'payment_succeeded:{ahead}')"
OF_AHEAD = "(SELECT booking_id FROM payments WHERE id = '{ahead}')"
OF_REFUNDED = "(SELECT booking_id FROM payments WHERE id = '{refunded}')"


@frozen(kw_only=True)
class Lived:
    """A database in which something happened."""

    server: PostgresServer
    url: str
    town: Town
    ahead: PaymentId
    refunded: PaymentId

    def prove(self, *damage: str) -> Report:
        """Damage a copy of it, and verify that."""
        copy = self.server.new_database()
        name, original = copy.rpartition("/")[2], self.url.rpartition("/")[2]
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}"'.encode())
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{original}"'.encode())
        with psycopg.connect(copy) as connection:
            # As a superuser may: no foreign key is asked.
            connection.execute("SET session_replication_role = replica")
            for statement in damage:
                told = statement.format(ahead=self.ahead, refunded=self.refunded, newest=NEWEST)
                assert connection.execute(told.encode()).rowcount > 0, told
        storage = sql_storage(copy, CountingIds())
        try:
            return Verification(
                read=storage.read,
                gateway=self.town.installation.pieces.gateway,
                wall=self.town.clock,
                each_at_gateway=True,
                holds_card_number=holds_card_number,
            ).run()
        finally:
            storage.close()


@pytest.fixture(scope="module")
def lived(postgres: PostgresServer) -> Iterator[Lived]:
    """Lend a database on which a lesson was given and paid out, and others lie ahead."""
    with postgres.database() as url:
        migrate(url)
        storage = sql_storage(url, CountingIds())
        with a_town(storage) as town:
            town.pay(town.book(after(days=1)))
            town.pass_time(days=5)
            ahead = town.pay(town.book(town.clock.now() + timedelta(days=5)))
            refunded = town.pay(town.book(town.clock.now() + timedelta(days=6)))
            refund = RefundPayment(payment_id=refunded, amount="30.00", reason="A favour.")
            town.installation.bus.handle(refund, town.admin)
            town.settle()
            storage.close()  # A database is copied only while nobody is connected to it.
            yield Lived(server=postgres, url=url, town=town, ahead=ahead, refunded=refunded)


def test_books_that_nobody_touched_are_right(lived: Lived) -> None:
    report = lived.prove()
    assert report.findings == ()
    assert report.seen["payments"] == 3
    assert report.seen["payouts"] == 1


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            [f"UPDATE ledger_lines SET amount = 10001 WHERE line = 0 AND entry_seq = {ITS_ENTRY}"],
            "I1  entry payment_succeeded:{ahead}: sums to 1 usd, not to zero",
        ),
        (
            [
                "DELETE FROM ledger_lines WHERE entry_seq = {newest}",
                "DELETE FROM ledger_entries WHERE seq = {newest}",
            ],
            ": 1 cut off",
        ),
        (
            [
                f"DELETE FROM ledger_lines WHERE entry_seq = {ITS_ENTRY}",
                "DELETE FROM ledger_entries WHERE key = 'payment_succeeded:{ahead}'",
            ],
            "I4  {ahead}: is succeeded, but payment_succeeded:{ahead} is not booked",
        ),
        (
            ["UPDATE refunds SET amount = amount * 2, promotion = promotion - amount"],
            "I5  {refunded}: refunded is 3000 usd, but its refunds come to 6000",
        ),
        (
            [
                f"UPDATE bookings SET {name} = {name} - interval '1 day' WHERE id = {OF_REFUNDED}"
                for name in ("starts_at", "ends_at")
            ],
            "overlaps bk_",
        ),
        (
            ["UPDATE refunds SET reason = 'to 4242 4242 4242 4242'"],
            "holds what looks like a card number",
        ),
        ([f"DELETE FROM bookings WHERE id = {OF_AHEAD}"], "which does not exist"),
        (
            ["UPDATE earning_lines SET amount = amount + 1 WHERE payment_id = '{ahead}'"],
            "I6  {ahead}: ",
        ),
    ],
)
def test_each_of_these_damages_is_found(lived: Lived, damage: list[str], told: str) -> None:
    found = [str(finding) for finding in lived.prove(*damage).findings]
    wanted = told.format(ahead=lived.ahead, refunded=lived.refunded)
    assert any(wanted in each for each in found), found
