"""Persistence with pickle, joblib and skops."""

import copy
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
import scipy.stats
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import fbeta_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    StratifiedShuffleSplit,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from skops.io.exceptions import UntrustedTypesFoundException

import skglove
from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel, Stacked, WideAndDeep, WordVectors, saving
from skglove.models import Linear
from skglove.models.linear.svm import AveragedSvm
from skglove.saving import migrations, skops_files, state
from skglove.saving.migrations import current_format

SAVED = Path(__file__).parent / "saved"
CLASSES = ["animals", "tools"]
ARCHITECTURES = [WideAndDeep(filters=4), Parallel(filters=4), Stacked(filters=4, dense_units=4)]


def small(architecture=ARCHITECTURES[0], **parameters):
    return ConvTextClassifier(architecture, **{"epochs": 1, "random_state": 0, **parameters})


@pytest.fixture(scope="module", params=ARCHITECTURES, ids=lambda architecture: type(architecture).__name__)
def architecture(request):
    return request.param


@pytest.fixture(scope="module")
def pipeline(corpus, vectors):
    return make_pipeline(GloveTextVectorizer(vectors, maxlen=50), small()).fit(*corpus)


def by_pickle(model, folder):
    return pickle.loads(pickle.dumps(model))


def by_joblib(model, folder):
    joblib.dump(model, folder / "model.joblib")
    return joblib.load(folder / "model.joblib")


def by_memory_map(model, folder):
    joblib.dump(model, folder / "model.joblib")
    return joblib.load(folder / "model.joblib", mmap_mode="r")


def by_skops(model, folder):
    skglove.dump(model, folder / "model.skops")
    return skglove.load(folder / "model.skops")


WAYS = [by_pickle, by_joblib, by_memory_map, by_skops]


# Every way of saving


@pytest.mark.parametrize("save", [*WAYS, lambda model, folder: copy.deepcopy(model)])
def test_a_pipeline_is_loaded_as_it_was(pipeline, corpus, tmp_path, save):
    assert np.array_equal(save(pipeline, tmp_path).predict_proba(corpus[0]), pipeline.predict_proba(corpus[0]))


@pytest.fixture(scope="module")
def halfway(architecture, sequences, corpus):
    """Return a classifier that has seen half of the documents."""
    classifier = small(architecture, random_state=np.random.RandomState(3))
    return classifier.partial_fit(sequences[:100], corpus[1][:100], classes=CLASSES)


def targets(kind, n=200):
    """Return classes, of which some come late and are rare, or labels."""
    of_words = np.arange(n) % 2
    if kind == "labels":
        return np.stack([of_words, np.arange(n) % 3 == 0, np.arange(n) > 150], axis=1).astype(int), None
    y = of_words if kind == "two" else of_words + 2 * (np.arange(n) % 7 == 0) + 2 * (np.arange(n) > 190)
    return y, np.arange(2 if kind == "two" else 6)


def in_parts(kind, member, sequences, save=None, folder=None):
    """Return the probabilities after four calls of `partial_fit`, with a model that is saved and loaded after each of them."""
    (y, classes), classifier = targets(kind), small(member, random_state=np.random.RandomState(3))
    for i, rows in enumerate(np.split(np.arange(200), [50, 60, 140])):
        classifier.partial_fit(sequences[rows], y[rows], classes=classes)
        if save is not None:
            (part := folder / str(i)).mkdir()  # a file that is mapped into memory must not be written again
            classifier = save(classifier, part)
    return classifier.predict_proba(sequences)


@pytest.fixture(
    scope="module",
    params=[("two", 0), ("five", 0), ("labels", 0), ("five", 1), ("two", 2)],
    ids=lambda param: f"{param[0]}, {type(ARCHITECTURES[param[1]]).__name__}",
)
def problem(request, sequences):
    """Return a kind of targets, a member, and the probabilities of a model that was never saved."""
    kind, number = request.param
    return kind, ARCHITECTURES[number], in_parts(kind, ARCHITECTURES[number], sequences)


@pytest.mark.parametrize("save", [*WAYS, lambda model, folder: copy.deepcopy(model)])
def test_partial_fit_continues_after_saving_and_loading(problem, sequences, tmp_path, save):
    kind, member, expected = problem
    assert np.array_equal(in_parts(kind, member, sequences, save, tmp_path), expected)


@pytest.fixture(scope="module")
def fitted(architecture, sequences, corpus):
    return small(architecture).fit(sequences, corpus[1])


@pytest.mark.parametrize("save", WAYS)
def test_a_fitted_classifier_is_loaded_as_it_was(fitted, sequences, tmp_path, save):
    assert np.array_equal(save(fitted, tmp_path).predict_proba(sequences), fitted.predict_proba(sequences))


@pytest.mark.parametrize("save", WAYS)
@pytest.mark.parametrize(
    "make", [small, lambda: GloveTextVectorizer(None), lambda: make_pipeline(small())], ids=range(3)
)
def test_an_estimator_that_is_not_fitted(tmp_path, make, save):
    assert str(save(make(), tmp_path).get_params()) == str(make().get_params())


@pytest.mark.parametrize("save", WAYS)
def test_what_was_loaded_can_be_saved_again(pipeline, corpus, tmp_path, save):
    again = by_pickle(save(pipeline, tmp_path), tmp_path)
    assert np.array_equal(again.predict_proba(corpus[0]), pipeline.predict_proba(corpus[0]))


@pytest.mark.parametrize("save", WAYS)
def test_word_counts_are_kept_in_their_order(pipeline, tmp_path, save):
    loaded = save(pipeline[0], tmp_path)
    assert list(loaded.word_counts_.items()) == list(pipeline[0].word_counts_.items())


def test_word_counts_that_have_been_read_are_saved_once(pipeline):
    assert pipeline[0].word_counts_
    assert "word_counts_" not in vars(pickle.loads(pickle.dumps(pipeline[0])))


@pytest.mark.filterwarnings("ignore:0 of 2 words have a vector")
def test_a_loaded_vectorizer_that_is_fitted_again_forgets_its_word_counts(pipeline):
    loaded = pickle.loads(pickle.dumps(pipeline[0]))
    assert len(loaded.word_counts_) > 2
    assert loaded.fit(["one word"]).word_counts_ == {"one": 1, "word": 1}


def test_an_estimator_whose_attributes_another_thread_sets_while_it_is_saved(monkeypatch):
    vectorizer, plain = GloveTextVectorizer(None).fit(["one"]), state._plain

    def set_meanwhile(value):
        setattr(vectorizer, f"attribute{len(vars(vectorizer))}", 1)
        return plain(value)

    monkeypatch.setattr(state, "_plain", set_meanwhile)
    assert pickle.loads(pickle.dumps(vectorizer)).vocabulary_ == {"one": 1}


def test_a_model_mapped_into_memory_is_saved_as_arrays(pipeline, tmp_path):
    mapped = by_memory_map(pipeline, tmp_path)
    assert isinstance(mapped[0].embedding_matrix_, np.memmap)
    assert type(pickle.loads(pickle.dumps(mapped))[0].embedding_matrix_) is np.ndarray


def test_a_model_mapped_into_memory_is_saved_by_skops(pipeline, corpus, tmp_path):
    loaded = by_skops(by_memory_map(pipeline, tmp_path), tmp_path)
    assert np.array_equal(loaded.predict_proba(corpus[0]), pipeline.predict_proba(corpus[0]))


def held_types(value):
    """Return the types of all objects that are saved of one."""
    types = {type(value)}
    if type(value).__module__.startswith(("skglove", "sklearn")):
        value = value.__getstate__()
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return types.union(*map(held_types, items))


def test_the_state_holds_no_keras_object(architecture, halfway):
    halfway.to_keras()
    held = held_types(halfway)
    assert type(architecture) in held
    assert not [kind for kind in held if kind.__module__.startswith(("keras", "tensorflow"))]


def test_a_new_process_loads_and_predicts_without_tensorflow(pipeline, corpus, tmp_path):
    joblib.dump(pipeline, tmp_path / "model.joblib")
    skglove.dump(pipeline, tmp_path / "model.skops")
    joblib.dump(corpus[0], tmp_path / "texts")
    code = (
        "import joblib, numpy, skglove, sys\n"
        "texts = joblib.load('texts')\n"
        "models = joblib.load('model.joblib'), skglove.load('model.skops')\n"
        "numpy.save('probabilities.npy', [model.predict_proba(texts) for model in models])\n"
        "skglove.explain(models[0], texts[0])\n"
        "assert not {'tensorflow', 'keras'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    for probabilities in np.load(tmp_path / "probabilities.npy"):
        assert np.array_equal(probabilities, pipeline.predict_proba(corpus[0]))


@given(st.lists(st.text(st.characters(), min_size=1)))
def test_words_survive_packing(words):
    assert state.unpack_words(*state.pack_words(words)) == words


# Versions


@pytest.mark.parametrize("kind", ["pickle", "skops"])
@pytest.mark.parametrize("file", sorted(SAVED.glob("*.json")), ids=lambda file: file.stem)
def test_models_of_earlier_versions(file, kind):
    expected = json.loads(file.read_text())
    load = joblib.load if kind == "pickle" else skglove.load
    vectorizer, *classifiers = load(file.with_suffix(f".{kind}"))
    X = vectorizer.transform(expected["texts"])
    assert len(classifiers) == len(expected["probabilities"]) >= 3
    for classifier, probabilities in zip(classifiers, expected["probabilities"], strict=True):
        np.testing.assert_allclose(classifier.predict_proba(X), probabilities, atol=1e-5)


def test_every_format_has_its_saved_models():
    # Format 2 is that of the first release; earlier ones were never published.
    formats = range(2, current_format() + 1)
    assert {file.stem for file in SAVED.glob("*.json")} == {f"format_{number}" for number in formats}


@pytest.mark.parametrize("number", range(2, current_format() + 1))
@pytest.mark.parametrize("kind", ["pickle", "skops"])
def test_a_new_format_is_one_more_function(monkeypatch, number, kind):
    def renamed(state):
        return {("labels_" if name == "classes_" else name): value for name, value in state.items()}

    monkeypatch.setitem(migrations.MIGRATIONS, current_format(), renamed)
    load = joblib.load if kind == "pickle" else skglove.load
    for classifier in load(SAVED / f"format_{number}.{kind}")[1:]:
        assert not hasattr(classifier, "classes_")
        assert set(classifier.labels_) <= {"animals", "plants", "tools"}
        assert classifier.__getstate__()["_saved_by"]["format"] == current_format()


def test_what_partial_fit_continues_from_was_of_scikit_learn_in_format_2():
    X, y = np.random.RandomState(0).normal(size=(60, 4)), np.arange(60) % 3
    svm = SGDClassifier(average=True, random_state=0).partial_fit(X, y, classes=[0, 1, 2])
    bayes = ComplementNB().partial_fit(abs(X), y, classes=[0, 1, 2])
    linear = Linear()
    linear.training_state_ = {"n_documents": 60, "models": [([svm], [bayes])]}
    converted = migrations.migrated({"architecture_": linear}, 2)["architecture_"].training_state_
    (models,) = converted["models"]
    assert converted["n_documents"] == 60
    assert np.array_equal(models["naive_bayes"][0], bayes.feature_count_)
    kernel, bias = AveragedSvm(np.arange(3), models["svm"][0]).weights()
    np.testing.assert_allclose(X @ kernel + bias, svm.decision_function(X), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("save", [by_pickle, by_skops])
@pytest.mark.parametrize("step", [0, 1])
def test_a_model_of_a_later_version_names_it(pipeline, tmp_path, monkeypatch, step, save):
    state = dict(pipeline[step].__getstate__(), _saved_by={"skglove": "7.8.9", "format": current_format() + 1})
    later = copy.copy(pipeline[step])
    monkeypatch.setattr(type(later), "__getstate__", lambda self: state)
    message = (
        rf"saved by skglove 7\.8\.9 \(format {current_format() + 1}\); skglove \S+ reads format {current_format()}\. "
        "Install that version"
    )
    with pytest.raises(saving.VersionError, match=message):
        save(later, tmp_path)


@pytest.mark.parametrize(
    ("saved_by", "message"),
    [
        (None, r"saved by skglove of before the first release \(format 0\).* Train and save it again"),
        ({"skglove": "0.0.1", "format": 1}, r"saved by skglove 0\.0\.1 \(format 1\).* Train and save it again"),
    ],
    ids=["no version", "format 1"],
)
def test_a_state_of_before_the_first_release(pipeline, saved_by, message):
    state = dict(pipeline[1].__getstate__(), _saved_by=saved_by)
    with pytest.raises(saving.VersionError, match=message):
        ConvTextClassifier().__setstate__(state)


def test_the_version_is_no_attribute_of_the_loaded_model(pipeline):
    assert "_saved_by" not in vars(pickle.loads(pickle.dumps(pipeline[1])))


# What skops files may hold


def test_skops_needs_to_trust_the_documented_types_only(halfway, sequences, tmp_path):
    skops.io.dump(halfway, tmp_path / "model.skops")
    loaded = skops.io.load(tmp_path / "model.skops", trusted=list(saving.TRUSTED))
    assert np.array_equal(loaded.predict_proba(sequences), halfway.predict_proba(sequences))


@pytest.fixture(scope="module")
def few(corpus):
    return corpus[0][:40], corpus[1][:40]


def linear():
    return make_pipeline(TfidfVectorizer(), LogisticRegression())


F2 = make_scorer(fbeta_score, beta=2, pos_label="tools")
GRID = {"logisticregression__C": np.logspace(-1, 1, 2)}
AROUND = {
    "search": lambda p: GridSearchCV(p, GRID, cv=2, return_train_score=True),
    "search of None": lambda p: GridSearchCV(p, {"glovetextvectorizer__num_words": [None, 5]}, cv=2),
    "search by a metric": lambda p: GridSearchCV(p, GRID, cv=2, scoring="f1_macro"),
    "search by metrics": lambda p: GridSearchCV(p, GRID, cv=2, scoring=["accuracy", "roc_auc"], refit="roc_auc"),
    "search by a scorer": lambda p: GridSearchCV(p, GRID, cv=2, scoring=F2),
    "search by a splitter": lambda p: GridSearchCV(p, GRID, cv=StratifiedShuffleSplit(2, random_state=0)),
    "random search": lambda p: RandomizedSearchCV(p, GRID, n_iter=1, cv=2, random_state=np.random.RandomState(0)),
    "vote": lambda p: VotingClassifier([("means", p), ("words", words())], voting="soft"),
    "stack": lambda p: StackingClassifier([("means", p), ("words", words())], cv=2),
    "sigmoid": lambda p: CalibratedClassifierCV(p, cv=2),
    "isotonic": lambda p: CalibratedClassifierCV(p, cv=2, method="isotonic"),
    "threshold": lambda p: TunedThresholdClassifierCV(p, cv=2),
    "one against the rest": OneVsRestClassifier,
    "union": lambda p: make_pipeline(
        FeatureUnion([("means", make_pipeline(p[0], StandardScaler())), ("words", TfidfVectorizer())]), p[1]
    ),
    "data frames": lambda p: make_pipeline(p[0].set_output(transform="pandas"), p[1]),
}


def words():
    return make_pipeline(TfidfVectorizer(), LogisticRegression())


@pytest.fixture(scope="module")
def fitted_around(few, vectors):
    """Return a function that fits what is around a pipeline, here one that takes no time."""

    def fit(name):
        pipeline = make_pipeline(GloveTextVectorizer(vectors, output="mean", use_idf=True), LogisticRegression())
        return AROUND[name](pipeline).fit(*few)

    return fit


@pytest.mark.parametrize("name", AROUND)
def test_what_scikit_learn_has_around_a_pipeline(fitted_around, few, tmp_path, name):
    model = fitted_around(name)
    assert np.array_equal(by_skops(model, tmp_path).predict_proba(few[0]), model.predict_proba(few[0]))


@pytest.mark.parametrize(
    "make",
    [
        lambda p: GridSearchCV(p, {"convtextclassifier__architecture": [WideAndDeep(filters=2)]}, cv=2),
        lambda p: VotingClassifier([("network", p), ("words", words())], voting="soft"),
    ],
    ids=["search", "vote"],
)
def test_what_is_around_a_pipeline_with_a_network(few, vectors, tmp_path, make):
    pipeline = make_pipeline(GloveTextVectorizer(vectors), small(Parallel(filters=2)))
    model = make(pipeline).fit(*few)
    assert np.array_equal(by_skops(model, tmp_path).predict_proba(few[0]), model.predict_proba(few[0]))


def test_results_of_a_search_are_loaded_as_they_were(fitted_around, tmp_path):
    search = fitted_around("search")
    loaded = by_skops(search, tmp_path)
    assert loaded.cv_results_.keys() == search.cv_results_.keys()
    for name, values in search.cv_results_.items():
        assert np.array_equal(np.ma.getdata(loaded.cv_results_[name]), np.ma.getdata(values)), name
    assert loaded.best_params_ == search.best_params_


def test_a_loaded_search_scores_by_the_same_metric(fitted_around, few, tmp_path):
    search = fitted_around("search by a scorer")
    assert by_skops(search, tmp_path).score(*few) == search.score(*few)


@pytest.mark.parametrize("kind", ["mapping", "WordVectors", "path"])
def test_vectors_of_any_source(tmp_path, kind):
    file = tmp_path / "vectors.txt"
    file.write_text("cat 1 2\ndog 3 4\n")
    sources = {"mapping": {"cat": [1.0, 2.0]}, "WordVectors": WordVectors(["cat"], [[1.0, 2.0]]), "path": file}
    loaded = by_skops(GloveTextVectorizer(sources[kind]).fit(["the cat"]), tmp_path)
    assert loaded.embedding_matrix_[loaded.vocabulary_["cat"]].tolist() == [1, 2]
    assert loaded.fit(["a cat"]).vocabulary_["a"] == 1


def of_my_own(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.GlobalAveragePooling1D()(words))


NAME = f"{of_my_own.__module__}.of_my_own"


@pytest.fixture(scope="module")
def custom(sequences, corpus):
    return small(of_my_own).fit(sequences[:40], corpus[1][:40])


def test_an_architecture_of_the_users_own_is_not_saved_unless_trusted(custom, tmp_path):
    (tmp_path / "model.skops").write_text("old")
    with pytest.raises(TypeError, match=rf"types that are not trusted: {NAME}\. Pass them as `trusted`"):
        skglove.dump(custom, tmp_path / "model.skops")
    assert (tmp_path / "model.skops").read_text() == "old"


def test_an_architecture_of_the_users_own_is_not_loaded_unless_trusted(custom, tmp_path):
    skglove.dump(custom, tmp_path / "model.skops", trusted=[NAME])
    with pytest.raises(UntrustedTypesFoundException, match=NAME):
        skglove.load(tmp_path / "model.skops")


def test_an_architecture_of_the_users_own_that_is_trusted(custom, sequences, tmp_path):
    skglove.dump(custom, tmp_path / "model.skops", trusted=[NAME])
    loaded = skglove.load(tmp_path / "model.skops", trusted=[NAME])
    np.testing.assert_allclose(loaded.predict_proba(sequences), custom.predict_proba(sequences), atol=1e-6)


def cut_at_blanks(text):
    return text.split()


TOKENIZER = f"{cut_at_blanks.__module__}.cut_at_blanks"


@pytest.mark.parametrize("save", [by_pickle, by_joblib])
def test_a_tokenizer_of_the_users_own(tmp_path, save):
    loaded = save(GloveTextVectorizer(None, tokenizer=cut_at_blanks).fit(["the cat,"]), tmp_path)
    assert loaded.transform(["cat, the"]).tolist() == [[2, 1]]


def test_a_tokenizer_of_the_users_own_has_to_be_trusted(tmp_path):
    vectorizer = GloveTextVectorizer(None, tokenizer=cut_at_blanks).fit(["the cat,"])
    with pytest.raises(TypeError, match=rf"types that are not trusted: {TOKENIZER}\. Pass them as `trusted`"):
        skglove.dump(vectorizer, tmp_path / "model.skops")
    skglove.dump(vectorizer, tmp_path / "model.skops", trusted=[cut_at_blanks])
    with pytest.raises(UntrustedTypesFoundException, match=TOKENIZER):
        skglove.load(tmp_path / "model.skops")
    assert skglove.load(tmp_path / "model.skops", trusted=[TOKENIZER]).transform(["cat,"]).tolist() == [[2]]


class OwnParallel(Parallel):
    """An architecture of the user's own that is a class."""


def test_a_class_is_trusted_by_itself_or_by_its_name(sequences, corpus, tmp_path):
    fitted = small(OwnParallel(filters=2)).fit(sequences[:40], corpus[1][:40])
    skglove.dump(fitted, tmp_path / "model.skops", trusted=[OwnParallel])
    loaded = skglove.load(tmp_path / "model.skops", trusted=[f"{OwnParallel.__module__}.OwnParallel"])
    assert np.array_equal(loaded.predict_proba(sequences), fitted.predict_proba(sequences))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: RandomForestClassifier(1).fit([[0], [1]], [0, 1]), r"sklearn\.tree\._tree\.Tree"),
        (lambda: RandomizedSearchCV(small(), {"dropout": scipy.stats.uniform(0, 1)}), "rv_continuous_frozen"),
    ],
    ids=["trees", "distributions"],
)
def test_what_a_file_could_misuse_is_refused(tmp_path, make, name):
    with pytest.raises(TypeError, match=f"types that are not trusted: .*{name}"):
        skglove.dump(make(), tmp_path / "model.skops")
    assert not list(tmp_path.iterdir())


def write_call(file, function, arguments):
    """Write a file that has a function called when it is loaded."""
    skops.io.dump([arguments], file)
    with zipfile.ZipFile(file) as written:
        schema = json.loads(written.read("schema.json"))
    (content,) = schema["content"]
    module, _, name = function.rpartition(".")
    call = {"__module__": module, "__class__": name, "__loader__": "ConstructorFromReduceNode", "__id__": 1}
    schema["content"] = [{**call, "content": content}]
    with zipfile.ZipFile(file, "w") as changed:
        changed.writestr("schema.json", json.dumps(schema))


@pytest.mark.parametrize(
    "function",
    [
        "sklearn.utils._testing.check_output",
        "sklearn.datasets._base.clear_data_home",
        "sklearn.datasets._base.remove",
        "sklearn.model_selection._split.check_random_state",
        "sklearn.model_selection._split.train_test_split",
        "sklearn.metrics._scorer.get_scorer",
        "sklearn.metrics._classification.check_array",
        "sklearn.calibration.nothing_of_this_name",
        "skglove.saving.dump",
        "pathlib.Path",
        "os.system",
    ],
)
def test_a_file_cannot_have_functions_called(tmp_path, function):
    write_call(tmp_path / "model.skops", function, ("argument",))
    with pytest.raises(UntrustedTypesFoundException, match=function):
        skglove.load(tmp_path / "model.skops")


def test_such_a_file_is_loaded_if_the_function_is_trusted(tmp_path):
    write_call(tmp_path / "model.skops", "sklearn.metrics._scorer.get_scorer", ("accuracy",))
    (scorer,) = skglove.load(tmp_path / "model.skops", trusted=["sklearn.metrics._scorer.get_scorer"])
    assert callable(scorer)


# Files that are damaged or something else


@pytest.fixture(scope="module")
def whole_file(pipeline, tmp_path_factory):
    file = tmp_path_factory.mktemp("saved") / "model.skops"
    skglove.dump(pipeline, file)
    return file.read_bytes()


@pytest.mark.parametrize("part", [0, 1e-5, 0.001, 0.5, 1 - 1e-5])
def test_files_cut_short(whole_file, tmp_path, part):
    file = tmp_path / "model.skops"
    file.write_bytes(whole_file[: int(part * len(whole_file))])
    with pytest.raises(ValueError, match=r"model\.skops' cannot be loaded: it is incomplete, has been changed"):
        skglove.load(file)


def test_altered_files_are_refused_or_give_the_same_model(pipeline, corpus, whole_file, tmp_path):
    file, refused = tmp_path / "model.skops", 0
    expected = pipeline.predict_proba(corpus[0][:5])
    for position in np.linspace(0, len(whole_file) - 1, 30).astype(int):
        changed = bytearray(whole_file)
        changed[position] ^= 0x55
        file.write_bytes(changed)
        try:
            loaded = skglove.load(file)
        except ValueError:
            refused += 1
        else:  # some bytes of a zip, such as times, mean nothing to us
            assert np.array_equal(loaded.predict_proba(corpus[0][:5]), expected)
    assert refused > 20


def test_a_pickle_is_no_such_file(tmp_path):
    joblib.dump({"a": 1}, tmp_path / "model.joblib")
    with pytest.raises(ValueError, match=r"load pickles with joblib\.load"):
        skglove.load(tmp_path / "model.joblib")


def test_a_file_that_does_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError):
        skglove.load(tmp_path / "nothing")


def test_dump_replaces_an_older_file(pipeline, tmp_path):
    (tmp_path / "model.skops").write_text("old")
    by_skops(pipeline[0], tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.skops"]


def test_a_failed_dump_leaves_the_older_file_alone(pipeline, tmp_path, monkeypatch):
    def broken(model, path):
        Path(path).write_text("half")
        raise OSError("disk full")

    (tmp_path / "model.skops").write_text("old")
    monkeypatch.setattr(skops.io, "dump", broken)
    with pytest.raises(OSError, match="disk full"):
        skglove.dump(pipeline, tmp_path / "model.skops")
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.skops"]
    assert (tmp_path / "model.skops").read_text() == "old"


# Small files that fill the memory


def holding(**attributes):
    """Return an estimator with these attributes."""
    model = LogisticRegression()
    vars(model).update(attributes)
    return model


def understate(file):
    """Let the arrays of a file have ten bytes, according to its list of contents."""
    with zipfile.ZipFile(file) as old:
        members = {info: old.read(info) for info in old.infolist()}
    with zipfile.ZipFile(file, "w") as new:
        for info, content in members.items():
            new.writestr(info, content)
            if info.filename.endswith(".npy"):
                info.file_size = 10  # is written when the archive is closed


def read_often(file):
    """Let a file refer to its array twenty times."""
    with zipfile.ZipFile(file) as old:
        schema = json.loads(old.read("schema.json"))
        attributes = schema["content"]["content"]
        array = old.read(attributes["zeros_"]["file"])
    attributes |= {f"zeros{i}_": {**attributes["zeros_"], "__id__": i} for i in range(1, 20)}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("schema.json", json.dumps(schema))
        new.writestr(attributes["zeros_"]["file"], array)


def zeros(megabytes):
    return np.zeros((megabytes, 1 << 17))


def sparse_zeros(megabytes):
    n = megabytes << 17
    return scipy.sparse.csr_matrix((np.zeros(n), np.zeros(n, np.int32), [0, n]))


BOMBS = {
    "deflate": (lambda: holding(zeros_=zeros(9)), zipfile.ZIP_DEFLATED, None),
    "many": (lambda: holding(**{f"zeros{i}_": zeros(1) for i in range(9)}), zipfile.ZIP_DEFLATED, None),
    "sparse": (lambda: holding(zeros_=sparse_zeros(6)), zipfile.ZIP_STORED, None),
    "understated": (lambda: holding(zeros_=zeros(9)), zipfile.ZIP_DEFLATED, understate),
    "read often": (lambda: holding(zeros_=zeros(1)), zipfile.ZIP_DEFLATED, read_often),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_small_file_that_would_fill_the_memory(tmp_path, monkeypatch, kind):
    make, compression, change = BOMBS[kind]
    file = tmp_path / "model.skops"
    skops.io.dump(make(), file, compression=compression)
    if change:
        change(file)
    assert file.stat().st_size < 50_000
    monkeypatch.setattr(skops_files, "SMALL", 8 << 20)
    monkeypatch.setattr(skops.io, "get_untrusted_types", None)  # not even called
    with pytest.raises(
        ValueError, match=r"model\.skops' has \d+ bytes and unpacks to more than 8388608\. If .*max_size"
    ):
        skglove.load(file)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_are_decompressed_without_limit(tmp_path, compression):
    skops.io.dump(small(), tmp_path / "model.skops", compression=compression)
    with pytest.raises(ValueError, match=r"model\.skops' is not compressed by deflate\. Use skops\.io\.load"):
        skglove.load(tmp_path / "model.skops")


@pytest.mark.parametrize("kind", ["deflate", "sparse"])
def test_such_a_file_is_loaded_if_it_may_be_that_large(tmp_path, monkeypatch, kind):
    make, compression, _ = BOMBS[kind]
    skops.io.dump(make(), tmp_path / "model.skops", compression=compression)
    monkeypatch.setattr(skops_files, "SMALL", 8 << 20)
    loaded = skglove.load(tmp_path / "model.skops", trusted=[scipy.sparse.csr_matrix], max_size=20 << 20)
    assert loaded.zeros_.sum() == 0


def test_what_dump_writes_is_within_the_limit(few, tmp_path, monkeypatch):
    """Arrays may be zero and occur several times."""
    monkeypatch.setattr(skops_files, "SMALL", 0)
    array = zeros(1)
    model = holding(zeros_=array, again_=array, file={"file": array, "zip": b"PK, but no archive"})
    assert by_skops(model, tmp_path).again_.sum() == 0
    idf = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(*few)
    assert np.array_equal(by_skops(idf, tmp_path).predict(few[0]), idf.predict(few[0]))


@pytest.mark.parametrize("use", [lambda file: skglove.dump(small(), file), skglove.load], ids=["dump", "load"])
def test_without_skops(tmp_path, monkeypatch, use):
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(ImportError, match=r"pip install skops"):
        use(tmp_path / "model.skops")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"The folder '.*absent' does not exist\. Create it before 'model.skops' is saved"
    ):
        skglove.dump(GloveTextVectorizer(None).fit(["a"]), tmp_path / "absent" / "model.skops")


@pytest.mark.parametrize("max_size", ["1 GB", 0, -1, 0.5])
def test_max_size_is_checked(tmp_path, max_size):
    skglove.dump(GloveTextVectorizer(None).fit(["a"]), tmp_path / "model.skops")
    with pytest.raises(ValueError, match="The 'max_size' parameter of load must be an int in the range"):
        skglove.load(tmp_path / "model.skops", max_size=max_size)
