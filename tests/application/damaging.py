"""A database in which everything happened, to be damaged by hand."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve, frozen

from adapters.sql import migrate, sql_storage
from application.refunds import RefundPayment
from application.verification import Report, Verification
from domain.ids import PaymentId
from domain.policies import Fault as Blame
from entrypoints.http.card_numbers import holds_card_number
from tests.builders import after
from tests.contract.storage.sql_harness import CountingIds
from tests.town import Town, a_town


@frozen(kw_only=True)
class Books:
    """A database in which everything happened, at rest, and what is in it."""

    path: Path
    town: Town
    ahead: PaymentId
    """Paid for a lesson that lies ahead."""
    paid_out: PaymentId
    """Of a lesson whose money reached the teacher."""
    refunded: PaymentId
    """Of a lesson ahead, a part given back."""
    in_debt: PaymentId
    """Given back after its payout: the teacher owes it."""
    cancelled: PaymentId
    """Given back in full, for a lesson that was called off in time."""

    def verify(self) -> Report:
        """Look at the database as it is now."""
        storage = sql_storage(f"sqlite:///{self.path}", CountingIds())
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

    def prepare(self, statement: str, *values: object) -> None:
        """Change the database, as a part of some damage."""
        with sqlite3.connect(self.path) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute(statement, values)

    def damage(self, statement: str, *values: object) -> list[str]:
        """Change the database behind everybody's back, and return what is found then."""
        with sqlite3.connect(self.path) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            changed = connection.execute(statement, values).rowcount
        assert changed == 1, f"{changed} rows were changed"
        return [str(finding) for finding in self.verify().findings]


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    path = tmp_path_factory.mktemp("books") / "lived.db"
    migrate(f"sqlite:///{path}")
    storage = sql_storage(f"sqlite:///{path}", CountingIds())
    with a_town(storage) as town:
        bus = town.installation.bus
        paid_out = town.pay(town.book(after(days=1)))
        in_debt = town.pay(town.book(after(days=2)))
        cancelled = town.book(after(days=3))
        called_off = town.pay(cancelled)
        town.pass_time(days=2, hours=8)
        town.cancel(cancelled)
        town.pass_time(days=7)
        bus.handle(
            RefundPayment(payment_id=in_debt, reason="A complaint.", fault=Blame.TEACHER),
            town.admin,
        )
        ahead = town.pay(town.book(town.clock.now() + timedelta(days=5)))
        refunded = town.pay(town.book(town.clock.now() + timedelta(days=6)))
        refund = RefundPayment(payment_id=refunded, amount="30.00", reason="A favour.")
        bus.handle(refund, town.admin)
        town.settle()
        yield Books(
            path=path,
            town=town,
            ahead=ahead,
            paid_out=paid_out,
            refunded=refunded,
            in_debt=in_debt,
            cancelled=called_off,
        )


@pytest.fixture
def books(lived: Books, tmp_path: Path) -> Books:
    copied = tmp_path / "copied.db"
    with sqlite3.connect(lived.path) as source, sqlite3.connect(copied) as target:
        source.backup(target)
    return evolve(lived, path=copied)
