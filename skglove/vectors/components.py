"""Principal components of word vectors."""

from __future__ import annotations

import numpy as np


def principal_components(rows: np.ndarray, n_components: int) -> np.ndarray:
    """Project word vectors on their principal components.

    Parameters
    ----------
    rows : ndarray of float32 of shape (n_words, dim)
        Zeros for words without a vector.
    n_components : int

    Returns
    -------
    ndarray of float32 of shape (n_words, n_components)
        Zeros for words without a vector.

    Raises
    ------
    ValueError
        If there are fewer dimensions, or not more words with a vector, than components, or a component exceeds float32.

    Examples
    --------
    >>> principal_components(np.array([[0, 0], [1, 1], [2, 2], [3, 3]], np.float32), 1).round(2)
    array([[ 0.  ],
           [-1.41],
           [ 0.  ],
           [ 1.41]], dtype=float32)
    """
    from sklearn.decomposition import PCA

    known = rows.any(axis=1)
    n_known, dim = int(np.count_nonzero(known)), rows.shape[1]
    if n_components > dim:
        raise ValueError(
            f"n_components={n_components}, but the vectors have {dim} dimensions. Pass at most as many, or None."
        )
    if n_components >= n_known:
        raise ValueError(
            f"n_components={n_components}, but {n_known:,} words have a vector. Pass a smaller number, or None, or fit on "
            "more texts."
        )
    # exact and without random numbers; the time is linear in the number of words
    pca = PCA(n_components, svd_solver="covariance_eigh")
    projected = np.zeros((len(rows), n_components), np.float32)
    values = rows[known]
    # the squares of large and of small numbers are infinite and zero; division by a power of two changes nothing else
    exponent = int(np.frexp(max(values.max(), -values.min()))[1])
    np.ldexp(values, -exponent, out=values)
    with np.errstate(invalid="ignore"):  # PCA divides by the total variance, which is 0 if all vectors are equal
        components = pca.fit_transform(values)
    with np.errstate(over="ignore"):
        projected[known] = np.ldexp(components, exponent)
    if not np.isfinite(projected).all():
        raise ValueError(
            f"n_components={n_components}, but the vectors are so long that components exceed float32 numbers."
        )
    return projected
