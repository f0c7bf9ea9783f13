"""What is private of other packages is used in one place, or not at all."""

import ast
from pathlib import Path

import numpy as np
import pytest
from sklearn.utils import estimator_html_repr

import skglove
from skglove import ConvTextClassifier, GloveTextVectorizer
from skglove._sklearn import check_sample_weight
from skglove.dask import DaskTextClassifier

PACKAGE = Path(skglove.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def imported_names(module):
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.relative_to(PACKAGE).as_posix())
def test_nothing_private_of_other_packages(module):
    private = [
        name
        for name in imported_names(module)
        if name.startswith(("sklearn.", "scipy.", "numpy.", "keras.", "tensorflow.", "skops.", "onnx."))
        and any(part.startswith("_") or part == "src" for part in name.split("."))
    ]
    assert not private or module.name == "_sklearn.py"
    assert "keras.src" not in module.read_text(encoding="utf-8")


def test_weights_are_checked():
    assert check_sample_weight(None, 3).tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match=r"expected \(3,\)"):
        check_sample_weight(np.ones(2), 3)
    with pytest.raises(ValueError, match="Negative"):
        check_sample_weight([1, -1, 1], 3)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (GloveTextVectorizer, "skglove.GloveTextVectorizer"),
        (ConvTextClassifier, "skglove.ConvTextClassifier"),
        (lambda: DaskTextClassifier(None), "skglove.dask.DaskTextClassifier"),
    ],
    ids=["vectorizer", "classifier", "dask"],
)
def test_diagrams_link_to_the_documentation(make, name):
    link = f'href="https://skglove.readthedocs.io/en/stable/api/generated/{name}.html"'
    assert link in estimator_html_repr(make())


def test_diagrams_of_subclasses_elsewhere_have_no_link():
    class OfAnotherPackage(ConvTextClassifier):
        pass

    assert "readthedocs" not in estimator_html_repr(OfAnotherPackage())
