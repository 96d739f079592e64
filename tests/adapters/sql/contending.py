"""What several processes do to one database at once."""

from itertools import count

from adapters.sql.database import Database
from adapters.sql.engines import open_database
from adapters.sql.storage import SqlUnitOfWork
from adapters.sql.turns import NoTurns
from application.ports.storage import Unit
from domain.ids import PREFIXES
from tests.builders import TEACHER, USD, an_entry, dollars

FACTS = 10
"""How many facts all contenders want to book."""


class OwnIds:
    """Ids that no other process mints."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._numbers = count()

    def new(self, kind: str) -> str:
        """Return the next id."""
        return f"{PREFIXES[kind]}_{self._process:06d}{next(self._numbers):020d}"


def contend(url: str, process: int, rounds: int, *, with_turns: bool = True) -> int:
    """Pay a cent to the teacher in each round, and book facts that the others book as well.

    Return how many facts this process was the first to book.
    """
    database = open_database(url)
    if not with_turns:
        database = Database(writer=database.writer, reader=database.reader, turns=NoTurns())
    work = SqlUnitOfWork(database, OwnIds(process))

    def once(number: int) -> bool:
        def decide(unit: Unit) -> bool:
            balance, _ = unit.balances.get(TEACHER, USD).credit(dollars(1))
            unit.balances.save(balance)
            return unit.ledger.post(an_entry(f"bank_payout:po_{number % FACTS}"))

        return work(decide)

    try:
        return sum(once(number) for number in range(rounds))
    finally:
        database.close()
