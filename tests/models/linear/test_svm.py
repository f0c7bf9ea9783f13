import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from skglove.models.linear.features import CONSTANT
from skglove.models.linear.svm import SVM_C, AveragedSvm


@pytest.fixture(scope="module", params=[2, 3, 5])
def problem(request):
    """Return features with the constant, and classes that are not equally frequent."""
    generator = np.random.RandomState(0)
    features = np.maximum(generator.normal(size=(300, 8)), 0).astype(np.float32)
    y = np.minimum((features[:, 0] * 2).astype(int), request.param - 1)
    features[:, -1] = CONSTANT
    return csr_matrix(features), y


def trained(problem, parts, svm=None):
    X, y = problem
    svm = svm or AveragedSvm(np.unique(y))
    for rows in parts:
        svm.update(X[rows], y[rows], np.ones(len(y[rows])), 300, 0)
    return svm


def decisions(svm, X):
    kernel, bias = svm.weights()
    return X[:, :-1] @ kernel + bias


def test_one_part_is_the_averaged_machine_of_scikit_learn(problem):
    X, y = problem
    expected = SGDClassifier(
        alpha=1 / (SVM_C * 300), average=True, fit_intercept=False, max_iter=1, tol=None, random_state=0
    )
    scores = expected.fit(X, y).decision_function(X)
    found = decisions(trained(problem, [slice(None)]), X)
    np.testing.assert_allclose(found if scores.ndim == 2 else found[:, 1], scores, rtol=1e-4, atol=1e-4)


def test_the_bias_is_averaged_over_all_parts_as_the_weights_are(problem):
    parts = np.split(np.arange(300), 10)
    svm, last = AveragedSvm(np.unique(problem[1])), []
    for rows in parts:
        trained(problem, [rows], svm)
        last.append(svm.state()["weights"].copy())
    averages = svm.state()["averages"]
    # The weights after the last step are no mean, and not far from it.
    assert not np.allclose(averages[:, -1], last[-1][:, -1])
    lowest, highest = (limit(last, axis=0)[:, -1] for limit in (np.min, np.max))
    spread = highest - lowest + 1e-6
    assert ((averages[:, -1] > lowest - spread) & (averages[:, -1] < highest + spread)).all()


def test_training_continues_from_its_state(problem):
    parts = np.split(np.arange(300), 6)
    whole = trained(problem, parts)
    first = trained(problem, parts[:3])
    arrays = {name: np.array(value) for name, value in first.state().items()}
    continued = trained(problem, parts[3:], AveragedSvm(np.unique(problem[1]), first.state()))
    for one, other in zip(whole.weights(), continued.weights(), strict=True):
        assert np.array_equal(one, other)
    for name, value in first.state().items():
        assert np.array_equal(value, arrays[name])


def test_the_threshold_of_a_shifted_problem_is_learned():
    """Most documents are of class 0, whatever their features: only the bias can say so."""
    generator = np.random.RandomState(1)
    X = generator.normal(size=(2000, 4)).astype(np.float32)
    y = (X[:, 0] > 1.5).astype(int) + (X[:, 0] > 2.2)
    X[:, -1] = CONSTANT
    svm = trained((csr_matrix(X), y), np.split(np.arange(2000), 20) * 3)
    kernel, bias = svm.weights()
    assert bias[0] > 0.5 > -0.5 > bias[2]
    assert ((X[:, :-1] @ kernel + bias).argmax(axis=1) == y).mean() > 0.9
