import os
import subprocess
import sys
import textwrap

import pytest

from skglove._keras import import_keras
from skglove.export.lowercase import lower

EVERY = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]


def lowered(texts):
    import_keras()
    import tensorflow as tf

    return [text.decode() for text in lower(tf.constant(texts)).numpy()]


def test_all_characters():
    lines = ["".join(EVERY[start : start + 10_000]) for start in range(0, len(EVERY), 10_000)]
    assert lowered(lines) == [line.lower() for line in lines]


@pytest.mark.parametrize("form", ["{0}Σ", "A{0}Σ", "AΣ{0}", "AΣ{0}A"])
def test_sigmas_next_to_all_characters(form):
    # All that matter, and some of the others.
    characters = [c for i, c in enumerate(EVERY) if f"A{c}Σ".lower().endswith("ς") or i % 100 == 0]
    texts = [form.format(c) for c in characters]
    assert lowered(texts) == [text.lower() for text in texts]


@pytest.mark.parametrize(
    "text", ["", "A\0B", "Ä\0Ö\0", "\0", "ΣΣ ΑΣΣ", "ΑΣ'ΑΣ' ΑΣ", "İΣİΣ", "Σ\nΑΣ\n", "ИÄ\U0001e900Z"], ids=ascii
)
def test_texts(text):
    assert lowered([text, "A"]) == [text.lower(), "a"]


def test_no_texts():
    import_keras()
    import tensorflow as tf

    assert lower(tf.constant([], tf.string)).shape == (0,)


def test_no_operation_depends_on_the_locale():
    import_keras()
    import tensorflow as tf

    graph = tf.function(lower).get_concrete_function(tf.TensorSpec((None,), tf.string)).graph
    encodings = [
        operation.get_attr("encoding") for operation in graph.get_operations() if operation.type == "StringLower"
    ]
    assert encodings == [b""]  # which is ASCII


@pytest.mark.slow
def test_the_locale_of_the_process_does_not_count():
    code = """
        from skglove._keras import import_keras
        from skglove.export.lowercase import lower
        import_keras()
        import tensorflow as tf
        texts = ["I I\u0307 \u0130 J\u0307"]
        assert lower(tf.constant(texts))[0].numpy().decode() == texts[0].lower()
        print(tf.strings.lower("I", encoding="utf-8").numpy().decode())
    """
    environment = os.environ | {"LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "ı\n"  # TensorFlow's own lower case of "I" in Turkish
