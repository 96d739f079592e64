"""The command line: `tuition serve`, and everything else an operator does from a shell.

Exit status: 0 done, 1 found something wrong, 2 misuse. Each command is a module of its own,
imported when it is asked for: most need far less than the server.
"""

from collections.abc import Sequence
from importlib import import_module

from entrypoints.cli.arguments import parser
from entrypoints.settings import SettingsError
from entrypoints.terminal import Terminal

DONE, WRONG, MISUSE = 0, 1, 2


class Misuse(Exception):
    """What was asked for makes no sense here; the message says why."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = parser().parse_args(argv)
    terminal = Terminal(asks_json=getattr(arguments, "json", False))
    module = import_module(f"entrypoints.cli.{arguments.module}")
    try:
        status: int = module.run(arguments, terminal)
    except SettingsError as error:
        terminal.complain("These settings cannot be used:")
        for problem in error.problems:
            terminal.complain(f"  - {problem}")
        return MISUSE
    except KeyboardInterrupt:
        return WRONG
    except Exception as error:
        if not _is_expected(error):
            raise
        terminal.complain(f"tuition {arguments.command}: {error}")
        return MISUSE if isinstance(error, Misuse) else WRONG
    return status


def _is_expected(error: Exception) -> bool:
    """Tell whether the message is meant for whoever typed the command."""
    from domain.errors import DomainError
    from entrypoints.preparing import NotMigrated

    return isinstance(error, Misuse | DomainError | NotMigrated)
