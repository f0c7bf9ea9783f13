"""A model of one's own among the linear ones: one class and one line."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

import skglove
from skglove import ConvTextClassifier, GloveTextVectorizer, WideAndDeep, explain
from skglove.models.linear import LEARNERS
from skglove.models.linear.model import FeatureWeights, InParts, Learner, of_labels


class Ridge(Learner):
    """Ridge regression on the means of word vectors."""

    prior_weight = 1.0
    prior_weight_in_parts, weight_of_few_in_parts = 1.0, 1.0

    def fit(self, features, labels, seed):
        if not labels.head.exclusive:
            return of_labels(self.fit(features, one, seed) for one in labels.of_each_label())
        moments = RidgeInParts(np.arange(labels.n_classes))
        for rows, part in features.parts():
            weights = moments.train(part, labels[rows], 1, len(labels.y), None)
        return weights

    def in_parts(self, classes, state=None):
        return RidgeInParts(classes, state)


class RidgeInParts(InParts):
    def __init__(self, classes, state=None):
        self.classes, self.moments = classes, state or {"squares": 0, "products": 0}

    def train(self, features, labels, n_passes, n_distinct, random_state):
        n_terms, dim = features.sizes
        means, signs = features.means.astype(float), np.where(labels.y[:, None] == self.classes, 1.0, -1.0)
        added = {"squares": means.T @ means, "products": means.T @ signs}
        self.moments = {name: total + added[name] for name, total in self.moments.items()}
        kernel = np.zeros((n_terms + dim, len(self.classes)), dtype=np.float32)
        kernel[n_terms:] = np.linalg.solve(self.moments["squares"] + 0.01 * np.eye(dim), self.moments["products"])
        return FeatureWeights(kernel, np.zeros(len(self.classes), dtype=np.float32))

    def state(self):
        return self.moments


@pytest.fixture
def pipelines(corpus, vectors):
    """Return a function that fits a pipeline, and trains another one in parts."""

    def fit():
        texts, y = corpus[0], np.where(np.arange(200) % 9, corpus[1], "other")
        made = [
            make_pipeline(
                GloveTextVectorizer(vectors), ConvTextClassifier(WideAndDeep(filters=4), epochs=1, random_state=0)
            )
            for _ in range(2)
        ]
        made[0].fit(texts, y)
        X = made[1][0].fit_transform(texts)
        for rows in (slice(0, 100), slice(100, 200)):
            made[1][1].partial_fit(X[rows], y[rows], classes=["animals", "other", "tools"])
        return made

    return fit


def test_it_takes_part_in_everything(pipelines, corpus, monkeypatch, tmp_path):
    without = pipelines()
    monkeypatch.setitem(LEARNERS, "ridge", Ridge())
    for before, pipeline, others in zip(without, pipelines(), (["discriminant"], []), strict=True):
        member = pipeline[1].architecture_
        assert list(member.weights_) == ["svm", "naive_bayes", *others, "ridge", "network"]
        assert member.weights_["ridge"] > 0.1
        probabilities = pipeline.predict_proba(corpus[0])
        assert abs(probabilities - before.predict_proba(corpus[0])).max() > 0.001
        explanation = explain(pipeline, corpus[0][0])
        total = sum((ngram.contributions for ngram in explanation.ngrams), explanation.bias)
        np.testing.assert_allclose(total, explanation.logits, rtol=1e-4, atol=1e-4)
        skglove.dump(pipeline, tmp_path / "model.skops")
        assert np.array_equal(skglove.load(tmp_path / "model.skops").predict_proba(corpus[0]), probabilities)
    assert set(member.linear_.training_state_["models"][0]) == {"svm", "naive_bayes", "ridge"}


def test_it_is_fitted_for_each_label(corpus, vectors, monkeypatch):
    monkeypatch.setitem(LEARNERS, "ridge", Ridge())
    Y = np.stack([np.arange(200) % 2, np.arange(200) % 3 == 0], axis=1).astype(int)
    X = GloveTextVectorizer(vectors).fit_transform(corpus[0])
    classifier = ConvTextClassifier(WideAndDeep(filters=4), epochs=1, random_state=0)
    assert "ridge" in classifier.fit(X, Y).architecture_.weights_
    in_parts = ConvTextClassifier(WideAndDeep(filters=4), random_state=0).partial_fit(X, Y)
    assert len(in_parts.architecture_.linear_.training_state_["models"][0]["ridge"]) == 2
