"""Who may write to a SQLite file now: one at a time in this process, and among processes.

SQLite keeps writers apart by itself, but those who wait for each other by its busy timeout sleep
for ever longer, and the unlucky one for a second. A lock beside the file lets them take turns.
Without it (on Windows) all stays correct, and slower where several processes write.
"""

import contextlib
import os
import sys
import time
from functools import cache
from pathlib import Path
from threading import Lock

from attrs import define, field

from domain.errors import StorageUnavailable

if sys.platform != "win32":
    import fcntl

WAIT_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.0002
LONGEST_PAUSE_SECONDS = 0.005


@cache
def _lock_of(_path: Path) -> Lock:
    """Return the lock that all storages of this process on one file share."""
    return Lock()


@define
class FileTurns:
    """Turns at writing to one file."""

    path: Path
    wait_seconds: float = WAIT_SECONDS
    _file: int | None = field(default=None, init=False)

    @property
    def lock_path(self) -> Path:
        """Return the file that is locked.

        Not the database itself: SQLite's own locks on it would be lost when we close it.
        """
        return self.path.with_name(self.path.name + "-lock")

    def __enter__(self) -> None:
        lock = _lock_of(self.path)
        if not lock.acquire(timeout=self.wait_seconds):
            raise StorageUnavailable("The database is busy.")
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(lock.release)
            self._lock_file()
            on_failure.pop_all()

    def __exit__(self, *raised: object) -> None:
        if sys.platform != "win32" and self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        _lock_of(self.path).release()

    def close(self) -> None:
        """Close the lock's file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _lock_file(self) -> None:
        if sys.platform == "win32":
            return
        try:
            if self._file is None:
                self._file = os.open(self.lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._wait_for(self._file)
        except OSError as error:
            raise StorageUnavailable("The database is not available at the moment.") from error

    def _wait_for(self, file: int) -> None:
        if sys.platform == "win32":
            return
        # Asked for again and again, because waiting inside the lock could not be given up.
        deadline = time.monotonic() + self.wait_seconds
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            if time.monotonic() > deadline:
                raise StorageUnavailable("Another process keeps the database busy.")
            time.sleep(pause_seconds)
            pause_seconds = min(LONGEST_PAUSE_SECONDS, pause_seconds * 1.5)


@define
class NoTurns:
    """Everybody may write: the database keeps transactions apart."""

    def __enter__(self) -> None:
        """Go on."""

    def __exit__(self, *raised: object) -> None:
        """Go on."""

    def close(self) -> None:
        """Do nothing."""
