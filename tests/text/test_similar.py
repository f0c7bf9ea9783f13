"""Similar words against the definition, one pair at a time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skglove.text.similar import _LEAST_SIMILARITY, SimilarWords

words = st.lists(st.text("abc", max_size=6), min_size=1, max_size=12, unique=True)


def ngrams(word):
    padded = f" {word} "
    return {padded[i : i + size] for size in (2, 3) for i in range(len(padded) - size + 1)}


def similarity(a, b):
    return len(ngrams(a) & ngrams(b)) / np.sqrt(len(ngrams(a)) * len(ngrams(b)))


@given(words, words)
def test_the_most_similar_word_is_found(known, asked):
    found = SimilarWords(known).find(asked)
    for word in asked:
        similarities = [round(similarity(word, other), 5) for other in known]
        best = int(np.argmax(similarities))  # the first of equal ones
        if similarities[best] >= _LEAST_SIMILARITY:
            assert found[word] == known[best]
        else:
            assert word not in found


def test_many_words_are_compared_in_blocks():
    known = [f"{i:04d}" for i in range(0, 3000, 2)]
    found = SimilarWords(known).find([word + "0" for word in known])
    assert len(found) == len(known)
    assert sum(found[word + "0"] == word for word in known) > 1000
