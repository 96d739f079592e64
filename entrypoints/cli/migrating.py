"""`tuition migrate`."""

import os
from argparse import Namespace

from entrypoints.cli import DONE
from entrypoints.preparing import is_in_memory
from entrypoints.settings import load_settings
from entrypoints.terminal import Terminal


def run(_: Namespace, terminal: Terminal) -> int:
    """Bring the schema about; do nothing when it is there."""
    settings = load_settings(dict(os.environ))
    if is_in_memory(settings):
        terminal.say("memory:// has no schema.")
        return DONE
    from adapters.sql import migrate
    from adapters.sql.schema import is_current

    if is_current(settings.database_url):
        terminal.say("The schema is current.")
        return DONE
    migrate(settings.database_url)
    terminal.say("The schema is current now.")
    return DONE
