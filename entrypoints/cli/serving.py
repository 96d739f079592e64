"""`tuition serve`."""

import errno
import os
from argparse import Namespace
from importlib.metadata import version
from urllib.parse import urlsplit

from domain.money import Money
from entrypoints.cli import DONE, WRONG, Misuse
from entrypoints.composition import Installation, compose
from entrypoints.demo_people import (
    GIG_TITLE,
    PASSWORD,
    PEOPLE,
    STUDENT,
    gig_rate,
    welcome_demo_people,
)
from entrypoints.logs import configure_logging
from entrypoints.preparing import prepare, welcome_admin
from entrypoints.server import listen, serve, serve_with
from entrypoints.settings import Settings, load_settings
from entrypoints.terminal import BOLD, CYAN, DIM, Terminal


def run(arguments: Namespace, terminal: Terminal) -> int:
    """Serve until stopped."""
    _put_into_environment(arguments)
    settings = load_settings(dict(os.environ))
    if arguments.workers > 1 and not settings.database_url.startswith("postgresql:"):
        raise Misuse("several processes need PostgreSQL; SQLite has one writer. Leave --workers.")
    try:
        listening = listen(settings.host, settings.port)
    except OSError as error:
        terminal.complain(_cannot_listen(settings, error))
        return WRONG
    if settings.port == 0:
        # Only now is it known under which address clients come.
        os.environ["TUITION_PORT"] = str(listening.getsockname()[1])
        settings = load_settings(dict(os.environ))
    configure_logging(str(settings.log_level), str(settings.log_format))
    with listening:
        prepare(settings)
        installation = compose(settings)
        welcome(installation)
        _show_banner(settings, terminal)
        if arguments.workers > 1:
            installation.close()
            name = "app_without_worker" if arguments.no_worker else "app_with_worker"
            serve_with(settings, listening, arguments.workers, f"entrypoints.server:{name}")
        else:
            serve(settings, listening, installation, with_worker=not arguments.no_worker)
    return DONE


def welcome(installation: Installation) -> None:
    """Make the people who are to be there from the start."""
    welcome_admin(installation)
    if not installation.settings.is_production:
        welcome_demo_people(installation)


def _put_into_environment(arguments: Namespace) -> None:
    # Further processes read the same settings, and the public URL follows from them.
    if arguments.host is not None:
        os.environ["TUITION_HOST"] = arguments.host
    if arguments.port is not None:
        os.environ["TUITION_PORT"] = str(arguments.port)


def _cannot_listen(settings: Settings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is taken by another program. Choose another port with --port."
    return f"Cannot listen on {where}: {error.strerror}."


def _show_banner(settings: Settings, terminal: Terminal) -> None:
    url = settings.public_url
    mode = "production" if settings.is_production else "development"
    terminal.say()
    terminal.say(
        f"  {terminal.styled('Tuition', BOLD)} {version('tuition')}  "
        + terminal.styled(
            f"{mode} · {settings.gateway} gateway · {_database(settings.database_url)}", DIM
        )
    )
    terminal.say()
    for name, path in (("API", "/api/v1"), ("Docs", "/schema"), ("Health", "/health/ready")):
        terminal.say(f"  {name:<8}{terminal.styled(url + path, CYAN)}")
    if not settings.is_production:
        _show_people(url, gig_rate(settings.rules), terminal)
    terminal.say()
    terminal.say(terminal.styled("  Stop with Ctrl-C.", DIM))
    terminal.say()


def _show_people(url: str, rate: Money, terminal: Terminal) -> None:
    terminal.say()
    terminal.say(f"  People, each with the password {terminal.styled(PASSWORD, BOLD)}:")
    for person in PEOPLE:
        terminal.say(f"    {person.email:<22} {terminal.styled(person.does, DIM)}")
    terminal.say(f"  Gig: {GIG_TITLE}, {rate} {rate.currency} an hour, confirmed at once.")
    terminal.say()
    terminal.say("  Try it:")
    terminal.say(terminal.styled(f"    {curl_line(url)}", CYAN))


def curl_line(url: str) -> str:
    """Return a command that logs the demonstration's student in."""
    body = f'{{"email": "{STUDENT}", "password": "{PASSWORD}"}}'
    return f"curl {url}/api/v1/auth/login -H 'Content-Type: application/json' -d '{body}'"


def _database(url: str) -> str:
    """Return a database's URL without user and password."""
    parts = urlsplit(url)
    if parts.scheme != "postgresql":
        return url
    return f"postgresql://{parts.hostname or 'local'}{parts.path}"
