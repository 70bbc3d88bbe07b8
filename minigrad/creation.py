"""Tensors from nothing but a shape or a few numbers, under NumPy's names.

All give tensors. With ``requires_grad=True`` they are leaves, and must be floating.
"""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np

from . import ops
from .registry import Array
from .tensor import Tensor, owner_of, tensor

Shape = int | tuple[int, ...]

array = tensor


def asarray(data: Any, dtype: Any = None) -> Tensor:
    """Return a tensor as it is, with its history, and a tensor of a copy of anything else.

    With another dtype, a tensor is converted, which is recorded.

    Examples
    --------
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> mg.asarray(x) is x
    True
    >>> mg.asarray([1, 2], dtype=float)
    tensor([1., 2.], dtype=float64)
    """
    if not isinstance(data, Tensor):
        return Tensor(data, dtype)
    return data if dtype is None or data.dtype == dtype else data.astype(dtype)


def zeros(shape: Shape, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """Tensor of zeros."""
    return owner_of(np.zeros(shape, _dtype("zeros", dtype)), requires_grad)


def ones(shape: Shape, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """Tensor of ones."""
    return owner_of(np.ones(shape, _dtype("ones", dtype)), requires_grad)


def empty(shape: Shape, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """Tensor whose elements mean nothing, and are 0."""
    return zeros(shape, _dtype("empty", dtype), requires_grad=requires_grad)


def full(
    shape: Shape, fill_value: Array, dtype: Any = None, *, requires_grad: bool = False
) -> Tensor:
    """Tensor of one value, or of values that broadcast to the shape; they may be tracked.

    Examples
    --------
    >>> value = mg.tensor(2.0, requires_grad=True)
    >>> mg.full((2, 3), value).sum().backward()
    >>> value.grad
    tensor(6., dtype=float64)
    """
    if not isinstance(fill_value, Tensor):
        return owner_of(np.full(shape, fill_value, dtype), requires_grad)
    filled = ops.broadcast_to(asarray(fill_value, dtype), shape)
    return filled.requires_grad_() if requires_grad else filled


def arange(
    start: Any = None,
    stop: Any = None,
    step: Any = 1,
    dtype: Any = None,
    *,
    requires_grad: bool = False,
) -> Tensor:
    """Tensor of the numbers from 0 or a start up to, but without, a stop, at equal steps.

    Where the step is not an integer, `linspace` is safer: it says how many there are.

    Examples
    --------
    >>> mg.arange(3).tolist(), mg.arange(1.0, 2.0, 0.5).tolist()
    ([0, 1, 2], [1.0, 1.5])
    """
    for name, value in (("start", start), ("stop", stop), ("step", step)):
        if isinstance(value, Tensor) and value.requires_grad:
            raise TypeError(
                f"arange: {name} is tracked, but how many numbers there are has no derivative; "
                "use mg.linspace, or pass the value, as in t.item()"
            )
    if stop is None:
        start, stop = None, start  # a single number is the stop
    if stop is None:
        raise TypeError("arange: needs a stop, as in mg.arange(3)")
    return owner_of(
        np.arange(0 if start is None else start, stop, step, dtype=dtype), requires_grad
    )


@overload
def linspace(
    start: Array,
    stop: Array,
    num: int = ...,
    endpoint: bool = ...,
    retstep: Literal[False] = ...,
    dtype: Any = ...,
    axis: int = ...,
    *,
    requires_grad: bool = ...,
) -> Tensor: ...
@overload
def linspace(
    start: Array,
    stop: Array,
    num: int = ...,
    endpoint: bool = ...,
    *,
    retstep: Literal[True],
    dtype: Any = ...,
    axis: int = ...,
    requires_grad: bool = ...,
) -> tuple[Tensor, Tensor]: ...
def linspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    requires_grad: bool = False,
) -> Any:
    """Tensor of numbers at equal distances from one to another; the ends may be tracked.

    Parameters
    ----------
    start, stop : array
        The first, and the last or, without `endpoint`, the one that would follow.
    num : int
        How many.
    endpoint : bool
    retstep : bool
        Whether to return the distance too, as a tensor.
    dtype : dtype, optional
    axis : int
        Place of the new axis in the result.
    requires_grad : bool

    Examples
    --------
    >>> mg.linspace(0, 1, 5)
    tensor([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float64)
    """
    result = _between(ops.linspace, start, stop, num, endpoint, dtype, requires_grad, axis=axis)
    if not retstep:
        return result
    steps = num - 1 if endpoint else num
    start, stop = asarray(start), asarray(stop)
    return result, (stop - start) / steps if steps > 0 else (stop - start) * np.nan


def logspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    base: Array = 10.0,
    dtype: Any = None,
    axis: int = 0,
    *,
    requires_grad: bool = False,
) -> Tensor:
    """Tensor of powers of a base whose exponents are `linspace`; all may be tracked.

    Examples
    --------
    >>> mg.logspace(0, 3, 4)
    tensor([   1.,   10.,  100., 1000.], dtype=float64)
    """
    return _between(
        ops.logspace, start, stop, num, endpoint, dtype, requires_grad, base=base, axis=axis
    )


def geomspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
    *,
    requires_grad: bool = False,
) -> Tensor:
    """Tensor of numbers in equal ratios from one to another; the ends may be tracked.

    Examples
    --------
    >>> mg.geomspace(1, 8, 4)
    tensor([1., 2., 4., 8.], dtype=float64)
    """
    return _between(ops.geomspace, start, stop, num, endpoint, dtype, requires_grad, axis=axis)


def eye(
    N: int, M: int | None = None, k: int = 0, dtype: Any = None, *, requires_grad: bool = False
) -> Tensor:
    """Matrix with ones on a diagonal, `k` above the main one, and zeros elsewhere."""
    return owner_of(np.eye(N, M, k, dtype), requires_grad)


def identity(n: int, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """Square matrix with ones on the diagonal and zeros elsewhere."""
    return eye(n, dtype=dtype, requires_grad=requires_grad)


def tri(
    N: int, M: int | None = None, k: int = 0, dtype: Any = None, *, requires_grad: bool = False
) -> Tensor:
    """Matrix with ones on and below a diagonal, `k` above the main one, and zeros elsewhere."""
    return owner_of(np.tri(N, M, k, dtype), requires_grad)


def indices(dimensions: tuple[int, ...], dtype: Any = "int", sparse: bool = False) -> Any:
    """Indices of the elements of an array of a shape: one tensor with an axis for them in front.

    With `sparse`, a tuple of tensors that broadcast to the shape.

    Examples
    --------
    >>> rows, columns = mg.indices((2, 3))
    >>> columns.tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    if sparse:
        return tuple(owner_of(part) for part in np.indices(dimensions, dtype, sparse=True))
    return owner_of(np.indices(dimensions, dtype))


def _dtype(function: str, dtype: Any) -> Any:
    if isinstance(dtype, int):
        raise TypeError(
            f"{function}: dtype is {dtype}; a shape is one tuple, as in mg.{function}((2, 3))"
        )
    return dtype


def _between(
    op: Any,
    start: Array,
    stop: Array,
    num: int,
    endpoint: bool,
    dtype: Any,
    requires_grad: bool,
    **settings: Any,
) -> Tensor:
    """Call an op for a range, and return a tensor in any case."""
    result = op(start, stop, num, endpoint, **settings)
    if dtype is not None:
        if op is ops.linspace and np.dtype(dtype).kind in "iu":
            result = ops.floor(result)  # as NumPy does: not toward 0
        result = ops.astype(result, dtype)
    if not isinstance(result, Tensor):
        return owner_of(result, requires_grad)
    return result.requires_grad_() if requires_grad else result
