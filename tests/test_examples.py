"""Every example, end to end, in small."""

import json
import lzma
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def run(monkeypatch, capsys):
    def run_example(name, *arguments):
        monkeypatch.syspath_prepend(str((EXAMPLES / name).parent))
        runpy.run_path(str(EXAMPLES / name))["main"](*([list(arguments)] if arguments else []))
        return capsys.readouterr().out

    return run_example


def test_quickstart(run):
    printed = run("quickstart.py", "--articles", "200", "--epochs", "2")
    assert "160 articles to train on, 40 held out, classes: business, entertainment, politics, sports, tech" in printed
    assert "TF-IDF + LinearSVC" in printed
    assert printed.count("    -> ") == 2
    assert "the same probabilities, bit for bit" in printed


def test_analogies(run):
    printed = run("analogies.py")
    assert "WordVectors(400,000 words, dim=50)" in printed
    assert "queen: 1\n" in printed


def test_grid_search(run):
    printed = run("grid_search.py", "--articles", "90", "--epochs", "1", "--n-jobs", "1")
    assert "Best: {" in printed
    assert printed.count("True ") == printed.count("False ") == 2


def test_newsgroups(run, tmp_path):
    for group, word in [("rec.autos", "engine"), ("sci.space", "orbit")]:
        (tmp_path / group).mkdir()
        for i in range(30):
            (tmp_path / group / str(i)).write_text(f"Newsgroups: {group}\nSubject: {i}\n\nThe {word} of number {i}.\n")
    printed = run(
        "newsgroups.py", "--data", str(tmp_path), "--embeddings", "glove.6B.50d", "--epochs", "1", "2", "--quiet"
    )
    assert printed.count("| kept |") == printed.count("| stripped |") == 4
    assert "48 posts to train on, 12 held out, 2 groups" in printed
    assert "reads the label" in printed


def test_newsgroups_without_any(run, tmp_path):
    with pytest.raises(SystemExit, match="one folder a class"):
        run("newsgroups.py", "--data", str(tmp_path))


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


def test_accuracy_benchmark(run, data):
    names = ["skglove", "TF-IDF + LinearSVC", "TF-IDF with bigrams + LinearSVC"]
    files = [
        "--output",
        str(data / "report.md"),
        "--summary",
        str(data / "summary.md"),
        "--results",
        str(data / "results"),
    ]
    settings = ["--vectors", "glove.6B.50d", "--sets", "tools", "--train-sizes", "0", "60", "--seeds", "1", *files]
    for contestants in (names[:1], names):  # the second run goes on from the first
        run("benchmarks/accuracy.py", "--data", str(data), *settings, "--contestants", *contestants)
    lines = (data / "report.md").read_text().splitlines()
    assert [line.split(" | ")[0] for line in lines if line.startswith("| ") and "accuracy" not in line] == [
        f"| {name}" for name in names * 2
    ]
    assert sum("tools, 150 to train on" in line for line in lines) == 1
    assert all(float(line.split(" | ")[1]) > 0.7 for line in lines if line.startswith(("| skglove", "| TF-IDF")))
    results = [json.loads(line) for line in (data / "results").read_text().splitlines()]
    assert [result["contestant"] for result in results] == [names[0], names[0], *names[1:], *names[1:]]
    row = next(
        line for line in (data / "summary.md").read_text().splitlines() if line.startswith("| tools | 2 | 150 |")
    )
    assert float(row.split(" | ")[3]) == pytest.approx(results[0]["accuracy"], abs=1e-3)


def test_training_benchmark(run, data):
    report = data / "report.md"
    settings = [
        "--vectors",
        "glove.6B.50d",
        "--long",
        "tools",
        "--short",
        "tools",
        "--rounds",
        "1",
        "--sizes",
        "50",
        "100",
        "--epochs",
        "1",
    ]
    run("benchmarks/training.py", "--data", str(data), *settings, "--passes", "1", "--output", str(report))
    text = report.read_text()
    for title in (
        "Where the time goes",
        "The tutorial's network",
        "Parallel convolutions",
        "In chunks",
        "As texts grow",
    ):
        assert f"### {title}" in text


def test_prediction_benchmark(run, data):
    report = data / "report.md"
    sizes = ["--texts", "60", "--most", "200", "--rounds", "1", "--architectures", "parallel"]
    settings = ["--data", str(data), "--set", "tools", "--vectors", "glove.6B.50d", "--output", str(report)]
    run("benchmarks/prediction.py", *settings, *sizes)
    text = report.read_text()
    for row in (
        "skglove, mmap_mode='r'",
        "the same through Keras",
        "model(x) in a tf.function",
        "Keras, predict as it comes",
    ):
        assert f"| {row}" in text
    assert "as one thread does, to the bit" in text
    assert "200 texts in one call of `predict` take" in text
