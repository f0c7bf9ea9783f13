"""The code of the pages runs as doctests; see `addopts` in pyproject.toml."""

import os
import tempfile
from doctest import DocTestParser
from pathlib import Path

if "PYTEST_XDIST_WORKER" not in os.environ:  # all workers share one temporary cache
    _home = tempfile.TemporaryDirectory(prefix="skglove-docs-")
    os.environ["SKGLOVE_HOME"] = _home.name

import pytest

collect_ignore = ["conf.py"]
collect_ignore_glob = ["_build/*", "auto_examples/*", "api/generated/*", "api/backreferences/*"]

_GETTING_STARTED = (Path(__file__).parent / "getting_started.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def texts_and_labels(doctest_namespace):
    """Define `texts` and `labels` as on the page "Getting started", which the pages of the guide refer to."""
    for example in DocTestParser().get_examples(_GETTING_STARTED):
        if example.source.startswith(("texts =", "labels =")):
            exec(example.source, doctest_namespace)
    doctest_namespace.pop("__builtins__")


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path, monkeypatch):
    """Pages write files."""
    monkeypatch.chdir(tmp_path)
