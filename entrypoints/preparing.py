"""Before anything runs on a database: its schema, and its first member of staff."""

from typing import Self

from application.commands import SYSTEM
from application.people import EnsureAdmin
from entrypoints.composition import Installation
from entrypoints.settings import Settings


class NotMigrated(Exception):
    """The database is not at the schema that this version needs, or not there at all."""

    @classmethod
    def behind(cls) -> Self:
        """Return what is said of a database with another schema."""
        return cls(
            "The database's schema is not the one that this version needs: "
            "run `tuition migrate` first."
        )

    @classmethod
    def absent(cls, settings: Settings) -> Self:
        """Return what is said of a file that is not there."""
        return cls(f"There is no database at {settings.database_url}: run `tuition migrate` first.")


def is_in_memory(settings: Settings) -> bool:
    """Tell whether the database ends with the process."""
    return settings.database_url.startswith("memory:")


def demand_schema(settings: Settings) -> None:
    """Raise `NotMigrated` unless the database has the schema of this version."""
    if is_in_memory(settings):
        return
    from adapters.sql.schema import is_absent, is_current

    if is_absent(settings.database_url):
        raise NotMigrated.absent(settings)
    if not is_current(settings.database_url):
        raise NotMigrated.behind()


def prepare(settings: Settings) -> None:
    """See to the schema: bring it about in development, demand it in production.

    Raises `NotMigrated`, or `StorageUnavailable`.
    """
    if settings.is_production:
        demand_schema(settings)
    elif not is_in_memory(settings):
        from adapters.sql import migrate

        migrate(settings.database_url)


def welcome_admin(installation: Installation) -> bool:
    """Make the member of staff that the settings name; tell whether they are new."""
    email, password = installation.settings.admin_email, installation.settings.admin_password
    if email is None or password is None:
        return False
    ensured = installation.bus.handle(EnsureAdmin(email=email, password=password), SYSTEM)
    return ensured.is_new
