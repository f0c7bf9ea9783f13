import numpy as np

from skglove import Parallel


def test_layers_are_those_of_kim(fit):
    model = fit(Parallel(filters=6, kernel_sizes=(3, 4, 5))).to_keras()
    kernels = [model.get_layer(f"conv_{i}").kernel.shape for i in range(3)]
    assert kernels == [(3, 9, 6), (4, 9, 6), (5, 9, 6)]
    assert model.get_layer("logits").kernel.shape == (18, 2)


def test_words_after_maxlen_change_nothing(fit, make_documents):
    classifier, X = fit(Parallel(filters=6, maxlen=4)), make_documents(seed=1)
    assert np.array_equal(classifier.predict_proba(X), classifier.predict_proba(X.cut(4)))
    assert not np.array_equal(classifier.predict_proba(X), classifier.predict_proba(X.cut(3)))


def test_contributions_are_of_as_many_words_as_a_kernel_is_wide(fit):
    member = fit(Parallel(filters=6, kernel_sizes=(2, 4))).architecture_
    spans, _ = member.contributions(np.arange(1, 20))
    assert {stop - start for start, stop in spans} <= {1, 2, 3, 4}  # 1 and 3 at the ends of the text
    assert {2, 4} & {stop - start for start, stop in spans}
