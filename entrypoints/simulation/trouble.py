"""What goes wrong with a database, and with the post: to be switched off in the end."""

from enum import StrEnum

from attrs import define, field

from domain.errors import StaleWrite, StorageUnavailable


class StorageTrouble(StrEnum):
    """How a unit of work goes wrong."""

    CONFLICT = "serialization failure"
    """Another was faster: the storage decides anew."""
    LOCK_TIMEOUT = "lock timeout"
    """The unit never began."""
    DISK_FULL = "disk full"
    """The commit failed, and nothing was written."""
    LOST_COMMIT = "lost commit"
    """The commit took place; the connection broke before it was told."""


@define
class Troubles:
    """Troubles that wait for the next unit that writes."""

    waiting: list[StorageTrouble] = field(factory=list)
    met: list[StorageTrouble] = field(factory=list)
    post_is_reliable: bool = False
    """Whether webhooks come in order, at once, and once."""

    def before_unit(self) -> None:
        """Raise `StorageUnavailable` when the locks cannot be had."""
        if self._meets(StorageTrouble.LOCK_TIMEOUT):
            raise StorageUnavailable("The database is busy.")

    def before_commit(self) -> None:
        """Raise `StaleWrite`, which the storage meets by deciding anew, or `StorageUnavailable`."""
        if self._meets(StorageTrouble.CONFLICT):
            raise StaleWrite("Another transaction was faster.")
        if self._meets(StorageTrouble.DISK_FULL):
            raise StorageUnavailable("The disk is full.")

    def after_commit(self) -> None:
        """Raise `StorageUnavailable` although all was written."""
        if self._meets(StorageTrouble.LOST_COMMIT):
            raise StorageUnavailable("The connection broke.")

    def _meets(self, trouble: StorageTrouble) -> bool:
        if trouble not in self.waiting:
            return False
        self.waiting.remove(trouble)
        self.met.append(trouble)
        return True
