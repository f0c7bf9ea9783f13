"""What is used together with skglove: meta-estimators and metadata of scikit-learn, tables, and other packages.

LIME, MLflow and SHAP are not among the test requirements; their tests run where they are installed.
"""

import importlib.util
import os
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    TunedThresholdClassifierCV,
    cross_val_score,
    cross_validate,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils import check_array

from skglove import ConvTextClassifier, GloveTextVectorizer, TokenSequences, WideAndDeep, explain, predict_iter
from skglove.saving import TRUSTED


def classifier():
    return ConvTextClassifier(WideAndDeep(filters=4), epochs=1, random_state=0)


def in_column(vectorizer, column):
    return make_pipeline(ColumnTransformer([("text", vectorizer, column)]), classifier())


@pytest.fixture
def pipeline(vectors):
    return make_pipeline(GloveTextVectorizer(vectors), classifier())


@pytest.fixture(scope="module")
def few(corpus):
    return corpus[0][:80], corpus[1][:80]


@pytest.fixture(scope="module")
def fitted(few, vectors):
    return make_pipeline(GloveTextVectorizer(vectors), classifier()).fit(*few)


def words():
    return make_pipeline(TfidfVectorizer(), LogisticRegression())


# scikit-learn

AROUND = {
    "threshold": lambda p: TunedThresholdClassifierCV(p, cv=2),
    "fixed threshold": lambda p: FixedThresholdClassifier(p, pos_label="tools"),
    "calibration": lambda p: CalibratedClassifierCV(p, cv=2),
    "one calibration": lambda p: CalibratedClassifierCV(p, cv=2, ensemble=False),
    "vote": lambda p: VotingClassifier([("network", p), ("words", words())], voting="soft"),
    "stack": lambda p: StackingClassifier([("network", p), ("words", words())], cv=2),
    "one against the rest": OneVsRestClassifier,
    "output codes": lambda p: OutputCodeClassifier(p, random_state=0),
}


@pytest.mark.parametrize("name", AROUND)
def test_meta_estimators_around_the_pipeline(pipeline, few, corpus, name):
    assert AROUND[name](pipeline).fit(*few).score(corpus[0][80:], corpus[1][80:]) > 0.9


def test_calibration_of_a_fitted_pipeline(fitted, corpus):
    texts, y = corpus[0][80:], corpus[1][80:]
    calibrated = CalibratedClassifierCV(FrozenEstimator(fitted)).fit(texts, y)
    assert calibrated.score(texts, y) > 0.9
    assert not np.allclose(calibrated.predict_proba(texts), fitted.predict_proba(texts), atol=0.01)


def test_an_output_for_each_of_several_targets(pipeline, few):
    Y = np.column_stack([few[1], np.char.upper(few[1])])
    assert (MultiOutputClassifier(pipeline).fit(few[0], Y).predict(few[0]) == Y).mean() > 0.9


@pytest.mark.parametrize("make", [BaggingClassifier, OneVsOneClassifier, SelfTrainingClassifier, ClassifierChain])
def test_what_expects_a_matrix_refuses_texts(pipeline, few, make):
    with pytest.raises(ValueError, match=r"Expected 2D array|could not convert string to float"):
        make(pipeline).fit(*few)
    with pytest.raises(TypeError, match=r"others that need numbers .*#meta-estimators-that-need-numbers"):
        make(classifier()).fit(pipeline[0].fit_transform(few[0]), few[1])


def test_what_needs_numbers_takes_ids_to_which_the_vectors_are_given_back(vectors, few):
    X = GloveTextVectorizer(vectors, maxlen=20).fit_transform(few[0])
    give_back = FunctionTransformer(
        lambda ids: TokenSequences.from_matrix(ids, embedding_matrix=X.embedding_matrix, vocabulary=X.vocabulary)
    )
    with_vectors = make_pipeline(give_back, classifier())
    assert OneVsOneClassifier(with_vectors).fit(X.padded(), few[1]).score(X.padded(), few[1]) > 0.9
    y = np.where(np.arange(80) < 60, few[1].astype(object), -1)
    model = SelfTrainingClassifier(with_vectors, criterion="k_best", k_best=5, max_iter=1).fit(X.padded(), y)
    first = classifier().fit(X[:60], few[1][:60])
    surest = 60 + np.argsort(-first.predict_proba(X[60:]).max(axis=1))[:5]
    rows = np.sort([*range(60), *surest])
    labels = np.where(rows < 60, few[1][rows], first.predict(X[rows]))
    expected = classifier().fit(X[rows], labels).predict_proba(X)
    np.testing.assert_array_equal(model.predict_proba(X.padded()), expected)


@pytest.mark.parametrize("to_column", [lambda texts: np.array(texts)[:, None], lambda texts: pd.DataFrame({"": texts})])
def test_bagging_of_a_column_of_texts(pipeline, few, to_column):
    column = to_column(few[0])
    bagging = BaggingClassifier(pipeline, n_estimators=2, random_state=0).fit(column, few[1])
    assert bagging.score(column, few[1]) > 0.9
    assert bagging[0].predict(few[0]).shape == (80,)


def test_a_column_of_texts_is_explained_as_a_text(fitted):
    assert explain(fitted, pd.DataFrame({"text": [TEXT]})).words == TEXT.split()


def test_a_union_of_features(vectors, few):
    means = make_pipeline(GloveTextVectorizer(vectors, output="mean"), StandardScaler())
    union = FeatureUnion([("means", means), ("words", TfidfVectorizer())])
    model = make_pipeline(union, LogisticRegression()).fit(*few)
    assert model[0].transform(few[0]).shape[1] == 16 + len(model[0]["words"].vocabulary_)
    assert model.score(*few) > 0.9


def test_means_keep_the_index_of_the_texts(vectors, few):
    table = pd.DataFrame({"text": few[0][:9], "length": [float(len(text)) for text in few[0][:9]]}).iloc[::-2]
    means = GloveTextVectorizer(vectors, output="mean")
    columns = ColumnTransformer([("means", means, "text"), ("scaled", StandardScaler(), ["length"])])
    union = FeatureUnion([("means", means), ("length", FunctionTransformer(lambda text: text.str.len().to_frame()))])
    for transformer, X in ((columns, table), (union, table["text"]), (means, table[["text"]])):
        transformer.set_output(transform="pandas")
        for found in (transformer.fit_transform(X), transformer.transform(X)):
            assert found.index.tolist() == [8, 6, 4, 2, 0]
            assert not found.isna().to_numpy().any()


OF_FEATURES = [LogisticRegression, RandomForestClassifier, KNeighborsClassifier, MultinomialNB, StandardScaler]


@pytest.mark.parametrize("estimator", OF_FEATURES)
def test_estimators_of_features_refuse_sequences(vectors, few, estimator):
    with pytest.raises(TypeError, match=r"sequences of word ids, not a matrix.* GloveTextVectorizer\(output='mean'\)"):
        make_pipeline(GloveTextVectorizer(vectors), estimator()).fit(*few)


def test_scikit_learn_takes_no_sequences_for_an_array(vectors, few):
    X = GloveTextVectorizer(vectors).fit_transform(few[0])
    for options in ({}, {"dtype": None}, {"accept_sparse": True}, {"ensure_2d": False, "allow_nd": True}):
        with pytest.raises(TypeError, match=r"GloveTextVectorizer\(output='mean'\)"):
            check_array(X, **options)


@pytest.mark.parametrize("steps", [[], [StandardScaler()], [StandardScaler().set_output(transform="pandas")]], ids=str)
def test_the_classifier_refuses_means(vectors, few, steps):
    means = GloveTextVectorizer(vectors, output="mean")
    with pytest.raises(
        ValueError, match=r"GloveTextVectorizer with output='sequences'.* means of vectors are not supported"
    ):
        make_pipeline(means, *steps, classifier()).fit(*few)


@pytest.mark.parametrize("to_table", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_columns_of_texts_and_numbers(vectors, few, to_table):
    # The label is in the text or in the number, so both are needed.
    texts, is_tool = few[0], few[1] == "tools"
    y = is_tool ^ (np.arange(len(texts)) % 3 == 0)
    texts = ["with" if y[i] != is_tool[i] else text for i, text in enumerate(texts)]
    table = to_table({"text": texts, "number": np.where(y == is_tool, 0, 2.0 * y - 1)})
    columns = ColumnTransformer(
        [("text", GloveTextVectorizer(vectors, output="mean"), "text"), ("number", StandardScaler(), ["number"])]
    )
    model = make_pipeline(columns, LogisticRegression(C=100, max_iter=1000))
    assert cross_val_score(model, table, y, cv=3, error_score="raise").min() > 0.9
    assert columns.fit(table).get_feature_names_out()[-2:].tolist() == ["text__glovetextvectorizer15", "number__number"]


COLUMNS = {
    "pandas string": lambda texts: pd.Series(texts, dtype="string"),
    "pandas Arrow": lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.string())),
    "polars": pl.Series,
    "Arrow": pa.array,
    "Arrow in chunks": lambda texts: pa.chunked_array([texts[:50], texts[50:]]),
}
if hasattr(np.dtypes, "StringDType"):  # since NumPy 2
    COLUMNS["NumPy string"] = lambda texts: np.array(texts, dtype=np.dtypes.StringDType())


@pytest.mark.parametrize("make", COLUMNS.values(), ids=COLUMNS)
def test_columns_of_tables_are_texts(fitted, few, make):
    column = make(few[0])
    X, expected = GloveTextVectorizer(None).fit_transform(column), GloveTextVectorizer(None).fit_transform(few[0])
    assert X.tolist() == expected.tolist()
    assert np.array_equal(fitted.predict_proba(column), fitted.predict_proba(few[0]))


def test_cross_validation_on_an_arrow_column(pipeline, few):
    column = pa.chunked_array([few[0][:50], few[0][50:]])
    assert cross_val_score(pipeline, column, few[1], cv=2, error_score="raise").min() > 0.9


def test_texts_of_a_parquet_file_are_read_once(pipeline, few, tmp_path):
    texts, y = few
    pq.write_table(pa.table({"text": texts, "label": y}), tmp_path / "texts.parquet", row_group_size=13)
    reads = []

    def read():
        for batch in pq.ParquetFile(tmp_path / "texts.parquet").iter_batches(7, columns=["text"]):
            reads.append(len(batch))
            yield from batch["text"].to_pylist()

    expected = pipeline.fit(texts, y).predict_proba(texts)
    np.testing.assert_array_equal(clone(pipeline).fit(read(), y).predict_proba(texts), expected)
    assert sum(reads) == len(texts)
    np.testing.assert_array_equal(list(predict_iter(pipeline, read(), method="predict_proba")), expected)
    dataset = pyarrow.dataset.dataset(tmp_path / "texts.parquet")
    rows = (text for batch in dataset.to_batches(columns=["text"]) for text in batch["text"].to_pylist())
    np.testing.assert_array_equal(clone(pipeline).fit(rows, y).predict_proba(texts), expected)


def test_ids_in_a_memory_mapped_file(vectors, few, tmp_path):
    texts, y = few
    X = GloveTextVectorizer(vectors).fit_transform(texts)
    np.save(tmp_path / "ids.npy", X.ids)
    ids = np.load(tmp_path / "ids.npy", mmap_mode="r")
    options = {name: getattr(X, name) for name in ("embedding_matrix", "input_dim", "vocabulary")}
    mapped = TokenSequences(ids, X.offsets, **options)
    assert np.shares_memory(mapped.ids, ids)
    expected = classifier().fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(classifier().fit(mapped, y).predict_proba(mapped), expected)


def test_sample_weight_is_routed(vectors, few):
    weights = (np.arange(len(few[0])) % 4 > 0).astype(float)
    with sklearn.config_context(enable_metadata_routing=True):
        requesting = classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        pipeline = make_pipeline(GloveTextVectorizer(vectors), requesting)
        weighted = pipeline.fit(*few, sample_weight=weights)
        options = {"params": {"sample_weight": weights}, "error_score": "raise"}
        results = cross_validate(pipeline, *few, cv=2, return_estimator=True, return_indices=True, **options)
    by_name = make_pipeline(GloveTextVectorizer(vectors), classifier())
    for routed, rows in ((weighted, np.arange(80)), (results["estimator"][0], results["indices"]["train"][0])):
        texts = [few[0][row] for row in rows]
        by_name.fit(texts, few[1][rows], convtextclassifier__sample_weight=weights[rows])
        assert np.array_equal(routed.predict_proba(texts), by_name.predict_proba(texts))


def test_only_sample_weight_and_classes_are_metadata():
    with sklearn.config_context(enable_metadata_routing=True):
        assert not GloveTextVectorizer().get_metadata_routing()._serialize()
        requests = ConvTextClassifier().get_metadata_routing()._serialize()
    assert requests == {
        "fit": {"sample_weight": None},
        "partial_fit": {"classes": None},
        "score": {"sample_weight": None},
    }


# imbalanced-learn


@pytest.fixture(scope="module")
def imbalanced(corpus):
    texts, y = corpus
    rows = np.concatenate([np.flatnonzero(y == "tools")[:60], np.flatnonzero(y == "animals")[:10]])
    return [texts[row] for row in rows], y[rows]


def oversample(X, y):
    from imblearn.over_sampling import RandomOverSampler

    rows, y = RandomOverSampler(random_state=0).fit_resample(np.arange(len(X))[:, None], y)
    return X[rows[:, 0]], y


def test_sampling_of_a_table_before_the_vectorizer(vectors, imbalanced):
    over_sampling, imblearn = pytest.importorskip("imblearn.over_sampling"), pytest.importorskip("imblearn.pipeline")
    table = pd.DataFrame({"text": imbalanced[0]})
    steps = list(in_column(GloveTextVectorizer(vectors), "text"))
    sampled = imblearn.make_pipeline(over_sampling.RandomOverSampler(random_state=0), *steps).fit(table, imbalanced[1])
    assert sum(sampled[1].transformers_[0][1].word_counts_.values()) > sum(len(t.split()) for t in imbalanced[0])
    assert sampled.score(table, imbalanced[1]) > 0.9


def test_sampling_of_sequences(vectors, imbalanced):
    imblearn = pytest.importorskip("imblearn")
    sampler = imblearn.FunctionSampler(func=oversample, validate=False)
    X, y = sampler.fit_resample(GloveTextVectorizer(vectors).fit_transform(imbalanced[0]), imbalanced[1])
    assert np.unique(y, return_counts=True)[1].tolist() == [60, 60]
    assert X[:70].tolist() == GloveTextVectorizer(vectors).fit_transform(imbalanced[0]).tolist()
    pipeline = pytest.importorskip("imblearn.pipeline").make_pipeline(
        GloveTextVectorizer(vectors), sampler, classifier()
    )
    assert pipeline.fit(*imbalanced).score(*imbalanced) > 0.9


@pytest.mark.parametrize("name", ["RandomOverSampler", "SMOTE"])
def test_samplers_of_matrices_refuse_sequences(vectors, imbalanced, name):
    sampler = getattr(pytest.importorskip("imblearn.over_sampling"), name)()
    X = GloveTextVectorizer(vectors).fit_transform(imbalanced[0])
    with pytest.raises(TypeError, match="An array would not contain their word vectors"):
        sampler.fit_resample(X, imbalanced[1])


def test_smote_of_mean_vectors(vectors, imbalanced):
    SMOTE = pytest.importorskip("imblearn.over_sampling").SMOTE
    means = GloveTextVectorizer(vectors, output="mean")
    make = pytest.importorskip("imblearn.pipeline").make_pipeline
    assert make(means, SMOTE(random_state=0), LogisticRegression()).fit(*imbalanced).score(*imbalanced) > 0.9


# Explanations by other packages

TEXT = "the cat and a hammer with it"


def test_lime(fitted):
    explainer = pytest.importorskip("lime.lime_text").LimeTextExplainer(class_names=fitted.classes_, random_state=0)
    found = explainer.explain_instance(TEXT, fitted.predict_proba, num_features=2, num_samples=200).as_list()
    weights = dict(found)
    assert weights["cat"] < 0 < weights["hammer"]
    assert [word for word, _ in explain(fitted, TEXT).top("tools", 1)] == ["hammer"]


@pytest.mark.filterwarnings("ignore")  # of matplotlib, when shap is imported
def test_shap(fitted):
    shap = pytest.importorskip("shap")
    explainer = shap.Explainer(fitted.predict_proba, shap.maskers.Text(), output_names=list(fitted.classes_))
    (explanation,) = explainer([TEXT])
    by_word = dict(zip((word.strip() for word in explanation.data), explanation.values, strict=True))
    assert by_word["cat"][0] > 0.1
    assert by_word["hammer"][1] > 0.1
    total = explanation.base_values + explanation.values.sum(axis=0)
    np.testing.assert_allclose(total, fitted.predict_proba([TEXT])[0], atol=1e-5)


# MLflow, in a process of its own: it keeps a global state

MLFLOW = """
import sys
import joblib, mlflow, numpy as np, pandas as pd
from pathlib import Path
pipeline, texts, y, trusted = joblib.load(sys.argv[1])
mlflow.set_tracking_uri(Path("runs").absolute().as_uri())
expected = pipeline.predict_proba(texts)
for options in ({"skops_trusted_types": trusted}, {"serialization_format": "cloudpickle"}):
    with mlflow.start_run():
        options |= {"input_example": texts[:2], "pip_requirements": ["skglove"]}
        logged = mlflow.sklearn.log_model(pipeline, name="model", **options)
    assert np.array_equal(mlflow.sklearn.load_model(logged.model_uri).predict_proba(texts), expected)

def check_inputs(model_uri, expected):
    served = mlflow.pyfunc.load_model(model_uri)
    assert len(served.metadata.signature.inputs) == 1
    for some in (texts, np.array(texts), pd.Series(texts, name="text"), pd.DataFrame({"body": texts})):
        assert np.array_equal(served.predict(some), expected)

check_inputs(logged.model_uri, pipeline.predict(texts))
mlflow.sklearn.autolog(log_input_examples=True, silent=True)
with mlflow.start_run() as run:
    again = pipeline.fit(texts, y)
assert mlflow.get_run(run.info.run_id).data.metrics["training_score"] == again.score(texts, y)
(logged,) = mlflow.search_logged_models(
    filter_string=f"source_run_id = '{run.info.run_id}'", output_format="list"
)
check_inputs(logged.model_uri, again.predict(texts))
print("the same")
"""


def test_mlflow(fitted, few, tmp_path):
    if importlib.util.find_spec("mlflow") is None:  # the import takes seconds
        pytest.skip("MLflow is not installed")
    joblib.dump((fitted, *few, list(TRUSTED)), tmp_path / "model.joblib")
    command = [sys.executable, "-c", MLFLOW, "model.joblib"]
    env = {**os.environ, "MLFLOW_ALLOW_FILE_STORE": "true"}  # mlflow-skinny has no database
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=240)
    assert done.stdout.endswith("the same\n"), done.stderr
