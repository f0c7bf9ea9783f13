import gzip
import io
import zipfile

import pytest

from skglove.vectors import archives

TEXT = b"a 1 2\nb 3 4\n"


def read(path):
    with archives.open_bytes(path) as file:
        return file.read()


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
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
