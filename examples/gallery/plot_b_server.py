"""
A web server
============

``examples/server.py`` is a server with FastAPI and uvicorn, ready to be copied. Its processes share the memory of the model's
file, and take a new model without a pause. This page starts it with two processes, and asks it.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import joblib
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer

sports = ["The striker scored twice", "A late goal", "She won the tournament", "The coach praised his team"]
business = ["Shares fell sharply", "Profits of the bank rose", "Investors sold stocks", "The firms will merge"]
pipe = make_pipeline(GloveTextVectorizer("glove.6B.50d"), ConvTextClassifier(random_state=0))
pipe.fit(sports + business, ["sports"] * 4 + ["business"] * 4)

# %%
# The model is saved without compression, so that it can be mapped into memory.

folder = Path(tempfile.mkdtemp())
joblib.dump(pipe, folder / "model.joblib")

# %%
# The server
# ----------
#
# In a shell: ``python examples/server.py model.joblib --workers 2``

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
server = subprocess.Popen(
    [sys.executable, "../server.py", folder / "model.joblib", "--port", str(port), "--workers", "2"]
)


def ask(texts):
    """Return the server's answer, after waiting for it to start."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/predict", json.dumps({"texts": texts}).encode(), {"Content-Type": "application/json"}
    )
    for _ in range(600):
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            time.sleep(0.1)
    raise TimeoutError("The server did not start.")


ask(["the goalkeeper saved a penalty", "qwertzuiop"])

# %%
# ``known`` is the share of words that the model knows. Of the second text it knows none, so its probabilities are those of the
# classes in training: a client can say that it does not know.
#
# Many texts in one request take less time each:

texts = ["the goalkeeper saved a penalty", "the company cut its dividend"] * 50
start = time.perf_counter()
answer = ask(texts)
f"{len(texts)} texts: {1000 * (time.perf_counter() - start):.1f} ms"

# %%
# A new model
# -----------
#
# Write it to another file, and rename that: the processes load it, and answer with the old one until they have.

pipe.fit(sports + business, ["football"] * 4 + ["money"] * 4)
joblib.dump(pipe, folder / "next.joblib")
os.replace(folder / "next.joblib", folder / "model.joblib")
while "football" not in str(found := ask(["the goalkeeper saved a penalty"])):
    time.sleep(0.1)
found

# %%

server.terminate()
server.wait()

# %%
# :doc:`../guide/serving` has figures, and what to think of in production.
