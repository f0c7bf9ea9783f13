import numpy as np
import pytest

from skglove.vectors import WordVectors
from skglove.vectors.joined import JoinedSource
from skglove.vectors.sources import vector_source

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


def test_no_sources():
    with pytest.raises(ValueError, match="at least one source"):
        JoinedSource([])
