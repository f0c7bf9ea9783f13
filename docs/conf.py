"""Configuration of the documentation; see CONTRIBUTING.md for how it is built."""

import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from docutils import nodes
from sphinx import addnodes

import skglove

project = "skglove"
author = "The skglove developers"
copyright = author
version = release = skglove.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
default_role = "py:obj"  # names in single backticks are links, as in the docstrings
modindex_common_prefix = ["skglove."]

# MyST
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# API reference
autosummary_generate = True
autodoc_typehints = "none"  # types are in the docstrings
autodoc_member_order = "bysource"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

# Blocks of code: the prompts and the output are not copied.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Examples
sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"plot_",
    "within_subsection_order": "FileNameSortKey",
    "capture_repr": ("_repr_html_", "__repr__"),
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "write_computation_times": False,
    "doc_module": ("skglove",),
    "backreferences_dir": "api/backreferences",
    "reference_url": {"skglove": None},
    "abort_on_example_error": True,
    "parallel": 2,
    "default_thumb_file": str(Path(__file__).parent / "_static" / "wide_and_deep.svg"),
}


def reachable(url: str) -> bool:
    """Return whether an inventory can be read, so that the build is the same without a network, except for links."""
    try:
        with urllib.request.urlopen(f"{url}objects.inv", timeout=3):
            return True
    except OSError:
        return False


INVENTORIES = {
    "python": f"https://docs.python.org/{sys.version_info.major}/",
    "numpy": "https://numpy.org/doc/stable/",
    "sklearn": "https://scikit-learn.org/stable/",
    "pandas": "https://pandas.pydata.org/docs/",
    "matplotlib": "https://matplotlib.org/stable/",
    "skops": "https://skops.readthedocs.io/en/stable/",
}
intersphinx_mapping = {name: (url, None) for name, url in INVENTORIES.items() if reachable(url)}

# HTML
html_theme = "pydata_sphinx_theme"
html_title = "skglove"
html_static_path = ["_static"]
html_css_files = ["skglove.css"]
html_show_sourcelink = False
html_sidebars = {"getting_started": [], "comparison": [], "faq": [], "changelog": []}
html_theme_options = {
    "github_url": "https://github.com/skglove/skglove",
    "logo": {"text": "skglove"},
    "header_links_before_dropdown": 6,
    "navbar_persistent": ["search-button"],
    "navigation_with_keys": False,
    "show_prev_next": True,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


PUBLIC = {name: f"skglove.{name}" for name in skglove.__all__ if name not in ("__version__", "export")}
PUBLIC |= {
    "DaskTextClassifier": "skglove.dask.DaskTextClassifier",
    "EncoderVectors": "skglove.vectors.EncoderVectors",
    "VectorSource": "skglove.vectors.VectorSource",
}
PUBLIC |= {name: name for name in PUBLIC.values()}
PUBLIC |= {name: name for name in ("skglove.models.Network", "skglove.export.to_keras", "skglove.export.to_onnx")}


def link_public_names(app: Any, doctree: nodes.document) -> None:
    """Make links of names in backticks on Markdown pages, where they have no default role."""
    if not str(app.env.doc2path(app.env.docname)).endswith(".md"):
        return
    for literal in list(doctree.findall(nodes.literal)):
        target = PUBLIC.get(literal.astext())
        if target and not isinstance(literal.parent, nodes.reference | nodes.title | addnodes.pending_xref):
            link = addnodes.pending_xref(
                "", refdomain="py", reftype="obj", reftarget=target, refdoc=app.env.docname, refwarn=True
            )
            literal.replace_self(link)
            link += literal


def end_code_with_its_last_line(app: Any, doctree: nodes.document) -> None:
    """Remove the empty lines that end the doctests of Markdown pages."""
    for block in doctree.findall(nodes.literal_block):
        text = block.astext()
        if text.endswith("\n") and block.rawsource == text:
            block.children, block.rawsource = [], text.rstrip("\n")
            block += nodes.Text(block.rawsource)


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("doctree-read", link_public_names)
    app.connect("doctree-read", end_code_with_its_last_line)
