import numpy as np
import pytest

from skglove.vectors import WordVectors
from skglove.vectors.sources.joined import JoinedSource
from skglove.vectors.sources.sources import vector_source

FIRST = {"the": [3.0, 4.0], "cat": [0.0, 3.0], "hen": [0.0, 100.0]}
SECOND = {"cat": [1.0, 0.0, 0.0], "dog": [0.0, 0.0, 3.0]}


@pytest.fixture
def joined():
    return vector_source([FIRST, SECOND])


def test_parts_are_scaled_to_the_mean_length_of_the_first(joined):
    rows, found = joined.lookup(["the", "cow", "cat", "dog"])
    assert rows.dtype == np.float32
    # of the words asked for: 5 and 3 in the first source, 1 and 3 in the second
    assert rows.tolist() == [[3, 4, 0, 0, 0], [0] * 5, [0, 3, 2, 0, 0], [0, 0, 0, 0, 6]]
    assert found.tolist() == [True, False, True, True]


def test_one_source_is_not_changed():
    rows, found = vector_source([FIRST]).lookup(["the", "cow"])
    assert rows.tolist() == [[3, 4], [0, 0]]
    assert found.tolist() == [True, False]


def test_a_source_without_any_of_the_words(joined):
    rows, found = joined.lookup(["dog", "cow"])
    assert rows.tolist() == [[0, 0, 0, 0, 3], [0] * 5]
    assert found.tolist() == [True, False]
    assert joined.lookup(["cow"])[0].tolist() == [[0] * 5]
    assert joined.lookup([])[0].shape == (0, 5)


def test_head_takes_the_sources_in_turn(joined):
    assert joined.head(10) == ["the", "cat", "dog", "hen"]
    assert joined.head(3) == ["the", "cat", "dog"]
    assert joined.head(0) == []


def test_vectors_of_a_vocabulary():
    vectors = WordVectors.load([FIRST, SECOND], vocabulary=["dog", "cow", "the"])
    assert vectors.index_to_key == ["dog", "the"]
    assert vectors.dim == 5
    with pytest.raises(ValueError, match="JoinedSource cannot list its words; pass a vocabulary"):
        WordVectors.load([FIRST, SECOND])


def test_every_source_is_checked(tmp_path):
    path = tmp_path / "empty.txt"
    path.touch()
    with pytest.raises(ValueError, match="is empty"):
        vector_source([FIRST, path]).check()
    assert vector_source((FIRST, SECOND)).check() is None


HUGE = {"the": [1e30, 0.0], "cat": [3e30, 0.0], "hen": [-1e30, 1.0]}


@pytest.mark.parametrize("tables", [[FIRST, HUGE], [HUGE, FIRST], [FIRST, SECOND, HUGE]])
def test_lengths_whose_squares_exceed_float32(tables):
    """Numbers of 1e30 are finite, and so are the vectors after scaling; they are those of the exact lengths."""
    words = ["hen", "the", "cow", "dog", "cat"]
    rows, found = vector_source(tables).lookup(words)
    parts = [np.array([table.get(word, [0] * len(table["cat"])) for word in words]) for table in tables]
    lengths = [np.linalg.norm(part, axis=1) for part in parts]
    means = [some[some > 0].mean() for some in lengths]
    expected = np.hstack([part * means[0] / mean for part, mean in zip(parts, means, strict=True)])
    np.testing.assert_allclose(rows, expected, rtol=1e-6)
    assert found.tolist() == [True, True, False, "dog" in SECOND and len(tables) == 3, True]


@pytest.mark.parametrize("other", [{"the": [1.0], "cat": [100.0], "hen": [1e-3]}, {"the": [1e-30]}])
def test_a_source_that_is_too_long_to_scale_the_others(other):
    longest = {"the": [1e38, 0.0], "cat": [0.0, -3.4e38], "hen": [1e38, 0.0]}
    sources = [{"unasked": [1.0]}, longest, other]
    message = r"^Source 2 of 3 in the list .* is too long .*: its vector of 'cat' has length 3\.4e\+38\.$"
    with pytest.raises(ValueError, match=message):
        vector_source(sources).lookup(["the", "hen", "cow", "cat"])


@pytest.mark.parametrize("broken", [np.nan, np.inf, 1e39])
def test_the_source_of_an_error_is_named(broken):
    sources = vector_source([FIRST, SECOND, {"cat": [0.5], "hen": [broken]}])
    assert sources.lookup(["the", "cat"])[1].all()
    with pytest.raises(ValueError, match=r"^Source 3 of 3 in the list of word vectors: .* in the vector of 'hen'"):
        sources.lookup(["the", "cat", "hen"])


def test_no_sources():
    with pytest.raises(ValueError, match="at least one source"):
        JoinedSource([])
