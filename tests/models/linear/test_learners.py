import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from skglove import TokenSequences
from skglove.data.head import Sigmoid, Softmax
from skglove.models.linear import LEARNERS, discriminant, svm
from skglove.models.linear.features import Features, StreamedFeatures
from skglove.models.linear.model import Labels, weighted_sum

support_vector_machine, naive_bayes, discriminant_analysis = (learner.fit for learner in LEARNERS.values())


def fit_models(features, labels, seed):
    return [learner.fit(features, labels, seed) for learner in LEARNERS.values()]


def make_features(y, n_terms=40, dim=5, seed=0):
    """Return features of documents in which each class has terms and means of its own, more or less."""
    rng = np.random.RandomState(seed)
    counts = rng.poisson(0.2 + 0.6 * (np.arange(n_terms) % 4 == y[:, None]))
    means = 0.2 * (rng.normal(size=(len(y), dim)) + 2 * np.eye(4, dim)[y])
    return Features(csr_matrix(normalize(counts.astype(np.float32))), (means - means.mean(axis=0)).astype(np.float32))


def label(y, weights=None, n_classes=3):
    return Labels(y, np.ones(len(y)) if weights is None else weights, Softmax(n_classes))


MODELS = support_vector_machine, naive_bayes, discriminant_analysis
MODEL_IDS = list(LEARNERS)
each_model = pytest.mark.parametrize("fit", MODELS, ids=MODEL_IDS)


@each_model
def test_each_model_learns(fit):
    y = np.arange(300) % 3
    model, features = fit(make_features(y), label(y), 0), make_features(y, seed=1)
    assert (model.scores(features).argmax(axis=1) == y).mean() > 0.8
    assert (model.kernel.shape, model.bias.shape) == ((45, 3), (3,))
    assert model.kernel.dtype == model.bias.dtype == np.float32


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_support_vector_machine_is_that_of_scikit_learn(n_classes):
    y, weights = np.arange(100) % n_classes, np.random.RandomState(0).rand(100)
    features = make_features(y)
    scores = support_vector_machine(features, label(y, weights, n_classes), 3).scores(features)
    theirs = LinearSVC(C=2.0, loss="hinge", tol=0.1, random_state=3)
    theirs.fit(features.all, y, sample_weight=weights / weights.mean())
    expected = theirs.decision_function(features.all)
    np.testing.assert_allclose(scores if n_classes == 3 else scores[:, 1], expected, atol=1e-4)
    if n_classes == 2:
        np.testing.assert_allclose(scores[:, 0], -expected, atol=1e-4)


def test_stochastic_gradient_descent_trains_on_many_documents(monkeypatch):
    y = np.arange(1200) % 3
    features, fitted = make_features(y), []
    monkeypatch.setattr(svm, "_FEWEST_FOR_DESCENT", 1200)
    for most in (3600, 3599):  # documents times classes
        monkeypatch.setattr(svm, "_MOST_FOR_LIBLINEAR", most)
        assert isinstance(svm._new_svm(1200, 3, 0), SGDClassifier if fitted else LinearSVC)
        fitted.append(support_vector_machine(features, label(y), 0).scores(features).argmax(axis=1))
    assert 0.95 < (fitted[0] == fitted[1]).mean() < 1


def test_warning_filters_that_threads_leave_are_removed(monkeypatch):
    def fit(self, *args, **kwargs):
        warnings.simplefilter("ignore")
        return fit_of_sklearn(self, *args, **kwargs)

    fit_of_sklearn, before, y = SGDClassifier.fit, list(warnings.filters), np.arange(30) % 3
    monkeypatch.setattr(SGDClassifier, "fit", fit)
    for limit in ("_FEWEST_FOR_DESCENT", "_MOST_FOR_LIBLINEAR"):
        monkeypatch.setattr(svm, limit, 1)
    support_vector_machine(make_features(y), label(y), 0)
    assert list(warnings.filters) == before


@pytest.mark.parametrize("n_documents", [30, 100, 320, 1999, 2000, 10_000, 100_000])
@pytest.mark.parametrize("documents_per_class", [1, 2, 100])
def test_stochastic_gradient_descent_takes_few_passes(n_documents, documents_per_class):
    model = svm._new_svm(n_documents, max(2, n_documents // documents_per_class), 0)
    assert isinstance(model, LinearSVC) or (n_documents >= 2000 and model.max_iter <= 25)


@pytest.mark.filterwarnings("ignore:The number of unique classes")
@pytest.mark.parametrize(
    "y",
    [np.arange(100) % 2, np.arange(100) % 50, np.minimum(np.arange(100), 9), np.arange(100), np.arange(100) // 99],
    ids=["two", "fifty", "rare", "one document each", "one document"],
)
def test_the_support_vector_machine_works_on_what_occurs(y, monkeypatch):
    """And takes few passes, whatever the classes."""
    sizes, passes, fit = [], [], LinearSVC.fit

    def watched(svm, X, y, **options):
        sizes.append(X.shape[1])
        passes.append(fit(svm, X, y, **options).n_iter_)
        return svm

    monkeypatch.setattr(LinearSVC, "fit", watched)
    few = make_features(np.arange(100) % 4)
    many = Features(
        csr_matrix((few.terms.data, few.terms.indices + 50_000, few.terms.indptr), (100, 100_000)), few.means
    )
    model, same = (support_vector_machine(features, label(y, n_classes=101), 0) for features in (many, few))
    assert max(sizes) <= 46
    assert max(passes) < 100
    np.testing.assert_allclose(model.scores(many), same.scores(few), atol=1e-5)


def test_naive_bayes_is_that_of_scikit_learn():
    y, weights = np.arange(60) % 3, np.random.RandomState(0).rand(60)
    features = make_features(y)
    scores = naive_bayes(features, label(y, weights), 0).scores(features)
    theirs = ComplementNB(alpha=0.1).fit(features.terms, y, sample_weight=weights / weights.mean())
    expected = theirs.predict_joint_log_proba(features.terms)
    np.testing.assert_allclose(scores, expected - expected.mean(axis=1, keepdims=True), atol=1e-5)


def test_terms_never_seen_say_nothing_through_naive_bayes():
    y = np.arange(60) % 2
    features = make_features(y)
    terms = features.terms.toarray()
    terms[:, 7] = 0
    model = naive_bayes(Features(csr_matrix(terms), features.means), label(y, np.where(y, 3.0, 1.0), 2), 0)
    assert not model.kernel[7].any()
    assert model.kernel[:7].any(axis=1).all()


def test_discriminant_analysis_is_that_of_scikit_learn():
    y = np.random.RandomState(0).choice(3, 20_000, p=[0.2, 0.3, 0.5])
    features = make_features(y, n_terms=1)
    # Of many documents, the covariance is hardly shrunk, unless the variances are the same.
    features = Features(features.terms, features.means * np.float32([1, 1.5, 2, 2.5, 3]))
    found = discriminant_analysis(features, label(y), 0).scores(features)
    expected = LinearDiscriminantAnalysis().fit(features.means, y).decision_function(features.means)
    np.testing.assert_allclose(found - found[:, :1], expected - expected[:, :1], atol=0.05)
    assert np.ptp(found) > 5


@each_model
def test_a_weight_of_two_is_a_repetition_and_a_weight_of_zero_none(fit):
    y = np.arange(600) % 3
    features, weights = make_features(y), np.random.RandomState(0).permutation(np.repeat([0.0, 1.0, 2.0], 200))
    rows = np.repeat(np.arange(600), weights.astype(int))
    scores = fit(features, label(y, weights), 0).scores(features)
    repeated = fit(features[rows], label(y)[rows], 0).scores(features)
    unweighted = fit(features, label(y), 0).scores(features)
    # The support vector machine is an approximate solution, and shrinkage depends on the number of documents.
    tolerance = {naive_bayes: 1e-5, discriminant_analysis: 0.1, support_vector_machine: 0.5}[fit]
    np.testing.assert_allclose(scores, repeated, atol=tolerance)
    assert abs(scores - unweighted).max() > 2 * tolerance


@each_model
def test_the_unit_of_weights_does_not_matter(fit):
    y, weights = np.arange(60) % 3, np.random.RandomState(0).rand(60)
    features = make_features(y)
    one, thousand = (fit(features, label(y, unit * weights), 0) for unit in (1, 1000))
    np.testing.assert_allclose(one.scores(features), thousand.scores(features), atol=1e-4)


@each_model
@pytest.mark.parametrize("missing", [0, 2])
def test_classes_without_documents_are_not_predicted(fit, missing):
    y = np.delete(np.arange(3), missing)[np.arange(100) % 2]
    features = make_features(y)
    scores = fit(features, label(y), 0).scores(features)
    assert np.isfinite(scores).all()
    assert (scores[:, missing] < scores.max(axis=1)).all()


def test_a_document_between_two_distant_classes_is_not_of_a_class_without_documents():
    y = np.arange(100) % 2
    means = np.random.RandomState(0).normal(size=(100, 2)) + np.where(y, 9, -9)[:, None]
    model = discriminant_analysis(Features(csr_matrix((100, 0)), means.astype(np.float32)), label(y), 0)
    assert model.bias.argmin() == 2


@each_model
@pytest.mark.parametrize("y", [np.arange(3), np.arange(2), np.array([1]), np.array([0, 0, 0, 1, 2])], ids=str)
def test_classes_with_a_document_each(fit, y):
    features = make_features(y)
    scores = fit(features, label(y), 0).scores(features)
    assert np.isfinite(scores).all()
    assert abs(scores).max() < 1000
    assert (scores.argmax(axis=1) == y).all()


@each_model
def test_features_that_are_all_zero(fit):
    y = np.arange(20) % 2
    features = Features(csr_matrix((20, 4), dtype=np.float32), np.zeros((20, 3), dtype=np.float32))
    assert np.isfinite(fit(features, label(y, n_classes=2), 0).scores(features)).all()


def test_without_vectors_discriminant_analysis_knows_the_priors():
    y = np.repeat([0, 1], [30, 10])
    features = make_features(y, dim=0)
    scores = discriminant_analysis(features, label(y, n_classes=2), 0).scores(features)
    np.testing.assert_allclose(np.exp(scores), np.tile([0.75, 0.25], (40, 1)), rtol=1e-5)


@each_model
def test_the_same_seed_gives_the_same_model(fit):
    y = np.arange(100) % 3
    one, same = (fit(make_features(y), label(y), 5) for _ in range(2))
    assert np.array_equal(one.kernel, same.kernel)
    assert np.array_equal(one.bias, same.bias)


def test_a_weighted_sum_scores_as_its_parts():
    y = np.arange(60) % 3
    features, weights = make_features(y), np.array([0.5, 0.0, 2.0])
    models = [fit(features, label(y), 0) for fit in MODELS]
    expected = 0.5 * models[0].scores(features) + 2 * models[2].scores(features)
    np.testing.assert_allclose(weighted_sum(models, weights).scores(features), expected, atol=1e-4)


def make_labels(y, **weights):
    n_labels = y.shape[1]
    ones = {"positive_weights": (1.0,) * n_labels, "negative_weights": (1.0,) * n_labels}
    return Labels(y, np.ones(len(y)), Sigmoid(**{**ones, **weights}))


def test_each_label_has_models_of_two_classes():
    features = make_features(np.arange(300) % 3)
    y = np.random.RandomState(0).randint(2, size=(len(features), 3))
    found = fit_models(features, make_labels(y), 0)
    for i in range(3):
        alone = fit_models(features, Labels(y[:, i], np.ones(len(y)), Softmax(2)), 0)
        for model, of_label in zip(found, alone, strict=True):
            scores = of_label.scores(features)
            expected, got = scores[:, 1] - scores[:, 0], model.scores(features)[:, i]
            if of_label is alone[-1]:  # discriminant analysis shrinks another covariance
                assert np.corrcoef(expected, got)[0, 1] > 0.99
            else:
                np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_discriminants_of_labels_are_those_of_two_classes():
    """Without shrinkage, they are the same: many documents of few dimensions."""
    rng = np.random.RandomState(0)
    y = (rng.uniform(size=(20_000, 2)) < [0.5, 0.1]).astype(int)
    means = (rng.normal(size=(len(y), 3)) + 2 * y @ rng.normal(size=(2, 3))).astype(np.float32)
    many = Features(csr_matrix((len(y), 0), dtype=np.float32), means - means.mean(axis=0))
    found = discriminant_analysis(many, make_labels(y), 0).scores(many)
    for i in range(2):
        scores = discriminant_analysis(many, Labels(y[:, i], np.ones(len(y)), Softmax(2)), 0).scores(many)
        np.testing.assert_allclose(found[:, i], scores[:, 1] - scores[:, 0], rtol=0.02, atol=0.05)


def test_labels_of_no_document_and_of_all():
    rng = np.random.RandomState(0)
    means = rng.normal(size=(30, 3)).astype(np.float32)
    some = Features(csr_matrix(rng.uniform(size=(30, 4)).astype(np.float32)), means)
    y = np.c_[np.zeros(30), np.ones(30), rng.randint(2, size=30)].astype(int)
    scores = [model.scores(some) for model in fit_models(some, make_labels(y), 0)]
    assert np.isfinite(scores).all()
    total = np.tensordot([1.0, 0.2, 0.1], scores, 1)
    assert (total[:, 0] < -1).all()
    assert (total[:, 1] > 1).all()


def test_the_weight_of_a_label_moves_its_scores_only():
    features = make_features(np.arange(300) % 3)
    y = np.random.RandomState(0).randint(2, size=(len(features), 2))
    plain, heavy = (make_labels(y, positive_weights=(1.0, weight)) for weight in (1.0, 5.0))
    for before, after in zip(fit_models(features, plain, 0), fit_models(features, heavy, 0), strict=True):
        before, after = before.scores(features), after.scores(features)
        np.testing.assert_allclose(after[:, 0], before[:, 0], atol=1e-5)
    assert after[:, 1].mean() > before[:, 1].mean()


def stream(whole):
    """Return the same features, computed in parts."""
    documents = TokenSequences(np.ones(len(whole), dtype=int), np.arange(len(whole) + 1))
    numbered = documents.with_ids(np.arange(len(whole)))  # the word of a document is its row
    return StreamedFeatures(numbered, lambda some: whole[some.ids], whole.sizes, np.arange(len(whole)))


class TestFeaturesInParts:
    @pytest.fixture(autouse=True)
    def parts(self, monkeypatch):
        monkeypatch.setattr("skglove.models.linear.features._WORDS_AT_ONCE", 100)

    @each_model
    def test_models_are_those_of_all_features(self, fit):
        y, weights = np.sort(np.arange(1200) % 3), np.random.RandomState(0).uniform(1, 2, size=1200)
        whole, some = make_features(y), make_features(np.arange(300) % 3, seed=1)
        expected = fit(whole, label(y, weights), 0)
        found = fit(stream(whole), label(y, weights), 0)
        if fit is support_vector_machine:  # trained by stochastic gradient descent
            agreement = found.scores(some).argmax(axis=1) == expected.scores(some).argmax(axis=1)
            assert agreement.mean() > 0.95
        else:
            np.testing.assert_allclose(found.scores(some), expected.scores(some), atol=1e-4)
        np.testing.assert_allclose(found.scores(stream(some)), found.scores(some), atol=1e-5)

    def test_classes_without_documents_are_not_predicted(self):
        y = np.arange(300) % 2 * 2
        for model in fit_models(stream(make_features(y)), label(y), 0):
            assert (model.scores(make_features(y, seed=1)).argmax(axis=1) != 1).all()

    def test_models_of_labels_are_those_of_all_features(self):
        y = (np.random.RandomState(0).rand(1200, 4) < [0.5, 0.2, 0.1, 0]).astype(int)
        whole = make_features(y.argmax(axis=1))
        expected = fit_models(whole, make_labels(y), 0)
        found = fit_models(stream(whole), make_labels(y), 0)
        for one, other in zip(found[1:], expected[1:], strict=True):
            np.testing.assert_allclose(one.scores(whole), other.scores(whole), atol=1e-4)
        assert ((found[0].scores(whole) > 0) == (expected[0].scores(whole) > 0)).mean() > 0.95

    def test_the_covariance_of_many_documents_is_that_of_a_sample(self, monkeypatch):
        y = np.arange(1200) % 3
        whole, some = make_features(y), make_features(y, seed=1)
        expected = discriminant_analysis(whole, label(y), 0).scores(some)
        monkeypatch.setattr(discriminant, "_MOST_FOR_COVARIANCE", 600)
        found = discriminant_analysis(stream(whole), label(y), 0).scores(some)
        assert not np.allclose(found, expected, atol=1e-3)
        assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.97
