"""Wait for what another thread or process is about to do."""

import time
from collections.abc import Callable


def until(happened: Callable[[], bool], *, within_seconds: float = 10) -> None:
    """Return as soon as it has happened; fail when it does not."""
    deadline = time.monotonic() + within_seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not happen")
        time.sleep(0.005)
