"""Tries counted in fixed windows, shared by all processes."""

from datetime import datetime

from attrs import frozen
from sqlalchemy import bindparam, case, delete
from sqlalchemy.dialects.postgresql import insert as insert_into

from adapters.sql.database import Database
from adapters.sql.tables import rate_limits
from adapters.sql.transaction import Transaction
from application.ports.open_units import inside_a_unit

_count = insert_into(rate_limits)
# A try counts in the window that is open, or opens the next. One that is stamped earlier than the
# open window, by a clock that lags, counts in that.
_open = rate_limits.c.window_ends >= _count.excluded.window_ends
COUNT = _count.on_conflict_do_update(
    index_elements=["bucket"],
    set_={
        "hits": case((_open, rate_limits.c.hits + 1), else_=1),
        "window_ends": case((_open, rate_limits.c.window_ends), else_=_count.excluded.window_ends),
    },
).returning(rate_limits.c.hits, rate_limits.c.window_ends)
FORGET = delete(rate_limits).where(rate_limits.c.window_ends < bindparam("before"))


@frozen
class SqlRateLimits:
    """Count tries, each in a short transaction of its own."""

    _database: Database

    def hit(self, bucket: str, *, limit: int, window_seconds: int, at: datetime) -> int | None:
        """Count one try; return None, or after how many seconds the next one may be made."""
        now = int(at.timestamp())
        window_ends = (now // window_seconds + 1) * window_seconds

        def count(transaction: Transaction) -> int | None:
            counted = transaction.only(COUNT, bucket=bucket, window_ends=window_ends, hits=1)
            if counted.hits == 1:
                # Whoever opens a window clears away those that are over.
                transaction.run(FORGET, {"before": now})
            return None if counted.hits <= limit else max(1, counted.window_ends - now)

        with inside_a_unit():
            return self._database.write(count)
