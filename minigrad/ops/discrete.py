"""Sets, counts, encodings and facts about arrays: results that have no derivative.

On tensors, tracked or not, they are untracked, also where they are values of the input, as those of
`unique` are; a tracked tensor is refused as a setting, such as the weights of a histogram.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed, constant, nondifferentiable
from .comparison import ones_like
from .indexing import scatter

if TYPE_CHECKING:
    from ..tensor import Tensor


def _of(function: Callable[..., Any], summary: str, arrays: int = 1) -> Callable[..., Any]:
    """A function of NumPy's with its first parameters for arrays, the others for settings."""

    def rule(*values: Any, **settings: Any) -> Any:
        return function(*values, **settings)

    parameters = [
        parameter.replace(kind=inspect.Parameter.POSITIONAL_ONLY) if place < arrays else parameter
        for place, parameter in enumerate(inspect.signature(function).parameters.values())
    ]
    rule.__signature__ = inspect.Signature(parameters, return_annotation="Any")  # type: ignore[attr-defined]  # read by inspect.signature
    rule.__name__ = rule.__qualname__ = function.__name__
    rule.__doc__ = f"{summary}; see `numpy.{function.__name__}`."
    return nondifferentiable(function)(rule)


# Sets

unique = _of(np.unique, "Sorted elements without repetition")
unique_all = _of(
    np.unique_all, "Elements without repetition, their first places, inverse places and counts"
)
unique_counts = _of(np.unique_counts, "Elements without repetition, and how often each occurs")
unique_inverse = _of(np.unique_inverse, "Elements without repetition, and which each element is")
unique_values = _of(np.unique_values, "Elements without repetition")
isin = _of(np.isin, "Whether each element of an array is in another", 2)
intersect1d = _of(np.intersect1d, "Sorted elements that are in both arrays", 2)
union1d = _of(np.union1d, "Sorted elements that are in one of both arrays", 2)
setdiff1d = _of(np.setdiff1d, "Sorted elements of an array that are not in another", 2)
setxor1d = _of(np.setxor1d, "Sorted elements that are in exactly one of both arrays", 2)

# Counts

histogram = _of(np.histogram, "Counts of elements in bins, and the edges of the bins")
histogram2d = _of(np.histogram2d, "Counts of pairs in bins, and the edges of both axes", 2)
histogram_bin_edges = _of(np.histogram_bin_edges, "Edges of the bins that a histogram would have")


@composed(np.bincount)
def bincount(x: Array, /, weights: Array | None = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 occurs in an array, or the sums of the weights that go with it.

    Differentiable by the weights. Unlike NumPy's, sums of float32 are float32.

    Parameters
    ----------
    x : array of int of shape (n,)
        Not negative; not differentiable.
    weights : array of shape (n,), optional
    minlength : int
        Least length of the result.

    Examples
    --------
    >>> import minigrad as mg
    >>> mg.bincount([0, 2, 2], weights=mg.tensor([1.0, 2.0, 3.0]))
    tensor([1., 0., 5.], dtype=float64)
    """
    numbers = np.asarray(constant(x))
    if numbers.ndim != 1 or (numbers.size and numbers.dtype.kind not in "iub"):
        raise TypeError(
            f"bincount: x is an array of integers of shape (n,), got {numbers.dtype} "
            f"{numbers.shape}"
        )
    if minlength < 0 or np.any(numbers < 0):
        raise ValueError("bincount: x and minlength must not be negative")
    numbers = numbers.astype(np.intp, copy=False)
    if weights is None:
        weights = ones_like(x, np.intp)
    elif np.shape(weights) != numbers.shape:
        raise ValueError(
            f"bincount: weights have shape {np.shape(weights)}, but x has {numbers.shape}"
        )
    else:
        weights = np.multiply(weights, 1.0)  # sums of integers are floats, as in NumPy
    return scatter(weights, numbers, (int(max(numbers.max(initial=-1) + 1, minlength)),))


# Indices

diag_indices_from = _of(np.diag_indices_from, "Indices of the diagonal of a square array")
tril_indices_from = _of(np.tril_indices_from, "Indices of the lower triangle of a matrix")
triu_indices_from = _of(np.triu_indices_from, "Indices of the upper triangle of a matrix")


@nondifferentiable(np.ix_)
def ix_(*arrays: Array) -> Any:
    """Index of all combinations of the integers, or true places, of several arrays."""
    return np.ix_(*arrays)


@nondifferentiable(np.ravel_multi_index, sequence=True)
def ravel_multi_index(
    multi_index: Sequence[Array], /, dims: Any, mode: Any = "raise", order: Any = "C"
) -> Array:
    """Places in a flattened array of indices, one array of them for each axis."""
    return np.ravel_multi_index(tuple(multi_index), dims, mode=mode, order=order)


@nondifferentiable(np.unravel_index)
def unravel_index(indices: Array, /, shape: Any, order: Any = "C") -> Any:
    """Indices, one array for each axis, of places in a flattened array."""
    return np.unravel_index(indices, shape, order=order)


# Bits


@nondifferentiable(np.packbits)
def packbits(a: Array, /, axis: int | None = None, bitorder: Any = "big") -> Array:
    """Pack true and false elements into the bits of bytes."""
    return np.packbits(a, axis=axis, bitorder=bitorder)


@nondifferentiable(np.unpackbits)
def unpackbits(
    a: Array, /, axis: int | None = None, count: int | None = None, bitorder: Any = "big"
) -> Array:
    """Unpack bytes into an array of their bits."""
    return np.unpackbits(a, axis=axis, count=count, bitorder=bitorder)


# Dtypes and memory

common_type = _of(np.common_type, "The floating dtype that arrays have in common", 0)


@nondifferentiable(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> Any:
    """Return the dtype of a result computed from arrays, dtypes and Python numbers."""
    return np.result_type(*arrays_and_dtypes)


@nondifferentiable(np.can_cast)
def can_cast(from_: Any, /, to: Any, casting: Any = "safe") -> Any:
    """Whether an array or a dtype can be converted under a rule."""
    return np.can_cast(from_, to, casting=casting)


@nondifferentiable(np.min_scalar_type)
def min_scalar_type(a: Array, /) -> Any:
    """Return the smallest dtype that holds a number; of an array, its dtype."""
    return np.min_scalar_type(a)


@nondifferentiable(np.shares_memory)
def shares_memory(a: Array, b: Array, /, max_work: Any = None) -> Any:
    """Whether two arrays have memory in common."""
    return np.shares_memory(a, b, max_work=max_work)


@nondifferentiable(np.may_share_memory)
def may_share_memory(a: Array, b: Array, /, max_work: Any = None) -> Any:
    """Whether two arrays could have memory in common, by its bounds."""
    return np.may_share_memory(a, b, max_work=max_work)


# Text

array_repr = _of(np.array_repr, "Text of an array, with its dtype")
array_str = _of(np.array_str, "Text of the elements of an array")
array2string = _of(np.array2string, "Text of the elements of an array, with a format")
