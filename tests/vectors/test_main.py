from skglove.vectors import __main__, cache


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
    assert __main__.main(["clear"]) == 0
    assert not cache.folder().exists()
