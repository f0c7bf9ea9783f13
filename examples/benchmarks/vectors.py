"""Time and memory to load word vectors: this package, the loop of the Keras tutorial, and gensim.

Writes a table to ``vectors.md`` in the same folder::

    python examples/benchmarks/vectors.py --vectors glove.6B.100d.txt

If the file has fewer than ``--words`` words, made-up words with the numbers of existing ones are added. Without
``--vectors``, all words are made up, with random numbers in GloVe's precision. Each load runs in a new process, so that
its memory can be measured; the methods run alternately, with the file in the page cache.
"""

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from memory import megabytes

VOCABULARY = 20_000
TUTORIAL, GENSIM = "the tutorial's loop", "gensim"
CONVERSION, MAPPED = "all, converted into the cache", "all, memory-mapped from the cache"


def make_file(path: Path, given: str | None, words: int, dim: int) -> str:
    """Write a vectors file with a number of words; returns a description."""
    import numpy as np

    written = 0
    with open(path, "wb") as out:
        tails: list[bytes] = []
        if given:
            with open(given, "rb") as source:
                for line in source:
                    if written == words:
                        break
                    out.write(line)
                    written += 1
                    if len(tails) < 20_000:
                        tails.append(line.split(b" ", 1)[1])
        else:
            rows = np.random.default_rng(0).normal(0, 0.4, (20_000, dim))
            tails = [b" ".join(b"%.5g" % x for x in row) + b"\n" for row in rows.tolist()]
        for i in range(words - written):
            out.write(b"made-up-%d %s" % (i, tails[(i * 7919) % len(tails)]))
    return f"{words:,} words, {written:,} of them from {Path(given).name if given else 'no file'}, the others made up"


def choose_vocabulary(path: Path, target: Path) -> None:
    """Sample words as in a corpus: half from the first 20,000 words, a third up to 100,000, the rest from the others."""
    with open(path, encoding="utf-8") as file:
        words = [line.split(" ", 1)[0] for line in file]
    pick = random.Random(0)
    chosen = set(pick.sample(words[:20_000], VOCABULARY // 2))
    chosen |= set(pick.sample(words[20_000:100_000], VOCABULARY // 3))
    rest = words[100_000:]
    while len(chosen) < VOCABULARY:
        chosen.add(pick.choice(rest))
    target.write_text("\n".join(sorted(chosen)), encoding="utf-8")


# The methods. Each returns the matrix of an embedding layer, of shape (20,001, dim), or all vectors.


def skglove_vocabulary(path: str, words: list[str]) -> object:
    from skglove.vectors import WordVectors

    return WordVectors.load(path, vocabulary=words).embedding_matrix(words)


def skglove_all(path: str, words: list[str]) -> object:
    from skglove.vectors import WordVectors

    return WordVectors.load(path)


def tutorial(path: str, words: list[str]) -> object:
    """Convert each line to an array, as the Keras tutorial does."""
    import numpy as np

    embeddings_index = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            values = line.split()
            embeddings_index[values[0]] = np.asarray(values[1:], dtype="float32")
    matrix = np.zeros((len(words) + 1, len(values) - 1), np.float32)
    for i, word in enumerate(words, 1):
        vector = embeddings_index.get(word)
        if vector is not None:
            matrix[i] = vector
    return matrix


def gensim(path: str, words: list[str]) -> object:
    import numpy as np
    from gensim.models import KeyedVectors

    vectors = KeyedVectors.load_word2vec_format(path, no_header=True)
    matrix = np.zeros((len(words) + 1, vectors.vector_size), np.float32)
    for i, word in enumerate(words, 1):
        if word in vectors:
            matrix[i] = vectors[word]
    return matrix


def run_child(method: str, path: str, vocabulary: str) -> None:
    """Load once and print the duration and the memory, both without imports."""
    import numpy as np

    if method == "gensim":
        import gensim.models  # noqa: F401
    elif method.startswith("skglove"):
        import filelock  # noqa: F401
        import platformdirs  # noqa: F401

        import skglove.vectors  # noqa: F401
    words = Path(vocabulary).read_text(encoding="utf-8").split("\n")
    before = megabytes("VmRSS")
    begin = time.perf_counter()
    result = globals()[method](path, words)
    seconds = time.perf_counter() - begin
    peak = megabytes("VmHWM") - before
    if method == "skglove_all":
        total = float(result.vectors[::97].astype(np.float64).sum())
    else:
        total = float(np.asarray(result, np.float64).sum())
    print(json.dumps({"seconds": seconds, "MB": peak, "sum": total}))


def time_most_similar(path: str, words: list[str], rounds: int) -> list[tuple[float, float]]:
    """Time the same queries alternately in one process, after a warm-up that computes the norms."""
    import numpy as np
    from gensim.models import KeyedVectors

    from skglove.vectors import WordVectors

    ours = WordVectors.load(path)
    theirs = KeyedVectors.load_word2vec_format(path, no_header=True)
    times = []
    for i in range(rounds * 20 + 1):
        query = {"positive": [words[i], words[-i - 1]], "negative": [words[i + 500]]}
        pair = []
        answers = []
        for vectors in (ours, theirs):
            begin = time.perf_counter()
            answers.append(vectors.most_similar(**query))
            pair.append(time.perf_counter() - begin)
        scores = [[score for _, score in answer] for answer in answers]
        assert np.allclose(*scores, atol=1e-6)  # words with equal rows may be in any order
        times.append(tuple(pair))
    return times[1:]


def machine() -> str:
    import gensim
    import numpy

    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].split(":")[1].strip() if names else cpu
    versions = f"Python {platform.python_version()}, NumPy {numpy.__version__}, gensim {gensim.__version__}"
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}; {versions}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", metavar="FILE", help="a GloVe text file")
    parser.add_argument("--words", type=int, default=400_000)
    parser.add_argument("--dim", type=int, default=100, help="dimensions, without --vectors")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(*options.child)
        return

    with tempfile.TemporaryDirectory() as folder:
        path, vocabulary = Path(folder) / "vectors.txt", Path(folder) / "vocabulary.txt"
        what = make_file(path, options.vectors, options.words, options.dim)
        choose_vocabulary(path, vocabulary)
        words = vocabulary.read_text(encoding="utf-8").split("\n")

        def load(method: str, home: str) -> dict[str, float]:
            command = [sys.executable, __file__, "--child", method, str(path), str(vocabulary)]
            here = str(Path(__file__).parents[2])
            environment = {**os.environ, "SKGLOVE_HOME": home, "PYTHONPATH": here}
            return json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)

        results: dict[str, list[dict[str, float]]] = {}
        for i in range(options.rounds):
            home = f"{folder}/home{i}"
            turns = [
                ("vocabulary, from the text file", "skglove_vocabulary"),
                (TUTORIAL, "tutorial"),
                (GENSIM, "gensim"),
                (CONVERSION, "skglove_all"),
                ("vocabulary, from the cache", "skglove_vocabulary"),
                (MAPPED, "skglove_all"),
            ]
            for label, method in turns:
                results.setdefault(label, []).append(load(method, home))
                print(f"round {i + 1}: {label}: {results[label][-1]}", file=sys.stderr)
        sums = {label: {round(r["sum"], 2) for r in runs} for label, runs in results.items()}
        os.environ["SKGLOVE_HOME"] = f"{folder}/home0"
        similar = time_most_similar(str(path), words, options.rounds)
        size = path.stat().st_size
    report(options, what, size, results, similar, sums)


def report(options, what, size, results, similar, sums) -> None:
    def median(label: str) -> float:
        return statistics.median(run["seconds"] for run in results[label])

    def ratio(peer: str, label: str) -> str:
        pairs = zip(results[peer], results[label], strict=True)
        return f"{statistics.median(p['seconds'] / o['seconds'] for p, o in pairs):,.0f}"

    matrices = [label for label in sums if label not in (CONVERSION, MAPPED)]
    agree = len(set().union(*(sums[label] for label in matrices))) == 1
    command = "python examples/benchmarks/vectors.py" + (
        f" --words {options.words}" if options.words != 400_000 else ""
    )
    command += f" --vectors {Path(options.vectors).name}" if options.vectors else f" --dim {options.dim}"
    lines = [
        "# Loading word vectors",
        "",
        f"Made by `{command} --rounds {options.rounds}` on {machine()}.",
        f"File: {what}; {size / 1e6:,.0f} MB of text, in the page cache. Vocabulary: {VOCABULARY:,} of its words.",
        f"Medians of {options.rounds} rounds. Each load runs in a new process, and the methods take turns. Imports are",
        "not counted; memory is the peak minus the memory after the imports. "
        + ("All matrices are equal." if agree else "THE MATRICES DIFFER."),
        "",
        "| | seconds | peak MB | times faster than the tutorial's loop | than gensim |",
        "|---|---:|---:|---:|---:|",
    ]
    for label, runs in results.items():
        memory = statistics.median(run["MB"] for run in runs)
        peers = [ratio(TUTORIAL, label), ratio(GENSIM, label)]
        lines.append(f"| {label} | {median(label):.3f} | {memory:,.0f} | {peers[0]} | {peers[1]} |")
    ours, theirs = (statistics.median(pair[i] for pair in similar) * 1000 for i in (0, 1))
    faster = statistics.median(b / a for a, b in similar)
    lines += [
        "",
        f"`most_similar` with two positive words and a negative one, all {options.words:,} words, {len(similar)} "
        f"queries, same results: {ours:.1f} ms, gensim {theirs:.1f} ms; median ratio gensim / skglove {faster:.2f}.",
        "",
    ]
    text = "\n".join(lines)
    print(text)
    Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
