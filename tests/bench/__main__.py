"""Measure, and print a table: `make bench`. Nothing is asserted; numbers drift with the machine.

python -m tests.bench             everything
python -m tests.bench lists       one of webhooks, flows, lists, verify
python -m tests.bench verify      up to a million payments: half an hour, and 7 GB of disk
python -m tests.bench verify --most=100000
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from entrypoints.logs import configure_logging
from entrypoints.terminal import Terminal
from tests.bench import flows, lists, verify, webhooks
from tests.bench.measuring import HEADS, Result
from tests.e2e.processes import Place
from tests.postgres import PostgresServer, postgres_server

KINDS = ("webhooks", "flows", "lists", "verify")
MOST = 1_000_000


def _places(postgres: PostgresServer) -> Iterator[tuple[str, Place]]:
    """Yield an empty database of each kind."""
    with tempfile.TemporaryDirectory(prefix="bench_") as name:
        yield "SQLite", Place.at(Path(name))
    with tempfile.TemporaryDirectory(prefix="bench_") as name, postgres.database() as url:
        yield "PostgreSQL", Place.at(Path(name), url)


def _results(kinds: set[str]) -> Iterator[Result]:
    if "lists" in kinds:
        with tempfile.TemporaryDirectory(prefix="bench_") as name:
            yield from lists.measured(Path(name))
    if not kinds & {"webhooks", "flows"}:
        return
    measures = [
        *((webhooks.in_process, webhooks.over_http) if "webhooks" in kinds else ()),
        *((flows.measured,) if "flows" in kinds else ()),
    ]
    with postgres_server() as postgres:
        for measure in measures:
            for where, place in _places(postgres):
                yield measure(place, where)


def _verified(terminal: Terminal, most: int) -> None:
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench_") as name:
        for figures in verify.measured(Path(name), most):
            terminal.complain(f"measured: verify, {figures.where}, {figures.payments:,}")
            rows.append(figures.cells)
    terminal.table(verify.HEADS, rows)


def main(asked: list[str]) -> int:
    """Measure what is wanted, everything if nothing is named."""
    options = [word for word in asked if word.startswith("--most=")]
    most = int(options[-1].partition("=")[2]) if options else MOST
    wanted = [word for word in asked if word not in options]
    unknown = set(wanted) - set(KINDS)
    if unknown:
        Terminal().complain(f"There is {', '.join(KINDS)}; not {', '.join(sorted(unknown))}.")
        return 2
    configure_logging("error")
    terminal = Terminal()
    results = []
    kinds = set(wanted) or set(KINDS)
    for result in _results(kinds):
        terminal.complain(f"measured: {result.what}, {result.where}")
        results.append(result.cells)
    if results:
        terminal.table(HEADS, results)
    if "verify" in kinds:
        _verified(terminal, most)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
