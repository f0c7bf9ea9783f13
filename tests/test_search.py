"""GridSearchCV in worker processes: it ends, warns of nothing, and gives the scores of a single process."""

import json
import subprocess
import sys

import pytest

CODE = """
import json
from quickstart import load_articles
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from skglove import ConvTextClassifier, GloveTextVectorizer, WideAndDeep

texts, labels = load_articles()
pipeline = Pipeline([
    ("vect", GloveTextVectorizer("glove.6B.50d", maxlen=100, extra_words=0)),
    ("clf", ConvTextClassifier(WideAndDeep(), epochs=2, batch_size=8, random_state=0)),
])
grid = [
    {"vect__num_words": [500], "clf__architecture__filters": [8]},
    {"clf__trainable": [False], "clf__architecture__filters": [16]},
]
for n_jobs in (1, 2):
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=n_jobs, error_score="raise", refit=False)
    results = search.fit(texts[::24], labels[::24]).cv_results_
    print(json.dumps({name: results[name].tolist() for name in results if name.endswith("test_score")}))
"""


@pytest.mark.slow
def test_two_jobs_give_the_scores_of_one(request):
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", CODE],
        cwd=request.config.rootpath / "examples",
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    alone, in_processes = map(json.loads, done.stdout.splitlines())
    assert alone == in_processes
    assert len(set(alone["mean_test_score"])) > 1
