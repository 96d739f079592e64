"""Measure, and print a table: `make bench`. Nothing is asserted; numbers drift with the machine.

python -m tests.bench             everything
python -m tests.bench lists       one of webhooks, flows, lists
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from entrypoints.logs import configure_logging
from entrypoints.terminal import Terminal
from tests.bench import flows, lists, webhooks
from tests.bench.measuring import HEADS, Result
from tests.e2e.processes import Place
from tests.postgres import PostgresServer, postgres_server

KINDS = ("webhooks", "flows", "lists")


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


def main(wanted: list[str]) -> int:
    """Measure what is wanted, everything if nothing is named."""
    unknown = set(wanted) - set(KINDS)
    if unknown:
        Terminal().complain(f"There is {', '.join(KINDS)}; not {', '.join(sorted(unknown))}.")
        return 2
    configure_logging("error")
    terminal = Terminal()
    results = []
    for result in _results(set(wanted) or set(KINDS)):
        terminal.complain(f"measured: {result.what}, {result.where}")
        results.append(result.cells)
    terminal.table(HEADS, results)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
