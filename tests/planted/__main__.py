"""Print which layer catches which planted bug, as a table: `python -m tests.planted [words]`."""

import sys

import structlog

from tests.planted.bugs import BUGS
from tests.planted.catalogue import catch


def main(wanted: str) -> int:
    """Catch the bugs whose names contain some words; return how many escaped."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    print("| bug | stands for | caught by | seconds |\n|---|---|---|---|")  # noqa: T201
    escaped = 0
    for bug in BUGS.values():
        if wanted not in bug.name:
            continue
        caught = catch(bug)
        escaped += caught is None
        seconds = "**escaped**" if caught is None else f"{caught.seconds:.2f}"
        layer = f"`{bug.caught_by.folder}`: {bug.caught_by}"
        print(f"| {bug.name} | {bug.stands_for} | {layer} | {seconds} |", flush=True)  # noqa: T201
    return escaped


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
