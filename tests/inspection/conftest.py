import pytest
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, WideAndDeep


@pytest.fixture(scope="session")
def fit():
    def fit(texts, labels, vectors, architecture, **parameters):
        classifier = ConvTextClassifier(architecture, epochs=1, random_state=0)
        return make_pipeline(GloveTextVectorizer(vectors, **{"maxlen": 40, **parameters}), classifier).fit(
            texts, labels
        )

    return fit


@pytest.fixture(scope="session")
def wide_and_deep(fit, corpus, vectors):
    return fit(*corpus, vectors, WideAndDeep(filters=8))
