"""Processes for tests, forked from one that has imported everything and done nothing.

Most of a start would be imports otherwise: a second of computing, in which nothing can go wrong.
"""

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *("entrypoints.cli.serving", "entrypoints.cli.working", "entrypoints.http.app"),
        *("adapters.sql", "adapters.fake", "adapters.fake.store.postgresql", "adapters.passwords"),
        *("adapters.tokens", "alembic.command", "uvicorn", "uvloop", "httptools", "rich.console"),
        *("tests.killing.fleet", "tests.races.racers"),
    ]
)
