"""serve: the debugger in a browser."""

from __future__ import annotations

import argparse
import os
import shlex
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

from playhead import InvalidArgumentError
from playhead.directory import DEFAULT_PATH, PATH_VARIABLE, read_info
from playhead_tui.cli import EXIT_OK
from playhead_tui.cli.output import note
from playhead_tui.cli.working import importing
from playhead_tui.library import store_for

_LAST_PORT = 65_535
EXTRA = "playhead[serve]"


def run_serve(options: argparse.Namespace) -> int:
    """Serve the app until Ctrl-C. Each visitor gets a process of its own."""
    if find_spec("textual_serve") is None:
        raise InvalidArgumentError(f"serving needs the package textual-serve: pip install '{EXTRA}'")
    given = options.store or options.store_option or os.environ.get(PATH_VARIABLE) or DEFAULT_PATH
    with importing(given) as progress:
        store = store_for(Path(given), progress.start).path
    read_info(store)
    from playhead_tui.web import Server, is_loopback

    listener = listening(options.host, options.port)
    if not is_loopback(options.host):
        note(
            f"warning: {options.host} is open to other machines, and there is no password: whoever reaches it sees this"
            " run, can restore, and can open every other run on this machine"
        )
    with listener:
        Server(
            command_for(store), listener, host=options.host, title=f"Playhead: {store.name}", as_json=options.json
        ).serve()
    return EXIT_OK


def command_for(store: Path) -> str:
    """The command line, for a shell, that shows a store."""
    return shlex.join([sys.executable, "-m", "playhead_tui", "open", str(store.resolve())])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; on a free port for 0. Raises InvalidArgumentError where nothing can."""
    if not 0 <= port <= _LAST_PORT:
        raise InvalidArgumentError(f"there is no port {port}: choose one from 0 to {_LAST_PORT} with --port")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InvalidArgumentError(
            f"cannot listen on {host} port {port} ({error}); choose others with --host and --port"
        ) from None
