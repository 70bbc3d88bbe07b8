"""The functions of networks under PyTorch's names and parameters, for scripts that are ported.

Elsewhere they are found as ``mg.relu`` and so on, with NumPy's ``axis`` in place of ``dim``.
"""

from __future__ import annotations

from .. import ops
from ..ops import adaptive_avg_pool1d as adaptive_avg_pool1d
from ..ops import adaptive_avg_pool2d as adaptive_avg_pool2d
from ..ops import adaptive_avg_pool3d as adaptive_avg_pool3d
from ..ops import adaptive_max_pool1d as adaptive_max_pool1d
from ..ops import adaptive_max_pool2d as adaptive_max_pool2d
from ..ops import adaptive_max_pool3d as adaptive_max_pool3d
from ..ops import avg_pool1d as avg_pool1d
from ..ops import avg_pool2d as avg_pool2d
from ..ops import avg_pool3d as avg_pool3d
from ..ops import conv2d as conv2d
from ..ops import cross_entropy as cross_entropy
from ..ops import lp_pool1d as lp_pool1d
from ..ops import lp_pool2d as lp_pool2d
from ..ops import lp_pool3d as lp_pool3d
from ..ops import max_pool1d as max_pool1d
from ..ops import max_pool2d as max_pool2d
from ..ops import max_pool3d as max_pool3d
from ..ops import max_unpool1d as max_unpool1d
from ..ops import max_unpool2d as max_unpool2d
from ..ops import max_unpool3d as max_unpool3d
from ..ops import median_pool1d as median_pool1d
from ..ops import median_pool2d as median_pool2d
from ..ops import median_pool3d as median_pool3d
from ..ops import min_pool1d as min_pool1d
from ..ops import min_pool2d as min_pool2d
from ..ops import min_pool3d as min_pool3d
from ..ops import relu as relu
from ..ops import sigmoid as sigmoid
from ..ops import sum_pool1d as sum_pool1d
from ..ops import sum_pool2d as sum_pool2d
from ..ops import sum_pool3d as sum_pool3d
from ..ops import tanh as tanh
from ..registry import Array
from ..tensor import Tensor


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
