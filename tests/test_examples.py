"""Every example, end to end, in small."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def run(monkeypatch, capsys):
    def run_example(name, *arguments):
        monkeypatch.syspath_prepend(str(EXAMPLES))
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
