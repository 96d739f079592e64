"""`tuition worker`."""

import os
import signal
from argparse import Namespace

from entrypoints.cli import DONE, Misuse
from entrypoints.composition import compose
from entrypoints.logs import configure_logging
from entrypoints.preparing import is_in_memory, prepare
from entrypoints.settings import load_settings
from entrypoints.terminal import Terminal


def run(arguments: Namespace, terminal: Terminal) -> int:
    """Do what is due: until stopped, or until nothing is left."""
    settings = load_settings(dict(os.environ))
    if is_in_memory(settings):
        raise Misuse("memory:// ends with its process, so a worker beside it would see nothing.")
    configure_logging(str(settings.log_level), str(settings.log_format))
    prepare(settings)
    with compose(settings) as installation:
        worker = installation.worker
        if arguments.once:
            done = worker.until_idle()
            terminal.say(f"Did {done} {'thing' if done == 1 else 'things'}; nothing is left.")
            return DONE
        for number in (signal.SIGTERM, signal.SIGINT):
            # The unit in hand is finished first.
            signal.signal(number, lambda *_: worker.stop())
        worker.run()
    return DONE
