"""The dtype policy: the precision of the computations in training."""

from pathlib import Path
from typing import Any

from skglove._keras import import_keras

_CPU = Path("/proc/cpuinfo")


def resolve_dtype_policy(dtype_policy: str) -> str:
    """Return the name of Keras' policy.

    Parameters
    ----------
    dtype_policy : {"auto", "float32", "mixed_bfloat16"}
        "auto" is "mixed_bfloat16" on Linux on processors with AMX, which multiply matrices of bfloat16 in hardware, and otherwise
        "float32".
    """
    if dtype_policy != "auto":
        return dtype_policy
    return "mixed_bfloat16" if _has_amx() else "float32"


def _has_amx() -> bool:
    try:
        return "amx_bf16" in _CPU.read_text(encoding="utf-8")
    except OSError:
        return False


def set_dtype_policy(network: Any, dtype_policy: str) -> None:
    """Set the policy of all layers between the embedding and the logits.

    Parameters
    ----------
    network : keras.Model
        Changed in place; its weights remain float32.
    dtype_policy : {"auto", "float32", "mixed_bfloat16"}
    """
    policy = import_keras().DTypePolicy(resolve_dtype_policy(dtype_policy))
    for layer in network.layers:
        if layer.name not in ("embedding", *network.output_names):
            layer.dtype_policy = policy
