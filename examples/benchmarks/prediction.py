"""Time and memory of prediction: in a new process, for one text, for many texts, and in several threads.

Contestants run alternately, several times; medians are reported. skglove is compared with the same model in Keras, and with
TF-IDF + LinearSVC. Writes its tables into the ``README.md`` beside it::

    python examples/benchmarks/prediction.py --data DATA --vectors glove.6B.100d.txt

DATA is a folder as in ``accuracy.py``.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
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

# What each new process runs.
START = {
    "skglove": "model = joblib.load('skglove.joblib'); print(model.predict([text]))",
    "skglove, mmap_mode='r'": "model = joblib.load('skglove.joblib', mmap_mode='r'); print(model.predict([text]))",
    "the same through Keras": (
        "import keras; vectorizer = joblib.load('vectorizer.joblib'); model = keras.models.load_model('model.keras'); "
        "print(model.predict(vectorizer.transform([text]).padded(), verbose=0).argmax())"
    ),
    PEER: "model = joblib.load('peer.joblib'); print(model.predict([text]))",
}
# What it runs after that: it prints its peak memory, and whether it has imported TensorFlow.
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
    """Run code in a new process, and return the result that it prints."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True)
    if "result:" not in done.stdout:
        raise SystemExit(f"{code}\nfailed:\n{done.stderr}")
    return json.loads(done.stdout.rsplit("result:", 1)[1])


def save(folder: Path, model: Any, peer: Any, texts: list[str]) -> None:
    """Save the files that new processes load."""
    joblib.dump(model, folder / "skglove.joblib")
    joblib.dump(model[0], folder / "vectorizer.joblib")
    joblib.dump(peer, folder / "peer.joblib")
    joblib.dump(texts, folder / "texts.joblib")
    model[1].to_keras().save(folder / "model.keras")


def new_processes(folder: Path, rounds: int) -> str:
    """Time new processes that load a file and classify one text."""
    memory: dict[str, float] = {}

    def start(name: str) -> None:
        memory[name], imported = run(folder, f"import joblib; text = {SENTENCE!r}; {START[name]}; {AFTER}")
        if imported and "Keras" not in name:
            raise SystemExit(f"{name} imported TensorFlow.")

    times = take_turns({name: lambda name=name: start(name) for name in START}, rounds)
    rows = [[*row, f"{memory[row[0]]:.0f}"] for row in rows_of(times)]
    header = ["a new process loads its file and classifies one text", "s", "times ours", "peak MB"]
    return report.table(header, rows)


def one_at_a_time(model: Any, peer: Any, rounds: int, calls: int) -> str:
    """Classify the same short text again and again, with everything loaded and warmed up."""
    import tensorflow as tf

    vectorizer, classifier = model
    network = classifier.to_keras()
    traced = tf.function(network, input_signature=[tf.TensorSpec((None, None), tf.int32)])

    def ids() -> np.ndarray:
        X = vectorizer.transform([SENTENCE])
        return X.padded(maxlen=len(X.ids))  # without padding, to Keras' advantage

    contestants = {
        "skglove": lambda: model.predict([SENTENCE]),
        "keras.Model.predict": lambda: network.predict(ids(), verbose=0),
        "model(x) in a tf.function": lambda: traced(tf.constant(ids())).numpy(),
        PEER: lambda: peer.predict([SENTENCE]),
    }
    times = take_turns(contestants, rounds, in_a_row=calls)
    rows = [
        [name, *(f"{1e3 * np.percentile(taken, q):.2f}" for q in (50, 99)), f"{ratio(times, name):.1f}"]
        for name, taken in times.items()
    ]
    return report.table(["one text, from str to class", "p50, ms", "p99, ms", "times ours"], rows)


def many_texts(model: Any, peer: Any, texts: list[str], rounds: int) -> str:
    """Classify many texts at once: from text to class beside TF-IDF, and from ids to probabilities beside Keras."""
    classifier = model[1]
    X = model[0].transform(texts)
    network = classifier.to_keras()
    batches = np.array_split(np.argsort(X.lengths), max(1, len(X) // 64))

    def in_batches_by_length() -> None:
        for rows in batches:
            network.predict_on_batch(X.batch(rows))

    texts_in = {"skglove": lambda: model.predict(texts), PEER: lambda: peer.predict(texts)}
    few = X[:: max(1, len(X) // 500)].padded()
    ids_in = {
        "skglove": lambda: classifier.predict_proba(X),
        "Keras, predict_on_batch, batches of similar length": in_batches_by_length,
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
            rows.append(["Keras, predict on the padded matrix", f"{1 / plain:,.0f}", f"{plain / ours:.2f}"])
        tables.append(report.table([f"{len(texts):,} texts, {first}", "texts/s", "time, times ours"], rows))
    return "\n\n".join(tables)


def threads(model: Any, texts: list[str], rounds: int) -> str:
    """Compare prediction in 8 threads with one thread."""
    parts = [texts[i::8] for i in range(8)]
    expected = [model.predict_proba(part) for part in parts]

    def at_once() -> None:
        with ThreadPoolExecutor(8) as pool:
            for got, wanted in zip(pool.map(model.predict_proba, parts), expected, strict=True):
                np.testing.assert_array_equal(got, wanted)

    times = take_turns({"skglove": lambda: [model.predict_proba(part) for part in parts], "at once": at_once}, rounds)
    return (
        f"Eight threads at once return exactly the probabilities of one thread, for {len(texts):,} texts in "
        f"{ratio(times, 'at once'):.2f} times its time."
    )


def memory(folder: Path, n_texts: int) -> str:
    """Measure the memory to predict many texts, without the texts."""
    whole, parts = (run(folder, MEMORY, str(n_texts), str(at_once)) for at_once in (n_texts, 10_000))
    return (
        f"{n_texts:,} texts in one call of `predict` take {whole:,.0f} MB on top of the texts; in calls of 10,000 texts they "
        f"take {parts:,.0f} MB."
    )


def measurements(model: Any, peer: Any, texts: list[str], arguments: argparse.Namespace) -> Iterator[str]:
    """Measure everything; yield each table or sentence as soon as it is known."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save(folder, model, peer, texts)
        yield new_processes(folder, arguments.rounds)
        yield one_at_a_time(model, peer, arguments.rounds, arguments.calls)
        yield many_texts(model, peer, texts, arguments.rounds)
        yield threads(model, texts, arguments.rounds)
        yield memory(folder, arguments.most)


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of data sets; by default fetch_20newsgroups")
    parser.add_argument("--set", default="fetch_20newsgroups", help="the set to train and predict on")
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--architectures", nargs="+", default=["wide_and_deep", "parallel"])
    parser.add_argument("--epochs", type=int, default=1, help="of training, which is not timed here")
    parser.add_argument("--calls", type=int, default=100, help="how often to predict one text in each round")
    parser.add_argument("--texts", type=int, default=10_000, help="how many texts are many")
    parser.add_argument("--most", type=int, default=100_000, help="how many texts to measure the memory with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=report.README)
    arguments = parser.parse_args(argv)

    split = datasets.load(arguments.data, arguments.set, seed=0)
    peer = tfidf(LinearSVC(random_state=0)).fit(split.train, split.y_train)
    parts = [
        f"""## Prediction

Made by `examples/benchmarks/prediction.py --vectors {Path(arguments.vectors).name}` on {report.machine()}

Trained on {len(split.train):,} texts of {arguments.set}, {len(set(split.y_train))} classes. Medians of {arguments.rounds} rounds
(of {arguments.calls} calls each for one text), the contestants taking turns; "times ours" is the median of the ratios."""
    ]
    for architecture in arguments.architectures:
        model = skglove(arguments.vectors, 0, architecture=architecture, epochs=arguments.epochs)
        model.fit(split.train, split.y_train)
        parts.append(f'### `architecture="{architecture}"`')
        for part in measurements(model, peer, (split.test + split.train)[: arguments.texts], arguments):
            print(part, flush=True)
            parts.append(part)
            report.write(arguments.output, "Prediction", "\n\n".join(parts))


if __name__ == "__main__":
    main()
