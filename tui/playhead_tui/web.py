"""The app in a browser: textual-serve, which asks who is asking before it answers."""

from __future__ import annotations

import json
import socket
from ipaddress import ip_address

from aiohttp import web
from textual_serve.server import Server as TextualServer
from yarl import URL

_SHUTDOWN_SECONDS = 2.0


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Server(TextualServer):
    """Serves one command; each visitor gets a process of its own, which ends with the visit.

    What a browser sends says which page it comes from, and under which name it knows this server. Another site's page
    gets nothing, nor does one that has the name of another machine point to this one: either could read every run.
    """

    def __init__(self, command: str, listener: socket.socket, *, host: str, title: str, as_json: bool = False) -> None:
        self._as_json = as_json
        self._listener, port = listener, listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        super().__init__(command, host=host, port=port, title=title, public_url=f"http://{shown}:{port}")

    async def on_startup(self, app: web.Application) -> None:
        if self._as_json:
            self.console.print(json.dumps({"url": self.public_url}), highlight=False, markup=False, soft_wrap=True)
            return
        self.console.print(f"{self.title}: {self.public_url}", highlight=False, markup=False, soft_wrap=True)
        self.console.print("Ctrl-C ends it", highlight=False)

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        # The page is told the name that it was asked for by: there are tunnels, and machines with many names.
        self.public_url = f"{request.scheme}://{request.host}"
        answer: web.StreamResponse = await super().handle_index(request)
        return answer

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        self._check(request)
        return await super().handle_websocket(request)

    async def handle_download(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        return await super().handle_download(request)

    def _check(self, request: web.Request) -> None:
        """Refuse what another site's page asks for. Raises HTTPForbidden."""
        origin = request.headers.get("Origin")
        if origin is not None and URL(origin).authority != URL(f"//{request.host}").authority:
            raise web.HTTPForbidden(text=f"asked for by a page of {origin}, which this server does not know")
        asked = URL(f"//{request.host}").host or ""
        if is_loopback(self.host) and not is_loopback(asked):
            raise web.HTTPForbidden(text=f"asked for as {request.host}, which is not this machine's own name")

    def serve(self, debug: bool = False) -> None:
        """Serve until Ctrl-C or a SIGTERM."""
        web.run_app(
            self._make_app(),
            sock=self._listener,
            print=None,
            access_log=None,
            shutdown_timeout=_SHUTDOWN_SECONDS,
        )
