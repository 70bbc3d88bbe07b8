"""The functions of networks under PyTorch's names and parameters, for scripts that are ported.

Elsewhere they are found as ``mg.relu`` and so on, with NumPy's ``axis`` in place of ``dim``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

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
from ..ops import channel_shuffle as channel_shuffle
from ..ops import conv1d as conv1d
from ..ops import conv2d as conv2d
from ..ops import conv3d as conv3d
from ..ops import conv_transpose1d as conv_transpose1d
from ..ops import conv_transpose2d as conv_transpose2d
from ..ops import conv_transpose3d as conv_transpose3d
from ..ops import cross_entropy as cross_entropy
from ..ops import fold as fold
from ..ops import group_norm as group_norm
from ..ops import interpolate as interpolate
from ..ops import layer_norm as layer_norm
from ..ops import local_response_norm as local_response_norm
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
from ..ops import pixel_shuffle as pixel_shuffle
from ..ops import pixel_unshuffle as pixel_unshuffle
from ..ops import relu as relu
from ..ops import rms_norm as rms_norm
from ..ops import sigmoid as sigmoid
from ..ops import sum_pool1d as sum_pool1d
from ..ops import sum_pool2d as sum_pool2d
from ..ops import sum_pool3d as sum_pool3d
from ..ops import tanh as tanh
from ..ops import unfold as unfold
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


# NumPy's names of the modes that copy elements into the margin, and what they leave of an axis.
_COPYING = {"reflect": ("reflect", 1), "replicate": ("edge", None), "circular": ("wrap", 0)}


def pad(x: Array, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Array with a margin around its last axes; `minigrad.pad` with the last axis first.

    Parameters
    ----------
    x : array
    pad : sequence of int
        How many elements before and behind the last axis, then before and behind the one in front
        of it, and so on. In a constant margin negative numbers cut off.
    mode : str
        ``"constant"``; ``"reflect"``, mirrored at the outermost elements, for less than the length
        of the axis; ``"replicate"``, in which these go on; or ``"circular"``, from the opposite
        side, for at most the length.
    value : float, optional
        Of a constant margin, by default 0.

    Raises
    ------
    ValueError
        If `pad` is not two numbers for each of some of the axes, or they are out of range, or the
        mode is another one.

    Examples
    --------
    >>> mg.nn.functional.pad(np.array([[1, 2], [3, 4]]), (1, 0, 0, 1))
    array([[0, 1, 2],
           [0, 3, 4],
           [0, 0, 0]])
    """
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    if not isinstance(pad, (tuple, list)):
        raise TypeError(
            f"pad: pad is (before, behind) for the last axis, then for the one in front of it, and "
            f"so on, got {pad!r}"
        )
    shape = np.shape(x)
    rank, given = len(shape), list(zip(pad[::2], pad[1::2], strict=False))
    if len(pad) % 2 or len(given) > rank:
        raise ValueError(
            f"pad: pad has {len(pad)} numbers, {pad}, expected (before, behind) for the last axis, "
            f"then for the one in front of it, and so on, of x of shape {shape}"
        )
    widths = [(0, 0)] * (rank - len(given)) + given[::-1]
    if mode == "constant":
        # What is cut off, and then what is added.
        cut = [(max(0, -before), max(0, -behind)) for before, behind in widths]
        if any(sum(sides) > length for sides, length in zip(cut, shape, strict=True)):
            raise ValueError(f"pad: pad={pad} cuts off more than there is in x of shape {shape}")
        inner = tuple(
            slice(before, length - behind)
            for (before, behind), length in zip(cut, shape, strict=True)
        )
        added = [(max(0, before), max(0, behind)) for before, behind in widths]
        x = x if added == widths else ops.getitem(x, inner)
        settings: dict[str, Any] = {"constant_values": 0 if value is None else value}
    else:
        if mode not in _COPYING:
            raise ValueError(
                "pad: mode must be 'constant', 'reflect', 'replicate' or 'circular', got "
                f"{mode!r}; minigrad.pad has others"
            )
        if value is not None:
            raise ValueError(f"pad: value={value} has no meaning in mode {mode!r}; leave it out")
        added = widths
        name, kept = _COPYING[mode]
        for axis, (width, length) in enumerate(zip(widths, shape, strict=True)):
            most = np.inf if kept is None else length - kept
            if not 0 <= min(width) <= max(width) <= max(0, most):
                raise ValueError(
                    f"pad: pad={pad} adds {width} to axis {axis} of x of shape {shape}; in mode "
                    f"{mode!r} it must be from 0 to {most}"
                )
        settings = {"mode": name}
    if rank < 3:
        return ops.pad(x, added, **settings)
    # The batch stays innermost in memory, as the kernels of networks have it.
    turned = ops.pad(ops.moveaxis(x, 0, -1), [*added[1:], added[0]], **settings)
    return ops.moveaxis(turned, -1, 0)


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
