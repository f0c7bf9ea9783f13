"""The architectures of `ConvTextClassifier` and their parts."""

import sys
from typing import Any

from skglove.models.base import Member
from skglove.models.ensemble import WideAndDeep
from skglove.models.linear import Linear
from skglove.models.networks.custom import Custom
from skglove.models.networks.keras_member import KerasMember
from skglove.models.networks.network import Network
from skglove.models.networks.parallel import Parallel
from skglove.models.networks.stacked import Stacked

__all__ = [
    "ARCHITECTURES",
    "Custom",
    "KerasMember",
    "Linear",
    "Member",
    "Network",
    "Parallel",
    "Stacked",
    "WideAndDeep",
    "as_member",
]

ARCHITECTURES = {"wide_and_deep": WideAndDeep, "parallel": Parallel, "stacked": Stacked}
"""The architectures by name."""


def as_member(architecture: Any) -> Member:
    """Return the unfitted member for a value of the parameter `architecture`.

    Returns
    -------
    Member
        Not fitted.

    Raises
    ------
    TypeError
        If it is a class.
    """
    if isinstance(architecture, str):
        return ARCHITECTURES[architecture]()
    if isinstance(architecture, type):
        raise TypeError(f"architecture must be an instance; got the class. Call it: {architecture.__name__}().")
    return architecture if isinstance(architecture, Member) else Custom(architecture)


# Where pickles of format 2 look for these.
for _name in ("custom", "parallel", "stacked"):
    sys.modules[f"{__name__}.{_name}"] = sys.modules[f"{__name__}.networks.{_name}"]
