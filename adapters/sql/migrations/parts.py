"""What revisions are written with. Revisions are history: what they use here never changes."""

import sqlalchemy as sa
from alembic import op


def reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key to another table's id, checked when the transaction commits."""
    return sa.ForeignKeyConstraint(
        [column],
        [f"{to}.id"],
        name=op.f(f"fk_{table}_{column}"),
        deferrable=True,
        initially="DEFERRED",
    )


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    """Return a constraint that every row keeps."""
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    """Return the constraint that a column holds one of these."""
    listed = ", ".join(f"'{value}'" for value in values)
    return check(table, column, f"{column} IN ({listed})")


def partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    """Create an index of the rows that keep a condition."""
    condition = sa.text(where)
    op.create_index(name, table, columns, postgresql_where=condition, sqlite_where=condition)
