"""The documentation names all that is public, and its code runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import skglove
from skglove import export, models, vectors

DOCS = Path(skglove.__file__).parents[1] / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)
# Those of engines that are not installed for the tests.
NOT_RUN = {"clusters.md": ("pandas_udf", "ray.get")}


@pytest.mark.parametrize("module", [skglove, vectors, export, models], ids=lambda module: module.__name__)
def test_public_names_are_in_the_api_reference(module):
    listed = set((DOCS / "api" / "index.rst").read_text(encoding="utf-8").split())
    assert set(module.__all__) - listed <= {"__version__", "export", "ARCHITECTURES"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_code_on_pages_is_a_doctest(page):
    for block in re.findall(r"^```(?:python|py|pycon)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
        if not any(name in block for name in NOT_RUN.get(page.name, ())):
            assert block.startswith(">>> "), block
            assert block.endswith("\n\n"), f"The last line of output must be followed by an empty line: {block}"


def test_the_code_of_the_readme_prints_what_it_says(tmp_path):
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    code, output = re.search(r"^```python\n(.*?)^```\n\n```\n(.*?)^```", readme, re.M | re.S).groups()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == output


@pytest.mark.parametrize("page", [*PAGES, *DOCS.parent.glob("*.md")], ids=lambda page: page.name)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        is_generated = target.startswith("auto_examples/") or "/auto_examples/" in target
        assert is_generated or (page.parent / target).exists(), target
