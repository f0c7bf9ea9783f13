import numpy as np
import pytest

from skglove import ConvTextClassifier, Parallel, Stacked
from skglove._keras import import_keras
from skglove.training import precision
from skglove.training.precision import resolve_dtype_policy, set_dtype_policy


@pytest.mark.parametrize(
    ("text", "expected"), [("flags : avx2 amx_bf16 amx_tile", "mixed_bfloat16"), ("flags : avx2", "float32")]
)
def test_auto_depends_on_the_processor(tmp_path, monkeypatch, text, expected):
    file = tmp_path / "cpuinfo"
    file.write_text(text)
    monkeypatch.setattr(precision, "_CPU", file)
    assert resolve_dtype_policy("auto") == expected
    assert resolve_dtype_policy("float32") == "float32"


def test_auto_is_float32_on_other_systems(tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "_CPU", tmp_path / "none")
    assert resolve_dtype_policy("auto") == "float32"


def test_the_embedding_and_the_logits_remain_float32():
    keras = import_keras()
    ids = keras.Input((None,), dtype="int32")
    hidden = keras.layers.Dense(3, name="hidden")(keras.layers.Embedding(5, 2, name="embedding")(ids))
    network = keras.Model(ids, keras.layers.Dense(2, name="logits")(hidden))
    set_dtype_policy(network, "mixed_bfloat16")
    dtypes = {layer.name: layer.compute_dtype for layer in network.layers if layer.weights}
    assert dtypes == {"embedding": "float32", "hidden": "bfloat16", "logits": "float32"}
    assert all(weight.dtype == "float32" for weight in network.weights)


@pytest.mark.parametrize("architecture", [Parallel(filters=8), Stacked(filters=8)])
def test_bfloat16_trains_a_similar_model(sequences, corpus, architecture):
    models = [
        ConvTextClassifier(architecture, dtype_policy=policy, epochs=6, batch_size=16, random_state=0)
        for policy in ("float32", "mixed_bfloat16", "mixed_bfloat16")
    ]
    exact, rough, again = (model.fit(sequences, corpus[1]).predict_proba(sequences) for model in models)
    assert np.array_equal(rough, again)
    assert not np.array_equal(exact, rough)
    np.testing.assert_allclose(exact, rough, atol=0.1)
    assert models[1].architecture_.weights_["logits"][0].dtype == np.float32
