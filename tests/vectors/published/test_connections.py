import socket
import threading
import time

import pytest

from skglove.vectors.published import connections
from skglove.vectors.published.connections import Connections, NoConnectionError


@pytest.fixture
def server(monkeypatch):
    """Return the URL of a server that accepts connections, and no proxies."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def servers(server, monkeypatch):
    """Let ``http://silent`` never answer, and ``http://unknown`` have no address."""
    connect = socket.create_connection
    released = threading.Event()

    def create_connection(address, timeout):
        if address[0] == "silent":
            released.wait(10)
        if address[0] == "unknown":
            raise socket.gaierror(-2, "Name or service not known")
        return connect(address, timeout)

    monkeypatch.setattr(socket, "create_connection", create_connection)
    yield ["http://silent", "http://unknown", "http://silent:81", server]
    released.set()


def test_all_servers_are_tried_at_the_same_time(servers, monkeypatch):
    monkeypatch.setattr(connections, "LIMIT", 0.2)
    attempts = Connections(servers)
    begin = time.monotonic()
    for url, message in [
        (servers[0], "no connection to silent within 0.2 seconds"),
        (servers[1], r"no connection to unknown \(.*Name or service not known\)"),
        (servers[2], "no connection to silent within 0.2 seconds"),
    ]:
        with pytest.raises(NoConnectionError, match=message):
            attempts.check(url)
    attempts.check(servers[3])
    assert time.monotonic() - begin < 2


def test_nothing_is_connected_to_before_it_is_needed(servers, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", None)
    Connections(servers)


def test_server_that_works_does_not_wait_for_others(servers):
    begin = time.monotonic()
    Connections(servers).check(servers[3])
    assert time.monotonic() - begin < connections.LIMIT / 2


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_proxy(server, monkeypatch, scheme):
    """The proxy has to be there; whether the server is, only the proxy may know."""
    monkeypatch.setenv("https_proxy", server.replace("http://", scheme))
    Connections(["https://unknown.invalid/a.gz"]).check("https://unknown.invalid/a.gz")


@pytest.mark.parametrize(("proxy", "port"), [(None, 443), ("http://proxy", 80), ("socks5h://proxy", 1080)])
def test_default_ports(server, monkeypatch, proxy, port):
    if proxy:
        monkeypatch.setenv("all_proxy", proxy)
    assert connections._address("https://server/a.gz") == ("proxy" if proxy else "server", port)
