import pytest

from skglove.vectors.published import registry


def test_known_names():
    available = registry.ENTRIES
    assert [name for name in available if name.startswith("glove.")][:2] == ["glove.6B.50d", "glove.6B.100d"]
    for name, entry in available.items():
        assert entry.name == name
        assert name.endswith(f".{entry.dim}d") or f"-{entry.dim}d-" in name
        assert entry.licence
        assert all(alias == alias.casefold() for alias in entry.aliases)  # as `find` expects
        assert all(mirror.url.startswith("https://") for mirror in entry.mirrors)
        zipped = [mirror for mirror in entry.mirrors if mirror.url.endswith(".zip")]
        assert all(mirror.member for mirror in zipped)
    first = available["glove.6B.100d"].mirrors[0]
    assert (first.size, first.checksum) == (134_300_434, "md5:40ec481866001177b8cd4cb0df92924f")
    assert available["glove.6B.100d"].mirrors[1].member == "glove.6B.100d.txt"


def test_names_are_distinct():
    names = [name for entry in registry.ENTRIES.values() for name in (entry.name.casefold(), *entry.aliases)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "path", "member"),
    [
        ("fasttext.cc.de.300d", "vectors-crawl/cc.de.300.vec.gz", None),
        ("fasttext.wiki.zh_yue.300d", "vectors-wiki/wiki.zh_yue.vec", None),
        ("fasttext.crawl-300d-2M", "vectors-english/crawl-300d-2M.vec.zip", "crawl-300d-2M.vec"),
        ("fasttext.crawl-300d-2M-subword", "vectors-english/crawl-300d-2M-subword.zip", "crawl-300d-2M-subword.vec"),
    ],
)
def test_fasttext(name, path, member):
    entry = registry.ENTRIES[name]
    file = entry.mirrors[-1]
    assert file.url == f"https://dl.fbaipublicfiles.com/fasttext/{path}"
    assert (file.size, file.checksum, file.member) == (None, None, member)
    assert entry.licence.startswith("CC BY-SA 3.0")


def test_reported_sizes_are_shown_and_not_checked():
    entry = registry.ENTRIES["fasttext.cc.en.300d"]
    assert entry.size == 1_325_960_915
    assert entry.mirrors[0].size is None
    assert registry.ENTRIES["fasttext.cc.fr.300d"].size is None


def test_families_stand_for_their_languages():
    listed = registry.families(registry.ENTRIES.values())
    assert len(listed) < 25
    assert {"fasttext.cc.<language>.300d", "fasttext.wiki.<language>.300d", "glove.6B.50d"} < set(listed)
    assert "fasttext.cc.<language>.300d" in registry.unknown_name("nonsense")


@pytest.mark.parametrize("name", ["word2vec-google-news-300", "fasttext-wiki-news-subwords-300"])
def test_other_names_of_gensim_data(name):
    file = registry.find(name).mirrors[0]
    assert file.url.endswith(f"/{name}/{name}.gz")
    assert file.checksum.startswith("md5:")


@pytest.mark.parametrize("name", ["glove.6B.50d", "glove-wiki-gigaword-50", "GLOVE.6b.50D"])
def test_find(name):
    assert registry.find(name) is registry.ENTRIES["glove.6B.50d"]


def test_find_unknown_name():
    assert registry.find("glove.6B.51d") is None
    assert "Did you mean 'glove.6B.50d' or" in registry.unknown_name("glove.6B.51d")
    assert "Did you mean" not in registry.unknown_name("nonsense")


def test_find_unknown_language():
    assert "Did you mean 'fasttext.cc." in registry.unknown_name("fasttext.cc.germany.300d")
