"""The mean of a network's weights over the steps of training.

At a constant learning rate, weights move around the minimum. Their mean is nearer to it than those after the last step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skglove._keras import import_keras

_STEPS_BETWEEN = 64  # the mean takes as long as a small part of a step


@dataclass
class WeightAverage:
    """The mean of weights, in which those after step t count t ** 3 times (polynomial-decay averaging).

    It is mostly that of the last third of all steps, without knowing how many there will be. Weights are read at the end of an
    epoch, and every 64 steps.

    Parameters
    ----------
    mean : sequence of ndarray
        Changed in place.
    n_steps : int, default=0
        The number of steps until now; with 0, `mean` does not count.

    References
    ----------
    .. [1] O. Shamir and T. Zhang, "Stochastic Gradient Descent for Non-smooth Optimization: Convergence Results and Optimal
       Averaging Schemes", ICML 2013.

    Examples
    --------
    >>> average = WeightAverage([np.zeros(1, dtype=np.float32)])
    >>> average.add([np.array([6], dtype=np.float32)], 1)
    >>> average.add([np.array([9], dtype=np.float32)], 1)
    >>> average.mean[0].round(3), average.n_steps
    (array([8.667], dtype=float32), 2)
    """

    mean: Sequence[np.ndarray]
    n_steps: int = 0

    def add(self, weights: Sequence[np.ndarray], n_steps: int) -> None:
        """Add the weights after some more steps.

        Parameters
        ----------
        weights : sequence of ndarray
            Overwritten, since they may be large.
        n_steps : int
            Positive.
        """
        before, after = self.n_steps, self.n_steps + n_steps
        share = 1 - (before * (before + 1) / (after * (after + 1))) ** 2  # sums of cubes
        for mean, new in zip(self.mean, weights, strict=True):
            new -= mean
            new *= np.float32(share)
            mean += new
        self.n_steps = after

    def callback(self, weights: Callable[[], Sequence[np.ndarray]]) -> Any:
        """Return a Keras callback that adds the weights.

        Parameters
        ----------
        weights : callable
            Returns the present weights.
        """
        n_steps = 0  # since they were added

        def end_step(step: int, logs: Any = None) -> None:
            nonlocal n_steps
            n_steps += 1
            if n_steps == _STEPS_BETWEEN:
                end_epoch(0)

        def end_epoch(epoch: int, logs: Any = None) -> None:
            nonlocal n_steps
            if n_steps:
                self.add(weights(), n_steps)
            n_steps = 0

        return import_keras().callbacks.LambdaCallback(on_train_batch_end=end_step, on_epoch_end=end_epoch)
