"""What is private of other packages is used in one place, or not at all."""

import ast
from pathlib import Path

import numpy as np
import pytest

import skglove
from skglove._sklearn import check_sample_weight

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
