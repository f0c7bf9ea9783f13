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
    names = ["skglove", "TF-IDF + LinearSVC"]
    settings = ["--vectors", "glove.6B.50d", "--sets", "tools", "--train-sizes", "0", "60", "--seeds", "2"]
    report = data / "report.md"
    for _ in range(2):  # the second writes over the first
        run("benchmarks/accuracy.py", "--data", str(data), *settings, "--contestants", *names, "--output", str(report))
    lines = report.read_text().splitlines()
    assert [line.split(" | ")[0] for line in lines if line.startswith("| ") and "accuracy" not in line] == [
        f"| {name}" for name in names * 2
    ]
    assert sum("tools, 150 to train on" in line for line in lines) == 1
    assert all(float(line.split(" | ")[1]) > 0.7 for line in lines if line.startswith(("| skglove", "| TF-IDF")))


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
