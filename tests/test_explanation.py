"""What speaks for a class adds up to its score, and is shown where it stands."""

import itertools
import subprocess
import sys

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, explain
from skglove.tokenizer import Tokenizer

SETTINGS = [
    {"architecture": "wide_and_deep"},
    {"architecture": "wide_and_deep", "conv_maxlen": 5},
    {"architecture": "parallel", "kernel_sizes": (2, 4, 7)},
    {"architecture": "stacked"},
    {"architecture": "stacked", "n_conv_layers": 2, "pool_size": 3, "kernel_size": 4},
    {"architecture": "stacked", "n_conv_layers": 1},
]
TEXTS = [
    "The cat and the dog, the cat!",
    "hammer",
    "",
    "nothing known here",
    "The saw, unheard, of the cat unseen " * 30,
    "drill " * 12,
]


def make(texts, labels, vectors, settings, **parameters):
    classifier = ConvTextClassifier(filters=8, dense_units=8, epochs=3, random_state=0, **settings)
    return make_pipeline(GloveTextVectorizer(vectors, maxlen=40, **parameters), classifier).fit(texts, labels)


@pytest.fixture(scope="module", params=SETTINGS, ids=str)
def pipeline(request, corpus, vectors):
    return make(*corpus, vectors, request.param)


@pytest.fixture(scope="module")
def plain(corpus, vectors):
    return make(*corpus, vectors, {}, oov_token=None)


def check(pipeline, text):
    explanation = explain(pipeline, text)
    proba = pipeline.predict_proba([text])[0]
    np.testing.assert_allclose(explanation.probabilities, proba, atol=1e-6)
    total = sum((ngram.contributions for ngram in explanation.ngrams), explanation.bias)
    np.testing.assert_allclose(total, explanation.logits, rtol=1e-4, atol=1e-4)
    by_word = explanation.word_contributions.sum(axis=0) + explanation.bias
    np.testing.assert_allclose(by_word, explanation.logits, rtol=1e-4, atol=1e-4)
    return explanation


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_contributions_add_up_to_the_logits(pipeline, text):
    check(pipeline, text)


@pytest.mark.parametrize("settings", [SETTINGS[0], SETTINGS[3]], ids=str)
def test_three_classes(corpus, vectors, settings):
    labels = np.array(["a", "b", "c"])[np.arange(len(corpus[0])) % 3]
    for parameters in ({}, {"oov_token": "<unknown>"}, {"truncating": "post"}):
        pipeline = make(corpus[0], labels, vectors, settings, **parameters)
        for text in TEXTS:
            check(pipeline, text)


def test_words_speak_for_their_class(plain):
    explanation = check(plain, "Take the hammer to the cat, unheard of.")
    assert explanation.words == "take the hammer to the cat unheard of".split()
    for class_, word in (("tools", "hammer"), ("animals", "cat")):
        position = explanation.classes.tolist().index(class_)
        added = explanation.word_contributions
        assert added[:, position].argmax() == explanation.words.index(word)
        assert word in explanation.top(class_, 1)[0][0]
        assert word in explanation.top(["tools", "animals"][class_ == "tools"], None)[-1][0]
    assert not explanation.word_contributions[explanation.words.index("unheard")].any()


def test_what_is_cut_off_adds_nothing(plain):
    explanation = check(plain, "cat " + "the " * 60)
    assert not explanation.word_contributions[:21].any()
    assert explanation.word_contributions[-1].any()


@given(st.text(st.characters() | st.sampled_from("ΣİẞaA ,-")), st.booleans(), st.sampled_from([" ", "ab", "-", "aa"]))
def test_spans_are_where_the_words_stand(text, lower, split):
    tokenizer = Tokenizer(lower=lower, split=split)
    words, spans = tokenizer.words_and_spans(text)
    assert words == tokenizer.words(text)
    assert all(a < b <= c < d for (a, b), (c, d) in itertools.pairwise(spans))
    for word, (start, stop) in zip(words, spans, strict=True):
        if lower and "Σ" not in text and "İ" not in text:
            assert text[start:stop].lower() == word
        elif not lower:
            assert text[start:stop] == word


def test_explains_what_prediction_reads(corpus, vectors):
    pipeline = make(*corpus, vectors, {})
    pipeline[0].fit(["one two three cat"])
    with pytest.raises(ValueError, match="X comes from another vectorizer"):
        explain(pipeline, "the cat")
    pipeline[0].set_params(output="mean")
    with pytest.raises(ValueError, match=r"Expected a vectorizer with output='sequences'.* this one has 'mean'"):
        explain(pipeline, "the cat")
    # "zebra" is cut off whenever training meets it, and plain matrices do not say how many ids there are.
    vectorizer = GloveTextVectorizer(None, maxlen=3)
    texts = ["the cat dog", "the saw file"] * 5 + ["zebra the cat dog", "saw the file"]
    plain_ids = np.asarray(vectorizer.fit_transform(texts))
    classifier = ConvTextClassifier(filters=4, epochs=1, random_state=0).fit(plain_ids, ["a", "b"] * 6)
    explanation = check(Pipeline([("vectorizer", vectorizer), ("classifier", classifier)]), "zebra the cat")
    assert not explanation.word_contributions[0].any()
    assert explanation.word_contributions[1:].any()


def test_explanations_are_compared_by_identity(plain):
    explanation = explain(plain, "the cat")
    assert explanation == explanation
    assert explanation != explain(plain, "the cat")
    assert len({explanation, explanation}) == 1


def test_in_a_notebook(corpus, vectors):
    labels = np.where(corpus[1] == "tools", "<b>tools</b>", "animals & co")
    shown = explain(make(corpus[0], labels, vectors, {}), 'A <script>alert("cat")</script> & a dog')._repr_html_()
    assert "<script>" not in shown
    assert "<b>tools" not in shown
    assert "&lt;script&gt;" not in shown  # coloured word by word
    assert "animals &amp; co" in shown
    assert 'title="+' in shown
    assert shown.count("<span") == shown.count("</span>") == 7


def test_in_a_terminal(plain):
    explanation = explain(plain, "The cat and the dog.")
    first, *rest = str(explanation).splitlines()
    assert first.split()[:2] == ["animals:", f"{explanation.probabilities[0]:.1%}"]
    assert any("cat" in line for line in rest)
    assert repr(explanation) == str(explanation)


def test_without_tensorflow(tmp_path, plain):
    joblib.dump(plain, tmp_path / "model")
    code = (
        "import joblib, skglove, sys; print(skglove.explain(joblib.load('model'), 'the cat')); "
        "assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def of_my_own(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.GlobalMaxPooling1D()(words))


def test_what_cannot_be_explained(corpus, vectors, plain):
    with pytest.raises(ValueError, match="Only the built-in architectures"):
        explain(make(*corpus, vectors, {"architecture": of_my_own}), "the cat")
    with pytest.raises(TypeError, match="Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier"):
        explain(plain[-1], "the cat")
    with pytest.raises(TypeError, match=r"text must be one str; got \['the cat'\]"):
        explain(plain, ["the cat"])
    with pytest.raises(NotFittedError):
        explain(make_pipeline(GloveTextVectorizer(vectors), ConvTextClassifier()), "the cat")
    with pytest.raises(ValueError, match=r"class_ must be one of \['animals', 'tools'\]; got 'plants'"):
        explain(plain, "the cat").top("plants")
