"""The linear model: of words, pairs of words, character n-grams and mean vectors, merged from several models."""

from skglove.models.linear.learners import LEARNERS
from skglove.models.linear.member import Linear

__all__ = ["LEARNERS", "Linear"]
