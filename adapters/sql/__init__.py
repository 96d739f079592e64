"""Storage on SQLite and PostgreSQL: one code base on SQLAlchemy Core, with explicit row mappers."""

from adapters.sql.migrations import migrate
from adapters.sql.storage import sql_storage

__all__ = ["migrate", "sql_storage"]
