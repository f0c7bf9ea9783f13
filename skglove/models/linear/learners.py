"""The linear models, by name."""

from skglove.models.linear.discriminant import DiscriminantAnalysis
from skglove.models.linear.model import Learner
from skglove.models.linear.naive_bayes import NaiveBayes
from skglove.models.linear.svm import SupportVectorMachine

LEARNERS: dict[str, Learner] = {
    "svm": SupportVectorMachine(),
    "naive_bayes": NaiveBayes(),
    "discriminant": DiscriminantAnalysis(),
}
"""The models whose weighted sum the linear model is, by name."""
