"""Character n-grams against scikit-learn's."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from skglove.text.subwords import SUBWORD_COLUMNS, subwords

# Shorter words have n-grams in scikit-learn that are shorter than n.
WORDS = [
    "cat",
    "cats",
    "walking",
    "walked",
    "banana",
    "aaaaaa",
    "naïve",
    "straße",
    "ΣΊΣΥΦΟΣ",
    "日本語",
    "🙂🙃🙂🙃",
    "e\u0301té",
]


@pytest.mark.parametrize("sizes", [(3, 4, 5), (2,), (4, 5)], ids=str)
def test_the_n_grams_are_those_of_scikit_learn(sizes):
    reference = CountVectorizer(
        analyzer="char_wb", ngram_range=(sizes[0], sizes[-1]), lowercase=False, binary=True, dtype=np.float32
    )
    expected, found = reference.fit_transform(WORDS), subwords(WORDS, sizes)
    # How many n-grams each two words share, and each word with itself.
    assert np.array_equal((found @ found.T).toarray(), (expected @ expected.T).toarray())


def test_an_n_gram_counts_once_in_a_word():
    found = subwords(["aaaaaaaa"], sizes=(3,))
    assert found.data.tolist() == [1, 1, 1]  # " aa", "aaa", "aa "


def test_short_words():
    assert subwords(["", "a", "ab"]).getnnz(axis=1).tolist() == [0, 1, 3]


def test_n_grams_do_not_depend_on_other_words():
    alone = [subwords([word]).indices for word in WORDS]
    together = subwords(WORDS)
    for i, columns in enumerate(alone):
        assert set(together[i].indices) == set(columns)


def test_columns_are_spread_out():
    words = [f"{i:05}" for i in range(3000)]
    found = subwords(words, sizes=(5,))
    n_distinct = len(np.unique(found.indices))
    n_grams = {f" {word} "[i : i + 5] for word in words for i in range(3)}
    assert 0.99 * len(n_grams) < n_distinct <= len(n_grams)
    assert found.shape == (3000, SUBWORD_COLUMNS)
    assert found.indices.max() > 0.9 * SUBWORD_COLUMNS


def test_half_a_pair_of_surrogates_is_a_character():
    assert subwords(["a\ud800b"]).nnz == 6
