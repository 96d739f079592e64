"""`tuition create-admin`."""

import os
import sys
from argparse import Namespace
from getpass import getpass

from application.commands import SYSTEM
from application.people import EnsureAdmin
from entrypoints.cli import DONE, Misuse
from entrypoints.composition import compose
from entrypoints.logs import configure_logging
from entrypoints.preparing import is_in_memory, prepare
from entrypoints.settings import load_settings
from entrypoints.terminal import Terminal


def run(arguments: Namespace, terminal: Terminal) -> int:
    """Make a member of staff; one who is there already stays as they are."""
    settings = load_settings(dict(os.environ))
    if is_in_memory(settings):
        raise Misuse("memory:// ends with this command. Set TUITION_ADMIN_EMAIL for the server.")
    configure_logging("warning", str(settings.log_format))
    password = _from_input() if arguments.password_stdin else _typed()
    prepare(settings)
    with compose(settings) as installation:
        ensured = installation.bus.handle(
            EnsureAdmin(email=arguments.email, password=password, name=arguments.name), SYSTEM
        )
    if ensured.is_new:
        terminal.say(f"{arguments.email} is staff now.")
    else:
        terminal.say(f"{arguments.email} is staff already; the password stays as it was.")
    return DONE


def _from_input() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _typed() -> str:
    try:
        password = getpass("Password (10 characters or more): ")
        again = getpass("Once more: ")
    except EOFError as error:
        raise Misuse("no terminal to type a password at; use --password-stdin.") from error
    if again != password:
        raise Misuse("the two passwords differ.")
    return password
