"""Write the models that every later skglove must load, or refuse by name: one set of files for each format of saved state.

Run once, when a version with a new format is released, as ``python tests/saved/make.py``; then commit what it wrote.
"""

import json
import sys
import zipfile
from pathlib import Path

import joblib
import skops.io

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel, Stacked, WideAndDeep
from skglove.saving.migrations import current_format

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))

from conftest import make_texts  # noqa: E402

ARCHITECTURES = WideAndDeep(filters=4), Parallel(filters=4), Stacked(filters=4, dense_units=4)


def main():
    texts, labels = make_texts(60)
    vectors = {word: [len(word) / 10, ord(word[0]) / 100, 1.0] for text in texts for word in text.split()}
    vectorizer = GloveTextVectorizer(vectors, maxlen=20)
    X = vectorizer.fit_transform(texts)
    classifiers = [ConvTextClassifier(member, epochs=2, random_state=0).fit(X, labels) for member in ARCHITECTURES]
    in_parts = ConvTextClassifier(ARCHITECTURES[0], random_state=0)
    for start in (0, 30):
        in_parts.partial_fit(X[start : start + 30], labels[start : start + 30], classes=["animals", "plants", "tools"])
    classifiers.append(in_parts)
    expected = [classifier.predict_proba(X[:10]).tolist() for classifier in classifiers]
    name = f"format_{current_format()}"
    # No pipeline around them: scikit-learn's own pickles warn when the version is another.
    joblib.dump([vectorizer, *classifiers], FOLDER / f"{name}.pickle", compress=9)
    compressed = {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 9}
    skops.io.dump([vectorizer, *classifiers], FOLDER / f"{name}.skops", **compressed)
    (FOLDER / f"{name}.json").write_text(json.dumps({"texts": texts[:10], "probabilities": expected}))


if __name__ == "__main__":
    main()
