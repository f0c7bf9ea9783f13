"""What prediction costs: in a new process, one text at a time, many texts, many threads; and what memory it takes.

Contestants take turns, several times; the medians are reported. skglove's own files and pipelines are set beside the same
network in Keras, and beside TF-IDF + LinearSVC. Writes its tables into the ``README.md`` beside it::

    python examples/benchmarks/prediction.py --data DATA --vectors glove.6B.100d.txt

DATA is a folder as in ``accuracy.py``.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import datasets
import joblib
import numpy as np
import report
from contestants import skglove, tfidf
from sklearn.svm import LinearSVC
from turns import ratio, rows_of, seconds, take_turns

SENTENCE = "The striker scored twice in the last minutes of the cup final, and the coach praised his whole team."
PEER = "TF-IDF + LinearSVC"
HERE = str(Path(__file__).parent)

# What each new process runs; it prints how much memory it came to take, and what it imported.
START = {
    "skglove": "model = joblib.load('skglove.joblib'); print(model.predict([text]))",
    "skglove, mmap_mode='r'": "model = joblib.load('skglove.joblib', mmap_mode='r'); print(model.predict([text]))",
    "the same through Keras": (
        "import numpy, keras; vectorizer = joblib.load('vectorizer.joblib'); model = keras.models.load_model('model.keras'); "
        "print(model.predict(numpy.asarray(vectorizer.transform([text])), verbose=0).argmax())"
    ),
    PEER: "model = joblib.load('peer.joblib'); print(model.predict([text]))",
}
AFTER = (
    f"import json, sys; tensorflow = 'tensorflow' in sys.modules; sys.path.append({HERE!r}); from memory import megabytes; "
    "print('result:', json.dumps([megabytes('VmHWM'), tensorflow]))"
)

MEMORY = f"""
import sys, json, joblib, numpy
sys.path.append({HERE!r})
from memory import megabytes
model, texts = joblib.load('skglove.joblib'), joblib.load('texts.joblib')
n_texts, at_once = int(sys.argv[1]), int(sys.argv[2])
order = numpy.random.RandomState(0).randint(len(texts), size=n_texts)
many = [texts[i] for i in order]
model.predict(many[:10])
before = megabytes("VmRSS")
predicted = numpy.concatenate([model.predict(many[i : i + at_once]) for i in range(0, n_texts, at_once)])
print('result:', json.dumps(megabytes("VmHWM") - before))
"""


def run(folder: Path, code: str, *arguments: str) -> Any:
    """Run code in a new process and return what it says."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True)
    if "result:" not in done.stdout:
        raise SystemExit(f"{code}\nfailed:\n{done.stderr}")
    return json.loads(done.stdout.rsplit("result:", 1)[1])


def save(folder: Path, model: Any, peer: Any, texts: list[str]) -> None:
    """Save what new processes load."""
    joblib.dump(model, folder / "skglove.joblib")
    joblib.dump(model[0], folder / "vectorizer.joblib")
    joblib.dump(peer, folder / "peer.joblib")
    joblib.dump(texts, folder / "texts.joblib")
    model[1].to_keras().save(folder / "model.keras")


def new_processes(folder: Path, rounds: int) -> str:
    """Start, load, answer one text, end."""
    memory: dict[str, float] = {}

    def start(name: str) -> None:
        memory[name], imported = run(folder, f"import joblib; text = {SENTENCE!r}; {START[name]}; {AFTER}")
        if imported and "Keras" not in name:
            raise SystemExit(f"{name} imported TensorFlow.")

    times = take_turns({name: lambda name=name: start(name) for name in START}, rounds)
    rows = [[*row, f"{memory[row[0]]:.0f}"] for row in rows_of(times)]
    header = ["a new process loads its file and answers one text", "s", "times ours", "peak MB"]
    return report.table(header, rows)


def one_at_a_time(model: Any, peer: Any, rounds: int) -> str:
    """Answer the same short text again and again, everything loaded and warm."""
    import tensorflow as tf

    vectorizer, classifier = model
    network = classifier.to_keras()
    traced = tf.function(network, input_signature=[tf.TensorSpec((None, None), tf.int32)])

    def ids() -> np.ndarray:
        X = np.asarray(vectorizer.transform([SENTENCE]))
        return X[:, X.any(axis=0)]  # no padding, to Keras' advantage

    contestants = {
        "skglove": lambda: model.predict([SENTENCE]),
        "keras.Model.predict": lambda: network.predict(ids(), verbose=0),
        "model(x) in a tf.function": lambda: traced(tf.constant(ids())).numpy(),
        PEER: lambda: peer.predict([SENTENCE]),
    }
    times = take_turns(contestants, rounds, in_a_row=100)
    rows = [
        [name, *(f"{1e3 * np.percentile(taken, q):.2f}" for q in (50, 99)), f"{ratio(times, name):.1f}"]
        for name, taken in times.items()
    ]
    return report.table(["one text, from str to class", "p50, ms", "p99, ms", "times ours"], rows)


def many_texts(model: Any, peer: Any, texts: list[str], rounds: int) -> str:
    """Answer many texts at once: from text to class, and from ids to probabilities beside Keras."""
    classifier = model[1]
    X = model[0].transform(texts)
    network = classifier.to_keras()
    lengths = np.count_nonzero(X, axis=1)
    order = np.argsort(lengths)

    def in_batches_of_like_length() -> None:
        for rows in np.array_split(order, max(1, len(order) // 64)):
            network.predict_on_batch(np.asarray(X)[rows, -max(1, lengths[rows].max()) :])

    texts_in = {"skglove": lambda: model.predict(texts), PEER: lambda: peer.predict(texts)}
    few = np.asarray(X)[:: max(1, len(X) // 500)]
    ids_in = {
        "skglove": lambda: classifier.predict_proba(X),
        "Keras, predict_on_batch, batches of like length": in_batches_of_like_length,
    }
    tables = []
    for first, contestants in (("from str to class", texts_in), ("from ids to probabilities", ids_in)):
        times = take_turns(contestants, rounds)
        rows = [
            [name, f"{len(texts) / np.median(taken):,.0f}", f"{ratio(times, name):.2f}"]
            for name, taken in times.items()
        ]
        if contestants is ids_in:
            network.predict(few[:32], verbose=0)
            plain = seconds(lambda: network.predict(few, verbose=0)) / len(few)
            ours = np.median(times["skglove"]) / len(texts)
            rows.append(["Keras, predict as it comes, padded", f"{1 / plain:,.0f}", f"{plain / ours:.2f}"])
        tables.append(report.table([f"{len(texts):,} texts, {first}", "texts/s", "time, times ours"], rows))
    return "\n\n".join(tables)


def threads(model: Any, texts: list[str], rounds: int) -> str:
    """Let 8 threads answer at once what one thread answers in turn."""
    parts = [texts[i::8] for i in range(8)]
    expected = [model.predict_proba(part) for part in parts]

    def at_once() -> None:
        with ThreadPoolExecutor(8) as pool:
            for got, wanted in zip(pool.map(model.predict_proba, parts), expected, strict=True):
                np.testing.assert_array_equal(got, wanted)

    times = take_turns({"skglove": lambda: [model.predict_proba(part) for part in parts], "at once": at_once}, rounds)
    return (
        f"Eight threads at once answer {len(texts):,} texts as one thread does, to the bit, in "
        f"{ratio(times, 'at once'):.2f} times the time of one after the other."
    )


def memory(folder: Path, n_texts: int) -> str:
    """Measure what predicting many texts takes on top of them."""
    whole, parts = (run(folder, MEMORY, str(n_texts), str(at_once)) for at_once in (n_texts, 10_000))
    return (
        f"{n_texts:,} texts in one call of `predict` take {whole:,.0f} MB on top of the texts, {n_texts * 4e3 / 1e6:,.0f} of "
        f"them for the matrix of ids, 1,000 places a text; in calls of 10,000 texts they take {parts:,.0f} MB."
    )


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of data sets; by default fetch_20newsgroups")
    parser.add_argument("--set", default="fetch_20newsgroups", help="the set to train and predict on")
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--architectures", nargs="+", default=["wide_and_deep", "parallel"])
    parser.add_argument("--epochs", type=int, default=1, help="of training, which is not timed here")
    parser.add_argument("--texts", type=int, default=10_000, help="how many texts are many")
    parser.add_argument("--most", type=int, default=100_000, help="how many texts to measure the memory with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=report.README)
    arguments = parser.parse_args(argv)

    split = datasets.load(arguments.data, arguments.set, seed=0)
    texts = (split.test + split.train)[: arguments.texts]
    peer = tfidf(LinearSVC(random_state=0)).fit(split.train, split.y_train)
    parts = [
        f"""## Prediction

Made by `examples/benchmarks/prediction.py --vectors {Path(arguments.vectors).name}` on {report.machine()}

Trained on {len(split.train):,} texts of {arguments.set}, {len(set(split.y_train))} classes. Medians of {arguments.rounds} rounds
(of {100 * arguments.rounds} for one text), the contestants taking turns; "times ours" is the median of the ratios."""
    ]
    for architecture in arguments.architectures:
        model = skglove(arguments.vectors, 0, architecture=architecture, epochs=arguments.epochs)
        model.fit(split.train, split.y_train)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            save(folder, model, peer, texts)
            steps = [
                lambda architecture=architecture: f'### `architecture="{architecture}"`',
                lambda folder=folder: new_processes(folder, arguments.rounds),
                lambda model=model: one_at_a_time(model, peer, arguments.rounds),
                lambda model=model: many_texts(model, peer, texts, arguments.rounds),
                lambda model=model: threads(model, texts, arguments.rounds),
                lambda folder=folder: memory(folder, arguments.most),
            ]
            for step in steps:
                parts.append(step())
                print(parts[-1], flush=True)
                report.write(arguments.output, "Prediction", "\n\n".join(parts))


if __name__ == "__main__":
    main()
