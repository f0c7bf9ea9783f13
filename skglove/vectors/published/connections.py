"""Whether servers can be connected to; all are tried at the same time, so that without a network it is known soon."""

from __future__ import annotations

import concurrent.futures
import socket
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from urllib.parse import urlsplit

LIMIT = 4.5  # seconds until a server has to accept a connection, with the resolution of its name
_PORTS = {"http": 80, "https": 443}
_SOCKS_PORT = 1080

Address = tuple[str, int]


class NoConnectionError(OSError):
    """A server cannot be connected to."""


class Connections:
    """Attempts to connect to the servers of several URLs, or to the proxies that are set for them.

    Parameters
    ----------
    urls : iterable of str
    """

    def __init__(self, urls: Iterable[str]) -> None:
        self._urls = list(urls)
        self._attempts: dict[Address, Future[None]] = {}
        self._deadline = 0.0

    def check(self, url: str) -> None:
        """Wait until the server of a URL accepts a connection. The first call starts the attempts for all URLs.

        Raises
        ------
        NoConnectionError
            If it does not, or not within `LIMIT` seconds of the first call.
        """
        if not self._attempts:
            self._deadline = time.monotonic() + LIMIT
            self._attempts = {address: _connect(address) for address in set(map(_address, self._urls))}
        address = _address(url)
        try:
            self._attempts[address].result(max(0.0, self._deadline - time.monotonic()))
        except concurrent.futures.TimeoutError:
            raise NoConnectionError(f"no connection to {address[0]} within {LIMIT} seconds") from None
        except Exception as error:
            raise NoConnectionError(f"no connection to {address[0]} ({error})") from error


def _address(url: str) -> Address:
    """Return the host and port that a request connects to."""
    from requests.utils import get_environ_proxies, prepend_scheme_if_needed, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url))
    parts = urlsplit(prepend_scheme_if_needed(proxy, "http") if proxy else url)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, _SOCKS_PORT)


def _connect(address: Address) -> Future[None]:
    future: Future[None] = Future()

    def connect() -> None:
        try:
            socket.create_connection(address, LIMIT).close()
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(None)

    threading.Thread(target=connect, daemon=True).start()  # nobody waits for a name server that does not answer
    return future
