"""A model's outputs, and how good they are, without training it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import containers, ops
from ..autograd import no_grad
from ..data import batches
from ..nn import Module
from ..tensor import Tensor

Metric = Callable[[Any, Any], Any]


def accuracy(prediction: Any, target: Any) -> float:
    """How many of the predicted classes are the right ones, from 0 to 1.

    Parameters
    ----------
    prediction : array of shape (N, C) or (N, C, ...)
        A score for each class, such as logits: the class with the highest is predicted.
    target : array
        Classes, integers of shape (N,) or (N, ...); or one-hot, of the shape of `prediction`.

    Examples
    --------
    >>> mg.training.accuracy([[0.1, 2.0], [3.0, 0.0]], [1, 1])
    0.5
    """
    scores, classes = _values(prediction), _values(target)
    if scores.ndim < 2:
        raise ValueError(
            f"accuracy: the prediction has shape {scores.shape}, expected a score for each class, "
            "(N, C)"
        )
    if classes.shape == scores.shape:
        classes = classes.argmax(axis=1)
    if classes.shape != scores.shape[:1] + scores.shape[2:]:
        raise ValueError(
            f"accuracy: the target has shape {classes.shape}, expected the classes, "
            f"{scores.shape[:1] + scores.shape[2:]}, for predictions of shape {scores.shape}"
        )
    return float(np.mean(scores.argmax(axis=1) == classes))


def evaluate(
    model: Module,
    loss: Metric,
    data: Any,
    metrics: Mapping[str, Metric] | None = None,
    *,
    batch_size: int = 256,
) -> dict[str, float]:
    """Return the mean loss, and the means of metrics, over data.

    The model is in evaluation mode meanwhile, and nothing is recorded.

    Parameters
    ----------
    model : Module
    loss : callable
        ``loss(prediction, y)``, a mean over the batch.
    data : iterable or tuple
        Batches ``(x, y)``, or two arrays, which are then cut in batches.
    metrics : dict, optional
        More functions of prediction and target, by name, each a mean over the batch.
    batch_size : int
        For two arrays.

    Returns
    -------
    dict of str to float
        ``"loss"`` and the metrics. Longer batches count for more, so that these are the means over
        all examples, however they are batched.

    Examples
    --------
    >>> model = mg.nn.Linear(2, 3)
    >>> x, y = np.zeros((10, 2)), np.arange(10) % 3
    >>> metrics = {"accuracy": mg.training.accuracy}
    >>> list(mg.training.evaluate(model, mg.cross_entropy, (x, y), metrics))
    ['loss', 'accuracy']
    """
    return evaluated("data", model, loss, data, metrics, batch_size)


def predict(model: Module, x: Any, *, batch_size: int = 256) -> Any:
    """Return what a model computes from `x`, batch by batch, so that memory is bounded.

    The model is in evaluation mode meanwhile, and nothing is recorded.

    Parameters
    ----------
    model : Module
    x : array
        The examples along the first axis.
    batch_size : int

    Returns
    -------
    Tensor
        Untracked. Of a model with several outputs, a container of them.

    Raises
    ------
    ValueError
        If an output does not have the examples along its first axis, such as the state of an LSTM.

    Examples
    --------
    >>> model = mg.nn.Sequential(mg.nn.Linear(2, 3), mg.nn.Dropout())
    >>> mg.training.predict(model, np.zeros((1000, 2))).shape
    (1000, 3)
    """
    with in_mode(model, training=False), no_grad():
        cut = batches(x, batch_size=batch_size, shuffle=False)
        # Without examples, the shape of no outputs.
        parts = [_by_example(model(batch), len(batch)) for batch in cut] or [model(x)]
        return containers.map_leaves(lambda *leaves: ops.concatenate(leaves), *parts)


def _by_example(outputs: Any, count: int) -> Any:
    """Return the outputs of a batch if they can be joined with those of others."""
    for leaf in containers.flatten(outputs)[0]:
        if np.shape(leaf)[:1] != (count,):
            raise ValueError(
                f"predict: an output has shape {np.shape(leaf)} for a batch of {count}, expected "
                "the examples along its first axis; call the model itself, or one that returns "
                "only what has that axis"
            )
    return outputs


# What fit uses, too


def evaluated(
    name: str,
    model: Module,
    loss: Metric,
    data: Any,
    metrics: Mapping[str, Metric] | None,
    batch_size: int = 256,
) -> dict[str, float]:
    """Evaluate with data that an error calls by a name."""
    means = Means()
    with in_mode(model, training=False), no_grad():
        for x, y in pairs(name, data, batch_size):
            prediction = model(x)
            value = number(loss(prediction, y), "the loss")
            means.add(x, y, {"loss": value, **measure(metrics, prediction, y)})
    return means.result(name)


@contextlib.contextmanager
def in_mode(model: Module, training: bool) -> Iterator[None]:
    """Put a model into a mode; afterwards each of its modules is in its own again."""
    before = [(module, module.training) for module in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, mode in before:
            module.training = mode


def is_pair_of_arrays(data: Any) -> bool:
    """Whether it is ``(x, y)`` rather than batches of these."""
    return (
        isinstance(data, tuple | list)
        and len(data) == 2
        and all(isinstance(array, np.ndarray | Tensor) for array in data)
    )


def pairs(name: str, data: Any, batch_size: int = 0) -> Iterator[tuple[Any, Any]]:
    """Batches ``(x, y)`` of data; of two arrays they are cut."""
    if is_pair_of_arrays(data):
        data = batches(*data, batch_size=batch_size, shuffle=False)
    for batch in data:
        if not (isinstance(batch, tuple | list) and len(batch) == 2):
            raise TypeError(
                f"{name}: a batch is a pair (x, y), but here is a {type(batch).__name__}"
                + (f" of {len(batch)}" if isinstance(batch, tuple | list) else "")
                + "; pass mg.data.batches(x, y, batch_size=...), or (x, x) to predict the input"
            )
        yield batch[0], batch[1]


def measure(metrics: Mapping[str, Metric] | None, prediction: Any, target: Any) -> dict[str, float]:
    """Compute the metrics of a batch."""
    if not metrics:
        return {}
    prediction = containers.map_leaves(
        lambda leaf: leaf.detach() if isinstance(leaf, Tensor) else leaf, prediction
    )
    with no_grad():
        return {
            name: number(metric(prediction, target), f"the metric {name!r}")
            for name, metric in metrics.items()
        }


def number(value: Any, name: str) -> float:
    """Return a scalar as a float."""
    if np.shape(value) != ():
        raise ValueError(
            f"{name} of a batch has shape {np.shape(value)}, expected one number, its mean; with "
            "reduction='mean' a loss of the library is that"
        )
    return float(value.item() if hasattr(value, "item") else value)


class Means:
    """Means over batches, each of which counts by its length."""

    def __init__(self) -> None:
        self._terms: dict[str, list[float]] = {}
        self._count = 0

    def add(self, x: Any, target: Any, values: Mapping[str, float]) -> None:
        """Count the values of a batch, whose length is that of its target."""
        length = _length(x, target)
        self._count += length
        for name, value in values.items():
            self._terms.setdefault(name, []).append(length * value)

    def result(self, name: str) -> dict[str, float]:
        """Return the means, or say that the data of this name were empty."""
        if not self._count:
            raise ValueError(f"{name}: there are no batches in it, or no examples in them")
        return {key: _sum(terms) / self._count for key, terms in self._terms.items()}


def _length(x: Any, target: Any) -> int:
    """Return how many examples a batch has."""
    # Of a batch without targets, its inputs tell.
    given = target if containers.flatten(target)[0] else x
    leaves = containers.flatten(given)[0]
    if leaves and hasattr(leaves[0], "__len__") and np.ndim(leaves[0]) > 0:
        return len(leaves[0])
    if isinstance(given, list):  # of labels, or of strings
        return len(given)
    raise TypeError(
        f"a batch is (x, y) of several examples, and its y is a {type(target).__name__} without a "
        "length; make batches of single examples by mg.data.DataLoader(dataset, batch_size=32)"
    )


def _sum(terms: list[float]) -> float:
    # The exact sum refuses inf - inf, which is nan.
    return math.fsum(terms) if all(map(math.isfinite, terms)) else sum(terms)


def _values(x: Any) -> np.ndarray[Any, Any]:
    return x.numpy() if isinstance(x, Tensor) else np.asarray(x)
