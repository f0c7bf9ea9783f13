"""A web server: requests a second, their latency, the memory of its processes, and a new model under load.

Runs ``examples/server.py`` in two processes and sends it texts over the loopback interface. Clients and server share the cores.
Writes its table into the ``README.md`` beside it::

    python examples/benchmarks/serving.py --data DATA --set mr --vectors glove.6B.100d.txt

DATA is a folder as in ``accuracy.py``. Requires ``pip install fastapi uvicorn``.
"""

import argparse
import contextlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import datasets
import joblib
import psutil
import report
from contestants import skglove

from skglove import compress

SERVER = Path(__file__).parents[1] / "server.py"
WORKERS = 2


class Load(NamedTuple):
    """The requests of several clients: the seconds of each, and how many failed."""

    seconds: list[float]
    n_failed: int
    took: float


@contextlib.contextmanager
def serve(model: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Run the server; yield its port and its main process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, SERVER, model, "--port", str(port), "--workers", str(WORKERS)]
    process = subprocess.Popen(command)
    try:
        wait_for(port)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        with contextlib.suppress(OSError, http.client.HTTPException), connect(port) as connection:
            ask(connection, ["text"])
            return
        time.sleep(0.1)
    raise SystemExit("The server did not start.")


def connect(port: int) -> contextlib.closing[http.client.HTTPConnection]:
    """Return a connection that is closed at the end of a `with` statement."""
    return contextlib.closing(http.client.HTTPConnection("127.0.0.1", port))


def ask(connection: http.client.HTTPConnection, texts: list[str]) -> dict:
    """Send one request and return the answer."""
    body = json.dumps({"texts": texts})
    connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    if response.status != 200:
        raise http.client.HTTPException(f"status {response.status}: {content[:200]!r}")
    return json.loads(content)


def put_load(port: int, texts: list[str], *, clients: int, seconds: float, texts_at_once: int) -> Load:
    """Let clients send one request after the other."""
    taken: list[float] = []
    failed = [0]
    end = time.monotonic() + seconds

    def send(number: int) -> None:
        i = number
        while time.monotonic() < end:
            with connect(port) as connection:  # and again after a failure
                try:
                    while time.monotonic() < end:
                        some = [texts[(i + j) % len(texts)] for j in range(texts_at_once)]
                        i += clients * texts_at_once
                        start = time.perf_counter()
                        ask(connection, some)
                        taken.append(time.perf_counter() - start)
                except (OSError, http.client.HTTPException):
                    failed[0] += 1

    threads = [threading.Thread(target=send, args=[number]) for number in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(taken, failed[0], time.perf_counter() - start)


def memory(server: psutil.Process) -> tuple[float, float]:
    """Return the mean over the workers of the memory that each has for itself, and of its share of all, in MB."""
    infos = [child.memory_full_info() for child in server.children(recursive=True)]
    workers = sorted(infos, key=lambda info: info.rss)[-WORKERS:]
    return statistics.mean(info.uss for info in workers) / 1e6, statistics.mean(info.pss for info in workers) / 1e6


def row(name: str, load: Load, texts_at_once: int, megabytes: tuple[float, float]) -> list[str]:
    """Return a row of the table."""
    percentiles = statistics.quantiles(load.seconds, n=100)
    rate = len(load.seconds) / load.took
    return [
        name,
        f"{rate:,.0f}",
        f"{rate * texts_at_once:,.0f}",
        f"{1e3 * percentiles[49]:.1f}",
        f"{1e3 * percentiles[98]:.1f}",
        f"{load.n_failed}",
        *(f"{size:,.0f}" for size in megabytes),
    ]


def measure(arguments: argparse.Namespace, name: str, model: Path, texts: list[str]) -> list[list[str]]:
    """Return the rows of one model."""
    rows = []
    with serve(model) as (port, server):
        for texts_at_once in (1, 100):
            options = {"clients": arguments.clients, "texts_at_once": texts_at_once}
            put_load(port, texts, seconds=min(2, arguments.seconds), **options)  # warm-up
            load = put_load(port, texts, seconds=arguments.seconds, **options)
            rows.append(row(f"{name}, {texts_at_once} a request", load, texts_at_once, memory(server)))
            print(rows[-1], flush=True)
        another = model.with_suffix(".new")
        another.write_bytes(model.read_bytes())
        replacement = threading.Timer(arguments.seconds / 3, os.replace, [another, model])
        replacement.start()
        load = put_load(port, texts, seconds=arguments.seconds, clients=arguments.clients, texts_at_once=1)
        replacement.join()
        rows.append(row(f"{name}, 1 a request, a new model meanwhile", load, 1, memory(server)))
        print(rows[-1], flush=True)
    return rows


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of data sets; by default fetch_20newsgroups")
    parser.add_argument("--set", default="fetch_20newsgroups")
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--train", type=int, help="train on only so many texts")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--output", type=Path, default=report.README)
    arguments = parser.parse_args(argv)
    split = datasets.load(arguments.data, arguments.set, seed=0, n_train=arguments.train)
    pipeline = skglove(arguments.vectors, 0).fit(split.train, split.y_train)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "model.joblib")
        for name, fitted in {"skglove": pipeline, "compressed": compress(pipeline)}.items():
            joblib.dump(fitted, model)
            rows += measure(arguments, f"{name}, {model.stat().st_size / 1e6:.0f} MB", model, split.test)
    about = f"""## Serving

Made by `examples/benchmarks/serving.py --set {arguments.set}` on {report.machine()}

`examples/server.py` with {WORKERS} processes, and {arguments.clients} clients on the same cores that send one request after the
other for {arguments.seconds:.0f} s. Memory is that of a process: what it does not share, and with its part of what it shares."""
    header = [
        f"{arguments.set}, file",
        "requests/s",
        "texts/s",
        "p50, ms",
        "p99, ms",
        "failed",
        "own MB",
        "MB with shared",
    ]
    report.write(arguments.output, "Serving", f"{about}\n\n{report.table(header, rows)}")


if __name__ == "__main__":
    main()
