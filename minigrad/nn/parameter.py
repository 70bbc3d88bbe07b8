"""Tensors that belong to a module: those that are trained, and those that are only kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import autograd
from ..tensor import Tensor


class Parameter(Tensor):
    """A tensor that a module trains: an attribute that `Module.parameters` finds.

    What is computed from it is a plain tensor.

    Parameters
    ----------
    data : array_like
        Numbers; they are copied.
    dtype : dtype, optional
        By default that of a floating array or tensor, and float32 for anything else, such as a
        list.
    requires_grad : bool
        Whether gradients shall be computed for it. One that is frozen, with False, remains a
        parameter of its module and is saved with it.

    Examples
    --------
    >>> mg.nn.Parameter([1.0, 2.0])
    Parameter containing:
    tensor([1., 2.], dtype=float32, requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, dtype: Any = None, requires_grad: bool = True) -> None:
        if dtype is None:
            floating = isinstance(data, np.ndarray | np.generic | Tensor) and data.dtype.kind == "f"
            dtype = data.dtype if floating else np.float32
        super().__init__(data, dtype, requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A tensor that a module keeps and saves but does not train, such as a running mean.

    A result is a plain tensor, so a buffer is given other values through ``data``.

    Parameters
    ----------
    data : array_like
        Numbers; they are copied.
    dtype : dtype, optional
        By default what NumPy gives the data.
    persistent : bool
        Whether it is saved with its module. A table that is made anew anyway need not be.

    Examples
    --------
    >>> mean = mg.nn.Buffer([1.0, 2.0])
    >>> mean.data = 0.9 * mean
    >>> mean
    Buffer containing:
    tensor([0.9, 1.8], dtype=float64)
    """

    __slots__ = ("persistent",)

    def __init__(self, data: Any, dtype: Any = None, *, persistent: bool = True) -> None:
        super().__init__(data, dtype)
        self.persistent = persistent

    def __repr__(self) -> str:
        return f"Buffer containing:\n{super().__repr__()}"

    def __reduce__(self) -> Any:
        return (*super().__reduce__(), (None, {"persistent": self.persistent}))


def recast(tensor: Tensor, dtype: Any) -> None:
    """Give a parameter or buffer another floating dtype; its gradient and its hooks follow."""
    if tensor.dtype == dtype:
        return
    old = tensor._node
    tensor._value = tensor._value.astype(dtype)
    if isinstance(old, autograd.Leaf):
        tensor._node = autograd.Leaf(tensor._value)
        tensor._node.notes = old.notes
        if old.grad is not None:
            tensor.grad = old.grad.astype(dtype)
