"""A web server for a fitted pipeline, which takes a new model without a pause.

Run it with two processes, which share the memory of the model's arrays::

    pip install fastapi uvicorn
    MODEL=model.joblib uvicorn server:app --workers 2

where ``model.joblib`` was written by ``joblib.dump(pipeline, "model.joblib")``, without compression. Then::

    curl localhost:8000/predict -H "Content-Type: application/json" -d '{"texts": ["a cat purrs"]}'

To replace the model, write another file and rename it to ``model.joblib`` (`os.replace`): each process loads it in a thread, and
answers with the old one until it has.
"""

import os
import threading
import time
from typing import Any

import joblib
from fastapi import FastAPI
from pydantic import BaseModel

SECONDS_BETWEEN_CHECKS = 1.0


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
                model = joblib.load(self._file, mmap_mode="r")
                model.predict([""])  # reads the pages that every prediction needs
                self.model, self._version = model, version
        finally:
            self._lock.release()


class Texts(BaseModel):
    """The body of a request."""

    texts: list[str]


app = FastAPI()
current = CurrentModel(os.environ["MODEL"])


@app.post("/predict")
def predict(request: Texts) -> dict[str, list]:
    """Return the label of each text, and its probability."""
    model = current.get()
    if not request.texts:
        return {"labels": [], "probabilities": []}
    proba = model.predict_proba(request.texts)
    labels = model.classes_[proba.argmax(axis=1)]
    return {"labels": labels.tolist(), "probabilities": proba.max(axis=1).tolist()}
