"""The functions of networks under PyTorch's names and parameters, for scripts that are ported.

Elsewhere they are found as ``mg.relu`` and so on, with NumPy's ``axis`` in place of ``dim``.
"""

from __future__ import annotations

from .. import ops
from ..ops import conv2d as conv2d
from ..ops import cross_entropy as cross_entropy
from ..ops import group_norm as group_norm
from ..ops import layer_norm as layer_norm
from ..ops import local_response_norm as local_response_norm
from ..ops import max_pool2d as max_pool2d
from ..ops import relu as relu
from ..ops import rms_norm as rms_norm
from ..ops import sigmoid as sigmoid
from ..ops import tanh as tanh
from ..registry import Array
from ..tensor import Tensor
from .masks import alpha_dropout as alpha_dropout
from .masks import dropout as dropout
from .masks import dropout1d as dropout1d
from .masks import dropout2d as dropout2d
from .masks import dropout3d as dropout3d
from .running import batch_norm as batch_norm
from .running import instance_norm as instance_norm


def linear(x: Array, weight: Array, bias: Array | None = None) -> Tensor:
    """Dense layer, ``x @ weight.T + bias``.

    Parameters
    ----------
    x : array of shape (..., in_features)
    weight : array of shape (out_features, in_features)
    bias : array of shape (out_features,), optional

    Returns
    -------
    array of shape (..., out_features)

    Examples
    --------
    >>> mg.nn.functional.linear(np.ones((5, 3)), np.ones((2, 3))).shape
    (5, 2)
    """
    out = ops.matmul(x, ops.transpose(weight))
    return out if bias is None else ops.add(out, bias)


def softmax(x: Array, dim: int) -> Tensor:
    """Exponentials scaled to a sum of 1 along an axis; `minigrad.softmax`.

    Examples
    --------
    >>> mg.nn.functional.softmax(mg.tensor([[0.0, 0.0]]), dim=1)
    tensor([[0.5, 0.5]], dtype=float64)
    """
    return ops.softmax(x, dim)


def log_softmax(x: Array, dim: int) -> Tensor:
    """Logarithm of the softmax along an axis; `minigrad.log_softmax`.

    Examples
    --------
    >>> mg.nn.functional.log_softmax(mg.tensor([[0.0, 0.0]]), dim=1).exp()
    tensor([[0.5, 0.5]], dtype=float64)
    """
    return ops.log_softmax(x, dim)


def normalize(
    x: Array, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12
) -> Tensor:
    """Vectors along an axis divided by their norms; `minigrad.normalize`.

    Examples
    --------
    >>> mg.nn.functional.normalize(mg.tensor([3.0, 4.0]), dim=0)
    tensor([0.6, 0.8], dtype=float64)
    """
    return ops.normalize(x, p, dim, eps)
