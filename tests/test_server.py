"""The example of a web server: its answers, and what it does with requests that are large or wrong."""

import asyncio
import json
import runpy
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel

SERVER = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "server.py"))
JSON = [(b"content-type", b"application/json")]
TEXTS = ["the cat and the unheard", "unheard", "", "a saw"]


@pytest.fixture(scope="module")
def pipelines(corpus, vectors):
    texts, classes = corpus[0][:60], np.array(["a", "b", "c"])[np.arange(60) % 3]
    labels = pd.DataFrame({"even": np.arange(60) % 2, "third": (np.arange(60) % 3 == 0).astype(int)})
    settings = {"epochs": 1, "random_state": 0}
    return [
        make_pipeline(GloveTextVectorizer(vectors), ConvTextClassifier(Parallel(filters=4), **settings)).fit(texts, y)
        for y in (classes, labels)
    ]


@pytest.fixture(scope="module")
def app(pipelines, tmp_path_factory):
    file = tmp_path_factory.mktemp("model") / "model.joblib"
    joblib.dump(pipelines[0], file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODEL", str(file))
        return SERVER["create_app"]()


def ask(app, *parts, headers=JSON):
    """Send the parts of a body; return the status, the answer, and how many parts were read."""
    sent, read = [], iter(parts)
    n_read = 0

    async def receive():
        nonlocal n_read
        n_read += 1
        part = next(read, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/predict",
        "raw_path": b"/predict",
        "query_string": b"",
        "headers": list(headers),
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]), n_read


def test_answers_have_probabilities_and_the_share_of_known_words(app, pipelines):
    status, body, _ = ask(app, json.dumps({"texts": TEXTS}).encode())
    found = json.loads(body)
    assert status == 200
    assert found["labels"] == pipelines[0].predict(TEXTS).tolist()
    assert found["classes"] == ["a", "b", "c"]
    np.testing.assert_allclose(found["probabilities"], pipelines[0].predict_proba(TEXTS), atol=1e-6)
    assert found["known"] == [0.8, 0, 0, 1]


def test_answers_of_several_labels(pipelines):
    found = SERVER["answer"](pipelines[1], TEXTS)
    assert found["labels"] == pipelines[1].predict(TEXTS).tolist()
    assert found["classes"] == ["even", "third"]
    np.testing.assert_allclose(found["probabilities"], pipelines[1].predict_proba(TEXTS), atol=1e-6)


def test_no_texts(app):
    status, body, _ = ask(app, b'{"texts": []}')
    assert status == 200
    assert json.loads(body) == {"classes": ["a", "b", "c"], "labels": [], "probabilities": [], "known": []}


WRONG = {
    "no JSON": b"texts",
    "nothing": b"",
    "another name": b'{"text": ["a"]}',
    "one text": b'{"texts": "a"}',
    "a text and a number": b'{"texts": ["a", 1]}',
    "numbers": b'{"texts": [' + b"1," * 200_000 + b"1]}",
    "null": b'{"texts": [null]}',
    "not a number": b'{"texts": [NaN]}',
    "infinite": b'{"texts": [1e999]}',
    "a lone surrogate": b'{"texts": ["\\ud800x"]}',
    "not UTF-8": b'{"texts": ["\xff\xfe"]}',
    "nested": b'{"texts": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a long text": json.dumps({"texts": ["a" * (SERVER["MOST_CHARACTERS"] + 1)]}).encode(),
    "many texts": json.dumps({"texts": [""] * (SERVER["MOST_TEXTS"] + 1)}).encode(),
}


@pytest.mark.parametrize("body", WRONG.values(), ids=list(WRONG))
@pytest.mark.parametrize("headers", [JSON, []], ids=["JSON", "no type"])
def test_wrong_requests_get_a_short_answer_soon(app, body, headers):
    start = time.perf_counter()
    status, answer, _ = ask(app, body, headers=headers)
    assert time.perf_counter() - start < 0.5
    assert status == 422
    assert 20 < len(answer) < 300
    assert "detail" in json.loads(answer)


def test_no_more_is_read_of_a_large_body_than_allowed(app):
    million = b"a" * 1_000_000
    status, answer, n_read = ask(app, *[million] * 100)
    assert status == 413
    assert b"may have 4000000 bytes" in answer
    assert n_read == 5
