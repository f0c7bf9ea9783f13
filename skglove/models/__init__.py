"""The architectures of `ConvTextClassifier` and their parts."""

from typing import Any

from skglove.models.base import Member
from skglove.models.custom import Custom
from skglove.models.ensemble import WideAndDeep
from skglove.models.keras_member import KerasMember
from skglove.models.linear import Linear
from skglove.models.network import Network
from skglove.models.parallel import Parallel
from skglove.models.stacked import Stacked

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
