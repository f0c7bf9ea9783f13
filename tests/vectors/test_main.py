import os
import subprocess
import sys
from textwrap import dedent

import pytest

from skglove.vectors import __main__
from skglove.vectors.cache import cache


def test_fetch_and_list(register, capsys):
    register("a.gz")
    assert __main__.main(["fetch", "test.vectors"]) == 0
    assert "3,000 words" in capsys.readouterr().out
    assert __main__.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "cache" in next(line for line in lines if line.startswith("test.vectors"))


def test_list_of_many_languages(capsys):
    __main__.main(["list"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) < 30
    assert "fasttext.cc.<language>.300d" in lines[-2]
    __main__.main(["list", "fasttext.cc.de"])
    (_, line, _) = capsys.readouterr().out.splitlines()
    assert line.split()[:6] == ["fasttext.cc.de.300d", "?", "300", "1,278", "MB", "no"]


def test_fetch_unknown_name(register, capsys):
    register("a.gz")
    assert __main__.main(["fetch", "tset.vectors"]) == 1
    assert "Did you mean 'test.vectors'" in capsys.readouterr().err


def test_queries(register, capsys):
    register("a.gz")
    assert __main__.main(["nearest", "word2998", "--vectors", "test.vectors", "-n", "2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert __main__.main(["analogy", "word1", "word2", "word3", "--vectors", "test.vectors"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 10
    assert __main__.main(["nearest", "Word1", "--vectors", "test.vectors"]) == 1
    assert capsys.readouterr().err.endswith(
        "skglove.vectors: 'Word1' has no vector, but 'word1' has; the words of these vectors are in lower case.\n"
    )


def test_clear(register, capsys):
    register("a.gz")
    __main__.main(["fetch", "test.vectors"])
    assert __main__.main(["clear", "test.vectors"]) == 0
    assert cache.find("test.vectors") is None
    assert __main__.main(["clear", "test.vectors"]) == 0
    assert "does not exist" in capsys.readouterr().out
    assert __main__.main(["clear", "--all"]) == 0
    assert not cache.folder().exists()


@pytest.mark.parametrize("arguments", [[], ["test.vectors", "--all"], ["--all", "test.vectors"]])
def test_clear_wants_either_names_or_all(register, capsys, arguments):
    register("a.gz")
    __main__.main(["fetch", "test.vectors"])
    with pytest.raises(SystemExit) as caught:
        __main__.main(["clear", *arguments])
    assert caught.value.code == 2
    assert "--all" in capsys.readouterr().err
    assert cache.find("test.vectors")


def test_the_command_imports_nothing_beside_scikit_learn():
    code = """
        import sys, sklearn.compose, sklearn.linear_model, sklearn.model_selection, sklearn.pipeline
        def packages():
            return {name.partition(".")[0] for name in sys.modules}
        before = packages()
        import skglove.vectors.__main__
        print(*packages() - before - sys.stdlib_module_names)
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", dedent(code)], capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["skglove"], done.stderr
