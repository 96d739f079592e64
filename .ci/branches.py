"""Fail when too few branches of the given packages were taken by the tests that just ran."""

import json
import subprocess
import sys

REQUIRED_PERCENT = 95


def main(packages: list[str]) -> int:
    """Print the share of branches that were taken, and return the exit status."""
    include = ",".join(f"{package}/*" for package in packages)
    command = [sys.executable, "-m", "coverage", "json", "-q", "-o", "-", f"--include={include}"]
    report = subprocess.run(command, check=True, capture_output=True, text=True)
    totals = json.loads(report.stdout)["totals"]
    taken, branches = totals["covered_branches"], totals["num_branches"]
    percent = 100 * taken / branches if branches else 0
    enough = percent >= REQUIRED_PERCENT
    print(
        f"{' and '.join(packages)}: {taken} of {branches} branches taken, {percent:.1f} %"
        f" ({'at least' if enough else 'too few: at least'} {REQUIRED_PERCENT} % are required)"
    )
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
