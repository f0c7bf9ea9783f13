import gzip
import io
import zipfile

import numpy as np
import pytest

from skglove.vectors.formats import archives

TEXT = b"a 1 2\nb 3 4\n"


def read(path):
    with archives.open_bytes(path) as file:
        return file.read()


def zipped(members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_plain_gzip_and_zip(tmp_path):
    """The names of the files do not matter."""
    path = tmp_path / "vectors"
    for content in (TEXT, gzip.compress(TEXT), zipped({"folder/vectors.dat": TEXT})):
        path.write_bytes(content)
        assert read(path) == TEXT
        assert archives.is_plain(path) == (content == TEXT)


@pytest.mark.parametrize("pack", [gzip.compress, lambda text: zipped({"a.txt": text})], ids=["gzip", "zip"])
def test_archives_are_read_again_from_the_beginning(tmp_path, pack):
    text = bytes(range(256)) * 10_000
    path = tmp_path / "vectors"
    path.write_bytes(pack(text))
    for n in (0, 3, len(text)):
        with archives.open_bytes(path) as file:
            assert file.read(n) == text[:n]
            file.seek(0)
            assert file.read() == text


def test_members_of_zip(tmp_path):
    path = tmp_path / "several.zip"
    path.write_bytes(zipped({"deep/../../evil/one.txt": TEXT, "two.txt": b"other 1 2\n", ".hidden": b""}))
    assert read(f"{path}#one.txt") == TEXT
    with pytest.raises(ValueError, match=r"has 2 members: one\.txt, two\.txt\. Choose .* '.*several\.zip#one\.txt'"):
        read(path)
    with pytest.raises(ValueError, match=r"has no member 'three\.txt'; its members are one\.txt, two\.txt"):
        read(f"{path}#three.txt")
    assert list(tmp_path.iterdir()) == [path]


def test_only_text_in_zip(tmp_path):
    path = tmp_path / "v.zip"
    path.write_bytes(zipped({"README.md": b"", "v.txt": TEXT, "folder/LICENSE": b""}))
    assert read(path) == TEXT


def test_member_of_plain_file(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(TEXT)
    with pytest.raises(ValueError, match="is not a zip archive"):
        read(f"{path}#v.txt")


@pytest.mark.parametrize("cut", [3, 30, 300])
@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_broken_archive(tmp_path, kind, cut):
    text = b"".join(b"word%d %d\n" % (i, i * i) for i in range(1000))
    packed = gzip.compress(text) if kind == "gz" else zipped({"a.txt": text})
    path = tmp_path / "broken"
    path.write_bytes(packed[:-cut])
    with pytest.raises(ValueError, match="broken"):
        read(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_are_decompressed_without_limit(tmp_path, method):
    path = tmp_path / "v.zip"
    path.write_bytes(zipped({"v.txt": TEXT}, method))
    with pytest.raises(ValueError, match=r"v\.zip: v\.txt is not compressed by deflate\. Decompress it"):
        read(path)


@pytest.mark.parametrize("method", ["ZIP_STORED", "ZIP_DEFLATED", "gzip"])
def test_damaged_data(tmp_path, method):
    """Wherever the damage is, the error names the file, or the text is complete."""
    text = b"".join(b"word%d %d\n" % (i, i * i) for i in range(1000))
    whole = gzip.compress(text) if method == "gzip" else zipped({"a.txt": text}, getattr(zipfile, method))
    path = tmp_path / "damaged"
    refused = 0
    for position in np.linspace(4, len(whole) - 1, 40).astype(int):
        packed = bytearray(whole)
        packed[position] ^= 0x55
        path.write_bytes(packed)
        try:
            assert read(path) == text
        except ValueError as error:
            assert str(error).startswith(str(path))  # noqa: PT017
            refused += 1
    assert refused > 15


def test_errors_of_the_reader_are_its_own(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(TEXT))
    with pytest.raises(RuntimeError, match="its own"), archives.open_bytes(path):
        raise RuntimeError("its own")


@pytest.mark.parametrize("pack", [gzip.compress, lambda text: zipped({"a.txt": text})], ids=["gzip", "zip"])
def test_archive_without_end(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(archives, "SMALL", 1 << 20)
    path = tmp_path / "archive"
    path.write_bytes(pack(bytes(3 << 20)))
    with pytest.raises(ValueError, match=r"archive decompresses to more than 100 times its size.* decompress it"):
        read(path)
    path.write_bytes(bytes(3 << 20))
    assert len(read(path)) == 3 << 20, "a plain file has no limit"


def test_small_archive_may_be_well_compressed(tmp_path):
    path = tmp_path / "archive"
    path.write_bytes(gzip.compress(bytes(3 << 20)))
    assert len(read(path)) == 3 << 20


def test_vectors_of_zeros_and_ones_are_within_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "SMALL", 0)
    rows = (np.random.default_rng(0).random((1000, 300)) < 0.05).astype(int)
    path = tmp_path / "archive"
    path.write_bytes(gzip.compress("".join(f"word {' '.join(map(str, row))}\n" for row in rows.tolist()).encode()))
    assert len(read(path).split()) == 301_000
