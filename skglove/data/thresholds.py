"""Decision thresholds of labels for F1, learned on held-out documents.

The threshold that maximizes the expected F1 of calibrated probabilities is half of the F1 that it reaches (Lipton, Elkan and
Naryanaswamy 2014). That depends less on single documents than the position of the maximum.
"""

import numpy as np

# The number of held-out documents of a label at which its own F1 and that of all labels together count equally.
_PRIOR_DOCUMENTS = 10
_LOWEST = 0.05


def learn_thresholds(scores: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Learn a threshold for each label.

    Parameters
    ----------
    scores : ndarray of shape (n_documents, n_labels)
        Probabilities of documents that the model was not fitted on.
    y : ndarray of shape (n_documents, n_labels), int
        1 for the labels of a document, and 0 for others.
    weights : ndarray of shape (n_documents,)

    Returns
    -------
    ndarray of shape (n_labels,), float64
        A label applies to documents with a higher probability. 0.5 if no document has a label.
    """
    weights = weights / weights.mean()
    positives = weights @ y
    if not positives.any():
        return np.full(y.shape[1], 0.5)
    share = positives / (positives + _PRIOR_DOCUMENTS)
    own = np.array([_highest_f1(of_label, truth, weights) for of_label, truth in zip(scores.T, y.T, strict=True)])
    common = _highest_f1(scores.ravel(), y.ravel(), np.repeat(weights, y.shape[1]))
    f1 = share * own + (1 - share) * common
    return np.maximum(f1 / 2, _LOWEST)


def _highest_f1(scores: np.ndarray, y: np.ndarray, weights: np.ndarray) -> float:
    """Return the highest F1 of any threshold; 0 without positives."""
    order = np.argsort(-scores, kind="stable")
    ranked = weights[order]
    f1 = 2 * np.cumsum(ranked * y[order]) / (np.cumsum(ranked) + weights @ y)
    # Documents of equal score are all above a threshold, or none.
    is_last = np.append(scores[order][1:] < scores[order][:-1], True)
    return float(f1[is_last].max())
