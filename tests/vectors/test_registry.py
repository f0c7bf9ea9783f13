import pytest

from skglove.vectors import registry


def test_known_names():
    available = registry.ENTRIES
    assert len(available) == 15
    for name, entry in available.items():
        assert entry.name == name
        assert name.endswith(f".{entry.dim}d")
        assert all(mirror.url.startswith("https://") for mirror in entry.mirrors)
        zipped = [mirror for mirror in entry.mirrors if mirror.url.endswith(".zip")]
        assert all(mirror.member for mirror in zipped)
    first = available["glove.6B.100d"].mirrors[0]
    assert (first.size, first.checksum) == (134_300_434, "md5:40ec481866001177b8cd4cb0df92924f")
    assert available["glove.6B.100d"].mirrors[1].member == "glove.6B.100d.txt"


@pytest.mark.parametrize("name", ["glove.6B.50d", "glove-wiki-gigaword-50", "GLOVE.6b.50D"])
def test_find(name):
    assert registry.find(name) is registry.ENTRIES["glove.6B.50d"]


def test_find_unknown_name():
    assert registry.find("glove.6B.51d") is None
    assert "Did you mean 'glove.6B.50d' or" in registry.unknown_name("glove.6B.51d")
    assert "Did you mean" not in registry.unknown_name("nonsense")
