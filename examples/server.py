"""A web server for a fitted pipeline, which takes a new model without a pause.

Run it with two processes, which share the memory of the model's arrays::

    pip install fastapi uvicorn
    python examples/server.py model.joblib --workers 2

where ``model.joblib`` was written by ``joblib.dump(pipeline, "model.joblib")``, without compression. Then::

    curl localhost:8000/predict -H "Content-Type: application/json" -d '{"texts": ["a cat purrs"]}'

The answer has a label for each text, the probabilities of all classes, and the share of its words that the model knows: with few
of them or none, it knows little more than how frequent the classes are.

To replace the model, write another file and rename it to ``model.joblib`` (`os.replace`): each process loads it in a thread, and
answers with the old one until it has.
"""

import argparse
import logging
import os
import socket
import threading
import time
from pathlib import Path
from typing import Annotated, Any

import joblib
import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, FailFast, Field, ValidationError

SECONDS_BETWEEN_CHECKS = 1.0
# Larger requests are refused.
MOST_BYTES, MOST_TEXTS, MOST_CHARACTERS = 4_000_000, 10_000, 200_000


class CurrentModel:
    """The model of a file, loaded again when the file has been replaced.

    Parameters
    ----------
    file : str
    """

    def __init__(self, file: str) -> None:
        self._file, self._lock = file, threading.Lock()
        self._version, self._checked = self._stat(), time.monotonic()
        self.model = joblib.load(file, mmap_mode="r")  # the processes share the pages of the file

    def _stat(self) -> tuple[int, int]:
        found = os.stat(self._file)
        return found.st_ino, found.st_mtime_ns

    def get(self) -> Any:
        """Return the model; begin to load the next one if there is one."""
        if time.monotonic() - self._checked > SECONDS_BETWEEN_CHECKS and self._lock.acquire(blocking=False):
            self._checked = time.monotonic()
            threading.Thread(target=self._update, daemon=True).start()
        return self.model

    def _update(self) -> None:
        try:
            version = self._stat()
            if version != self._version:
                self._version = version  # a file that cannot be loaded is tried once
                model = joblib.load(self._file, mmap_mode="r")
                model.predict([""])  # reads the pages that every prediction needs
                self.model = model
        except Exception:
            logging.getLogger("uvicorn.error").exception("The new model could not be loaded; the old one is kept.")
        finally:
            self._lock.release()


class Request(BaseModel):
    """The body of a request."""

    # The first error is enough: one for each item can be larger than the request.
    texts: Annotated[list[Annotated[str, Field(max_length=MOST_CHARACTERS)]], Field(max_length=MOST_TEXTS), FailFast()]


async def read(request: HttpRequest) -> Request:
    """Return the checked body of a request, of which no more is read than allowed."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "The body of a request must be JSON, with Content-Type: application/json.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"The body of a request may have {MOST_BYTES} bytes; send fewer texts at once.")
    try:
        return Request.model_validate_json(bytes(body))
    except ValidationError as error:
        # Without the input, which may be long or cannot be encoded.
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise HTTPException(422, f"{'.'.join(map(str, ('body', *first['loc'])))}: {first['msg']}") from None


def answer(model: Any, texts: list[str]) -> dict[str, list]:
    """Return the label of each text, or the indicators of its labels, and what a client needs to judge them."""
    vectorizer, classifier = model[0], model[-1]
    classes, thresholds = classifier.classes_, classifier.thresholds_
    names = (classes if classifier.label_names_ is None else classifier.label_names_).tolist()
    if not texts:
        return {"classes": names, "labels": [], "probabilities": [], "known": []}
    probabilities = classifier.predict_proba(vectorizer.transform(texts))
    labels = classes[probabilities.argmax(axis=1)] if thresholds is None else (probabilities > thresholds).astype(int)
    known = vectorizer.coverage(texts)
    found = {"labels": labels, "probabilities": probabilities.astype(float).round(6), "known": known.round(3)}
    return {"classes": names, **{name: values.tolist() for name, values in found.items()}}


def create_app() -> FastAPI:
    """Return the application; each process calls this."""
    app, current = FastAPI(), CurrentModel(os.environ["MODEL"])
    body = {"required": True, "content": {"application/json": {"schema": Request.model_json_schema()}}}

    @app.post("/predict", openapi_extra={"requestBody": body})
    async def predict(request: Annotated[Request, Depends(read)]) -> dict[str, list]:
        return await run_in_threadpool(answer, current.get(), request.texts)

    return app


def main(argv: list[str] | None = None) -> None:
    """Run the server."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="a file of joblib.dump")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args(argv)
    os.environ["MODEL"] = str(arguments.model.absolute())
    with socket.create_server((arguments.host, arguments.port)) as listening:
        # The socket that uvicorn makes for several processes lacks this option: each answer would take 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        folder = str(Path(__file__).parent)
        options = {"factory": True, "app_dir": folder, "fd": listening.fileno(), "log_level": "warning"}
        uvicorn.run("server:create_app", workers=arguments.workers, **options)


if __name__ == "__main__":
    main()
