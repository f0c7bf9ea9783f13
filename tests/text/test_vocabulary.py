import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skglove.text.keras import KerasTokenizer
from skglove.text.vocabulary import WordCounts, words_by_id

TEXTS = ["b a", "a b c", "c d,, d!"]
# Few words, so that they repeat; lists of chunks of texts.
CHUNKS = st.lists(
    st.lists(st.lists(st.sampled_from(list("abcdefgh")), max_size=6).map(" ".join), max_size=4), max_size=4
)


def count(*chunks, count_documents=False):
    counts = WordCounts(KerasTokenizer(), count_documents=count_documents)
    for texts in chunks:
        counts.add(texts)
    return counts


def test_words_are_in_order_of_first_appearance():
    assert count(TEXTS).words == ["b", "a", "c", "d"]


def test_counts_belong_to_the_words():
    assert count(["b a", "a b c", "a"]).counts.tolist() == [2, 3, 1]


@given(CHUNKS)
def test_counts_are_those_of_a_counter(chunks):
    counts = count(*chunks)
    expected = Counter(word for texts in chunks for text in texts for word in text.split())
    assert list(zip(counts.words, counts.counts.tolist(), strict=True)) == list(expected.items())


@given(CHUNKS)
def test_document_counts_are_those_of_sets_of_words(chunks):
    counts = count(*chunks, count_documents=True)
    texts = [text for texts in chunks for text in texts]
    expected = Counter(word for text in texts for word in set(text.split()))
    assert counts.document_counts(counts.words).tolist() == [expected[word] for word in counts.words]


@given(CHUNKS, st.integers(0, 9))
def test_largest_counts_are_those_of_the_most_common_words(chunks, n_words):
    counts = count(*chunks)
    by_word = dict(zip(counts.words, counts.counts.tolist(), strict=True))
    assert counts.largest(n_words).tolist() == [by_word[word] for word in counts.most_common(n_words)[0]]


def test_unknown_words_are_in_no_document():
    assert count(["a b"], count_documents=True).document_counts(["b", "z", ""]).tolist() == [1, 0, 0]


def test_n_documents_counts_texts_without_words():
    assert count(["a", ""], ["!"]).n_documents == 3


def test_length_is_the_number_of_distinct_words():
    assert len(count(TEXTS)) == 4


def test_without_texts_there_are_no_words():
    counts = count([])
    assert (len(counts), counts.words, counts.counts.tolist()) == (0, [], [])


@pytest.mark.parametrize(("word", "is_in"), [("c", True), ("z", False), ("", False)])
def test_contains(word, is_in):
    assert (word in count(TEXTS)) is is_in


def test_numbers_stand_for_words_in_order_of_appearance_and_0_for_empty_pieces():
    numbers, lengths = WordCounts(KerasTokenizer()).add(["b a", "", "a, b"])
    assert numbers.tolist() == [1, 2, 0, 2, 0, 1]
    assert lengths.tolist() == [2, 1, 3]


def test_numbers_stay_the_same_in_later_chunks():
    counts = count(["b a"])
    assert counts.add(["c a"])[0].tolist() == [3, 2]


def test_most_common_words_are_by_falling_frequency():
    assert count(["a b c", "b c", "c"]).most_common(None)[0] == ["c", "b", "a"]


def test_ties_go_to_the_word_seen_first():
    words = [f"w{i * 37 % 100}" for i in range(100)]
    assert count([" ".join(words), "w5 w50"]).most_common(None)[0][2:] == [w for w in words if w not in ("w5", "w50")]


def test_most_common_words_are_as_many_as_requested():
    assert count(TEXTS).most_common(2)[0] == ["b", "a"]


@pytest.mark.parametrize(("n_words", "expected"), [(None, [0, 3, 2, 1]), (2, [0, 0, 2, 1]), (0, [0, 0, 0, 0])])
def test_ranks_belong_to_the_numbers_of_words(n_words, expected):
    _, ranks = count(["a b c", "b c", "c"]).most_common(n_words)
    assert ranks.tolist() == expected
    assert ranks.dtype == np.int32


def test_words_by_id():
    assert words_by_id({"a": 1, "c": 3, "far": 9}, 5) == ["", "a", "", "c", ""]


@pytest.mark.parametrize("count_documents", [True, False])
@pytest.mark.parametrize("starts", [[3], [1, 2, 2, 5], []], ids=str)
def test_merged_counts_of_parts_are_those_of_all_texts(count_documents, starts):
    texts = ["b a b", "c a", "", "a d d", "e b", "c"]

    def count(some):
        counts = WordCounts(KerasTokenizer(), count_documents=count_documents)
        return counts, counts.add(some)

    expected, (numbers, lengths) = count(texts)
    merged, found = WordCounts(KerasTokenizer(), count_documents=count_documents), []
    for part in np.split(np.array(texts, dtype=object), starts):
        counts, (of_part, _) = count(part.tolist())
        found.append(merged.merge(pickle.loads(pickle.dumps(counts.plain())))[of_part])
    assert np.array_equal(np.concatenate(found), numbers)
    assert merged.words == expected.words
    assert merged.counts.tolist() == expected.counts.tolist()
    assert merged.n_documents == len(lengths) == 6
    assert merged.all_are_texts
    assert merged.most_common(3)[0] == expected.most_common(3)[0]
    if count_documents:
        assert merged.document_counts("abcde").tolist() == expected.document_counts("abcde").tolist()


def test_merged_counts_know_whether_all_were_texts():
    lists = WordCounts(KerasTokenizer())
    lists.add([["a", "b"]])
    merged = WordCounts(KerasTokenizer())
    merged.merge(lists.plain())
    assert not merged.all_are_texts
