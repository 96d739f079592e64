"""`tuition verify`: how long it takes, and how much memory, as the past grows.

Each size is measured in a process of its own, so that one's memory is not the next one's. The
gateway is asked for its balance only, as Stripe is: not for each payment.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from adapters.clock import ManualClock
from adapters.sql import migrate, sql_storage
from adapters.sql.engines import open_database
from application.verification import Progress, Report, Verification, no_progress
from entrypoints.http.card_numbers import holds_card_number
from tests.bench.terms import fill
from tests.bench.vault import a_vault
from tests.builders import NOW
from tests.contract.storage.sql_harness import CountingIds
from tests.postgres import postgres_server

HEADS = ("", "payments", "entries", "seconds", "of a core", "peak MB")
ON_SQLITE = (10_000, 100_000, 1_000_000)
ON_POSTGRESQL = (100_000,)


@frozen(kw_only=True)
class Figures:
    """What proving a database took."""

    where: str
    payments: int
    entries: int
    seconds: float
    seconds_of_a_core: float
    peak_megabytes: float
    """Of its own, without what it maps of the database's file."""

    @property
    def cells(self) -> tuple[str, ...]:
        """Return it as a row of a table."""
        return (
            f"verify, {self.where}",
            f"{self.payments:,}",
            f"{self.entries:,}",
            f"{self.seconds:,.1f}",
            f"{self.seconds_of_a_core:,.1f}",
            f"{self.peak_megabytes:,.0f}",
        )


def measured(directory: Path, most: int) -> Iterator[Figures]:
    """Fill databases and prove them; none with more payments than `most`."""
    for payments in ON_SQLITE:
        if payments <= most:
            url = f"sqlite:///{directory / f'{payments}.db'}"
            yield _proved(url, payments, "SQLite")
    with postgres_server() as postgres:
        for payments in ON_POSTGRESQL:
            if payments <= most:
                with postgres.database() as url:
                    yield _proved(url, payments, "PostgreSQL")


def _proved(url: str, payments: int, where: str) -> Figures:
    migrate(url)
    database = open_database(url)
    cash = fill(database, payments)
    database.close()
    command = [sys.executable, "-m", "tests.bench.verify", url, str(cash), where]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return Figures(**json.loads(answer.stdout))


def prove(url: str, cash: int, progress: Progress = no_progress) -> Report:
    """Verify a database that was filled, with a gateway that holds `cash`."""
    storage = sql_storage(url, CountingIds())
    try:
        return Verification(
            read=storage.read,
            gateway=a_vault({"usd": cash}),
            wall=ManualClock(NOW),
            holds_card_number=holds_card_number,
        ).run(progress)
    finally:
        storage.close()


def own_megabytes() -> float:
    """Return how much memory this process has for itself, files that it maps left out (Linux)."""
    status = Path("/proc/self/status").read_text()
    (kilobytes,) = re.findall(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kilobytes) / 1024


def main(url: str, cash: str, where: str) -> None:
    """Prove one database, and print what it took."""
    began, used = time.perf_counter(), time.process_time()
    own = [own_megabytes()]
    report = prove(url, int(cash), lambda *_: own.append(max(own.pop(), own_megabytes())))
    if not report.is_clean:
        raise AssertionError(report.findings[:5])
    figures = {
        "where": where,
        "payments": report.seen["payments"],
        "entries": report.seen["ledger entries"],
        "seconds": time.perf_counter() - began,
        "seconds_of_a_core": time.process_time() - used,
        "peak_megabytes": own[0],
    }
    sys.stdout.write(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
