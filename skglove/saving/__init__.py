"""Persistence of fitted models. pickle and joblib work, too."""

from skglove.saving.skops_files import TRUSTED, dump, load
from skglove.saving.state import VersionError

__all__ = ["TRUSTED", "VersionError", "dump", "load"]
