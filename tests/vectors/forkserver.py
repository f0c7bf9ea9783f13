"""A process that imports everything once, and then forks a child for each load.

It reads commands from standard input, one JSON object per line, and answers each with another. The command
``{"home": folder, "children": n, "kill_at": event, "kill_after": seconds}`` loads vectors in n children at the same time.
The first child kills itself (SIGKILL) at its n-th operation on files or sockets, or is killed after some seconds. With
``"source"``, the vectors are those of a file or, if it is "encoder", of an encoder, and with ``"words": [first, last]``
these words are read, too. The answer contains the exit codes, the number of operations of the first child, and the duration.
"""

import json
import os
import signal
import sys
import time

import filelock  # noqa: F401 - imported once, for all children
import numpy as np
import platformdirs  # noqa: F401
import pooch  # noqa: F401
import requests  # noqa: F401
from tqdm.auto import tqdm  # noqa: F401

from skglove.vectors import EncoderVectors, WordVectors
from skglove.vectors.cache import stored
from skglove.vectors.published import download, registry
from skglove.vectors.published.named import NamedVectors, RemoteFile

EVENTS = ("open", "os.", "shutil.", "socket.connect", "fcntl.")


class Numbers:
    """An encoder that gives the words their rows in the file."""

    def encode(self, texts):
        return np.array([[int(text.removeprefix("word")) * 4 + i for i in range(4)] for text in texts]) / 8


def child(kill_at, report, source, words):
    seen = 0
    entry = registry.ENTRIES["test.vectors"]

    def hook(event, _):
        nonlocal seen
        if event.startswith(EVENTS):
            seen += 1
            if seen == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    vocabulary, right = [f"word{i}" for i in range(*words)], True
    if source == "encoder":
        source = EncoderVectors(Numbers(), "test")
    else:
        vectors = WordVectors.load(source)
        right = len(vectors) == entry.words and repr(float(np.sum(vectors.vectors, dtype=np.float64))) == entry.corpus
    part = WordVectors.load(source, vocabulary=vocabulary)
    total = seen
    right &= len(part) == len(vocabulary) and np.array_equal(part[vocabulary], Numbers().encode(vocabulary))
    os.write(report, json.dumps(total).encode())
    return 0 if right else 1


def run(home, children=1, kill_at=None, kill_after=None, source="test.vectors", words=(2999, 3000)):
    os.environ["SKGLOVE_HOME"] = home
    read, write = os.pipe()
    begin = time.perf_counter()
    pids = []
    for i in range(children):
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            status = 2
            try:
                report = write if i == 0 else os.open(os.devnull, os.O_WRONLY)
                status = child(kill_at if i == 0 else None, report, source, words)
            finally:
                os._exit(status)
        pids.append(pid)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pids[0], signal.SIGKILL)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    seconds = time.perf_counter() - begin
    os.close(write)
    text = os.read(read, 100)
    os.close(read)
    return {"codes": codes, "events": json.loads(text) if text else None, "seconds": seconds}


def main():
    url, size, checksum, words, dim, total = json.loads(sys.argv[1])
    download.PAUSE = 0.01
    source = RemoteFile(url, size, checksum)
    registry.ENTRIES["test.vectors"] = NamedVectors("test.vectors", dim, words, repr(total), False, (source,), "none")
    convert = stored.write_vectors

    def counted(*arguments):
        with open(os.environ["SKGLOVE_HOME"] + ".conversions", "a") as file:
            file.write("1")
        convert(*arguments)

    stored.write_vectors = counted
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
