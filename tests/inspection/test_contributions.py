import numpy as np
import pytest

from skglove.inspection.contributions import decompose, for_and_against, index_of, ranked, relative, strongest

NGRAMS, VALUES = ["a", "b", "c", "d", "e"], np.array([0.5, -1.0, 0.0, 2.0, -0.25])


def test_relative_contributions_of_all_classes_add_up_to_zero():
    contributions = np.array([[1.0, 2.0, 6.0], [0.0, 0.0, 3.0]])
    assert relative(contributions, exclusive=True).tolist() == [[-2.0, -1.0, 3.0], [-1.0, -1.0, 2.0]]
    assert relative(contributions, exclusive=False) is contributions


@pytest.mark.parametrize("text", ["the cat and the saw", "cat", "", "unheard unseen"])
def test_a_document_is_decomposed_into_what_adds_up_to_its_scores(wide_and_deep, text):
    vectorizer, classifier = wide_and_deep
    sequences = vectorizer.transform([text])
    logits = classifier._score(sequences)[0]
    spans, contributions, bias = decompose(classifier, sequences.ids, logits)
    assert contributions.shape == (len(spans), 2)
    np.testing.assert_allclose(contributions.sum(axis=0) + bias, logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.exp(bias), [0.5, 0.5])


def test_words_that_say_nothing_share_the_rest_evenly(wide_and_deep, monkeypatch):
    vectorizer, classifier = wide_and_deep
    sequences, bias = vectorizer.transform(["the cat"]), np.array([1.0, 3.0])
    monkeypatch.setattr(type(classifier.architecture_), "contributions", lambda self, ids: ({}, bias))
    spans, contributions, _ = decompose(classifier, sequences.ids, bias)
    assert spans == [(0, 1), (1, 2)]
    np.testing.assert_allclose(contributions, np.tile((bias - np.log(0.5)) / 2, (2, 1)))


@pytest.mark.parametrize(
    ("classes", "class_", "index"),
    [(["a", "b"], "b", 1), ([3, 5], 3, 0), ([False, True], True, 1)],
)
def test_the_index_of_a_class(classes, class_, index):
    assert index_of(class_, np.array(classes)) == index


def test_ranked_ngrams_are_in_descending_order():
    assert ranked(NGRAMS, VALUES, None) == [("d", 2.0), ("a", 0.5), ("c", 0.0), ("e", -0.25), ("b", -1.0)]
    assert ranked(NGRAMS, VALUES, 2) == [("d", 2.0), ("a", 0.5)]


def test_equal_ngrams_keep_their_order():
    assert [ngram for ngram, _ in ranked(NGRAMS, np.ones(5), None)] == NGRAMS
    assert strongest(-np.ones(5), None)[1].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("n", "for_", "against"), [(None, [3, 0], [1, 4]), (5, [3, 0], [1, 4]), (1, [3], [1])])
def test_the_strongest_have_the_sign_that_they_are_asked_for(n, for_, against):
    assert [indices.tolist() for indices in strongest(VALUES, n)] == [for_, against]


def test_for_and_against():
    assert for_and_against(NGRAMS, VALUES, 5) == ([("d", 2.0), ("a", 0.5)], [("b", -1.0), ("e", -0.25)])
