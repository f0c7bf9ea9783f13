import json
from itertools import chain

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from skglove.text.documents import are_texts, chunks

TEXTS = ["The cat sat.", "A dog!", ""]
PAIR = {"text": ["a"], "title": ["b"]}


@pytest.mark.parametrize(
    "texts",
    [
        TEXTS,
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        pd.Series(TEXTS, index=[7, 8, 9]),
        pd.Series(TEXTS, dtype="string"),
        pd.Series(TEXTS, dtype="category"),
        pd.Series(TEXTS, dtype=pd.ArrowDtype(pa.string())),
        pl.Series(TEXTS),
        pl.Series(TEXTS, dtype=pl.Categorical),
        pa.array(TEXTS),
        pa.array(TEXTS, pa.large_string()),
        pa.array(TEXTS).dictionary_encode(),
        pa.chunked_array([TEXTS[:1], [], TEXTS[1:]]),
        dict.fromkeys(TEXTS).keys(),
    ],
    ids=lambda texts: f"{type(texts).__name__} {getattr(texts, 'dtype', getattr(texts, 'type', ''))}",
)
def test_any_iterable_of_texts(texts):
    assert list(chunks(texts)) == [TEXTS]


@pytest.mark.parametrize(
    "table",
    [
        np.array(TEXTS)[:, None],
        np.array(TEXTS, dtype=object)[:, None],
        pd.DataFrame({"text": TEXTS}, index=[7, 8, 9]),
        pl.DataFrame({"text": TEXTS}),
        pa.table({"text": TEXTS}),
        pa.record_batch({"text": TEXTS}),
    ],
    ids=lambda table: f"{type(table).__module__} {type(table).__name__}",
)
def test_a_table_of_one_column_is_its_texts(table):
    assert list(chunks(table)) == [TEXTS]


def test_a_column_of_lists_of_tokens():
    assert list(chunks(pd.DataFrame({"words": [["The", "cat"], ["sat"]]}))) == [[["The", "cat"], ["sat"]]]


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy 1 has no StringDType")
def test_numpy_strings_of_any_length():
    assert list(chunks(np.array(TEXTS, dtype=np.dtypes.StringDType()))) == [TEXTS]


def test_many_texts_of_arrow_come_in_several_chunks():
    texts = [str(i) for i in range(10_000)]
    found = list(chunks(pa.chunked_array([texts[:5000], texts[5000:]])))
    assert len(found) == 3
    assert list(chain.from_iterable(found)) == texts


def test_many_texts_come_in_several_chunks():
    texts = [str(i) for i in range(10_000)]
    parts = list(chunks(texts))
    assert len(parts) > 1
    assert [text for part in parts for text in part] == texts


def test_generators_are_read_one_chunk_at_a_time():
    read = []
    parts = chunks(read.append(i) or str(i) for i in range(10_000))
    assert len(next(parts)) == len(read) < 10_000


def test_errors_count_positions_over_all_chunks():
    with pytest.raises(TypeError, match=r"position 9000 .*None"):
        list(chunks(None if i == 9_000 else "a" for i in range(10_000)))


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ("one text", ValueError, r"Got one str.*pass a list: \[text\]"),
        (b"one text", ValueError, "Got one bytes"),
        (["a", None], TypeError, "position 1 .*None.*Replace missing texts"),
        (["a", "b", float("nan")], TypeError, "position 2 .*nan"),
        (["a", b"b"], TypeError, "position 1 .*bytes.*Decode bytes first"),
        ([3, "b"], TypeError, "position 0 .*int"),
        (["a", ["b", None]], TypeError, "Token 1 of the document at position 1 is not a str but None"),
        ([["a"], [b"b"]], TypeError, "Token 0 of the document at position 1 .*bytes"),
        ([[["a"]]], TypeError, "Token 0 of the document at position 0 .*list"),
        ([{"a"}], TypeError, "position 0 .*set"),
        (
            [np.array(["a", "b"])],
            TypeError,
            r"position 0 .*ndarray of shape \(2,\)\. Convert arrays of tokens to lists",
        ),
        (pd.Series(["a", pd.NA]), TypeError, "position 1 "),
        (pa.array(["a", None]), TypeError, "position 1 .*Replace missing texts"),
        (
            pl.Series([["a", "b"]]),
            TypeError,
            r"position 0 .*Series of shape \(2,\)\. Convert arrays of tokens to lists",
        ),
        (iter(["a", None]), TypeError, "position 1 "),
        (pd.DataFrame(PAIR), ValueError, r"one column of texts, got DataFrame of shape \(1, 2\)\. Pass one column"),
        (pl.DataFrame(PAIR), ValueError, "one column of texts, got DataFrame"),
        (pa.table(PAIR), ValueError, "one column of texts, got Table"),
        (pd.DataFrame(index=[0]), ValueError, r"one column of texts, got DataFrame of shape \(1, 0\)"),
        (np.array([["a", "b"]]), ValueError, "one column of texts, got ndarray"),
        (np.array([[["a"]]]), ValueError, "one column of texts, got ndarray"),
        (np.array([[1.0]]), TypeError, "position 0 .*float64"),
        (pd.DataFrame({"text": ["a", None]}), TypeError, "position 1 "),
        (np.array("a"), ValueError, "one-dimensional"),
        ({"a": 1}, ValueError, "one-dimensional"),
        (3, TypeError, "iterable of texts, got 3"),
        (None, TypeError, "iterable of texts, got None"),
        ([], ValueError, "no texts"),
        (iter([]), ValueError, "no texts"),
    ],
    ids=lambda value: type(value).__name__ if "iterator" in type(value).__name__ else f"{value!r:.30}",
)
def test_what_is_not_texts(texts, error, message):
    with pytest.raises(error, match=message):
        list(chunks(texts))


TOKENS = [["The", "cat"], ("sat",), []]


@pytest.mark.parametrize(
    "documents",
    [TOKENS, iter(TOKENS), pd.Series(TOKENS), np.array(TOKENS, dtype=object), pa.array(map(list, TOKENS))],
    ids=lambda documents: type(documents).__name__,
)
def test_any_iterable_of_lists_of_tokens(documents):
    assert [list(map(list, chunk)) for chunk in chunks(documents)] == [list(map(list, TOKENS))]


def test_texts_and_lists_of_tokens_can_be_mixed():
    assert list(chunks(["The cat", ["sat"]])) == [["The cat", ["sat"]]]


@pytest.mark.parametrize(
    ("documents", "are"),
    [
        (["the cat", "sat"], True),
        (["the cat", ["sat"]], False),
        ([["the", "cat"], ["sat"]], False),
    ],
    ids=str,
)
def test_texts_are_told_from_tokens(documents, are):
    assert are_texts(documents) is are


@pytest.mark.parametrize(
    "nested",
    [
        ["The cat sat."],
        ("The cat sat.",),
        ["The cat sat.", "A dog!"],
        ["cat\n"],
        ["die\u00a0Katze"],
        ["猫\u3000犬"],
    ],
    ids=ascii,
)
@pytest.mark.parametrize("before", [[], ["a text"], [["a", "token"], ["cat"], []]], ids=str)
def test_lists_of_texts_are_no_lists_of_tokens(nested, before):
    with pytest.raises(
        TypeError, match=rf"document at position {len(before)} is a list of texts .*Pass the texts without"
    ):
        list(chunks([*before, nested, "another text"]))


def test_rows_of_a_table_and_of_json_are_no_lists_of_tokens():
    rows = pd.DataFrame({"text": ["cat", "", "The dog sat."]}).to_numpy().tolist()
    for documents in (rows, iter(rows), pa.array(rows), pd.Series(rows), json.loads(json.dumps(rows))):
        with pytest.raises(TypeError, match=r"position 2 is a list of texts instead of words: \['The dog sat\.'\]"):
            list(chunks(documents))


ROWS = [["the cat purrs", "animals"], ["dogs bark at night", "animals"], ["cheap gold", "money"]]


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], [row[::-1] for row in ROWS]])
def test_rows_of_several_columns(rows):
    with pytest.raises(
        TypeError, match=r"The documents from position 0 on are rows of a table, such as \['.*one column"
    ):
        list(chunks(rows))


@pytest.mark.parametrize(
    "documents",
    [
        [["New York", "is"], ["San Francisco", "was"]],
        [["a b c", "d"], ["e", "f"]],
        [["a b c", "d"], ["e f g", "h", "i"]],
        [["a b c", "d"], "a text of words"],
    ],
)
def test_phrases_in_lists_of_tokens(documents):
    assert list(chunks(documents)) == [documents]


@pytest.mark.parametrize("tokens", [[], [""], ["cat"], ["\n"], [" ", "\n"], ["New York", "is", "large"]], ids=str)
def test_lists_of_tokens_may_contain_white_space(tokens):
    assert list(chunks([tokens, tuple(tokens)])) == [[tokens, tuple(tokens)]]
