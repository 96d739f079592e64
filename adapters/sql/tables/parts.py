"""What the definitions of tables are made of."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    Text,
)

from adapters.sql.types import Instant, Structure

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
"""Every table of the storage. Constraints are named, so that migrations can name them too."""


def key(name: str = "id") -> Column[str]:
    """Return a primary key of our own making."""
    return Column(name, Text, primary_key=True)


def text(name: str, *, null: bool = False, unique: bool = False) -> Column[str]:
    """Return a column of text."""
    return Column(name, Text, nullable=null, unique=unique)


def reference(name: str, to: str, *, null: bool = False, primary_key: bool = False) -> Column[str]:
    """Return a column that points at the id of another table.

    Checked when the transaction commits, so that within a unit the order of saving is free.
    """
    foreign = ForeignKey(f"{to}.id", deferrable=True, initially="DEFERRED")
    return Column(name, Text, foreign, nullable=null, primary_key=primary_key)


def instant(name: str, *, null: bool = False) -> Column[Any]:
    """Return a column of instants."""
    return Column(name, Instant, nullable=null)


def amount(name: str) -> Column[int]:
    """Return a column of minor units, in the currency that the row names."""
    return Column(name, BigInteger, nullable=False)


def number(name: str, *, null: bool = False) -> Column[int]:
    """Return a column of small integers."""
    return Column(name, Integer, nullable=null)


def flag(name: str) -> Column[bool]:
    """Return a column that is true or false."""
    return Column(name, Boolean, nullable=False)


def structure(name: str, *, null: bool = False) -> Column[Any]:
    """Return a column of something nested."""
    return Column(name, Structure, nullable=null)


def version() -> Column[int]:
    """Return the column that tells whether a value was changed since it was read."""
    return number("version")


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Return the constraint that a column holds one of these."""
    return CheckConstraint(f"{column} IN ({quoted(values)})", name=column)


def quoted(values: Iterable[str]) -> str:
    """Return constants of our own as a list in SQL, in a stable order."""
    return ", ".join(f"'{value}'" for value in sorted(values))
