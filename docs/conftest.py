"""The code of the pages runs as doctests; see `addopts` in pyproject.toml."""

import os
import tempfile

if "PYTEST_XDIST_WORKER" not in os.environ:  # all workers share one temporary cache
    _home = tempfile.TemporaryDirectory(prefix="skglove-docs-")
    os.environ["SKGLOVE_HOME"] = _home.name

import pytest

collect_ignore = ["conf.py"]
collect_ignore_glob = ["_build/*", "auto_examples/*", "api/generated/*", "api/backreferences/*"]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path, monkeypatch):
    """Pages write files."""
    monkeypatch.chdir(tmp_path)
