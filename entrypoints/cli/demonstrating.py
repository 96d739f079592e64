"""`tuition demo`."""

import subprocess
from argparse import Namespace

import httpx

from entrypoints.cli import DONE, WRONG
from entrypoints.demo import play
from entrypoints.demo.api import NeverHappened, Unexpected
from entrypoints.demo.running import DidNotStart, FreshServer, command, fresh_server
from entrypoints.terminal import BOLD, Terminal


def run(arguments: Namespace, terminal: Terminal) -> int:
    """Play the main job; status 1 when it went otherwise than it should."""
    try:
        if arguments.url is not None:
            play(arguments.url, terminal)
            terminal.say()
            terminal.say("Where the server runs, `tuition verify` proves the books.")
            return DONE
        terminal.say("Starting a fresh server on a database of its own.")
        with fresh_server() as server:
            terminal.say(f"It is at {terminal.styled(server.url, BOLD)}.")
            play(server.url, terminal)
            return _proved(server, terminal)
    except (Unexpected, NeverHappened, DidNotStart, httpx.HTTPError) as error:
        terminal.complain(f"The story ended early. {error}")
        return WRONG


def _proved(server: FreshServer, terminal: Terminal) -> int:
    terminal.say()
    terminal.say(f"{terminal.styled('tuition verify', BOLD)} on that database:")
    proof = subprocess.run(  # noqa: S603 - our own command line
        command("verify"),
        env=dict(server.environment),
        cwd=server.directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    for line in proof.stdout.splitlines():
        terminal.say(f"    {line}")
    return DONE if proof.returncode == DONE else WRONG
