"""Layers that normalise channels, over a batch or item by item."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..tensor import Tensor
from . import functional
from .inputs import checked_size
from .normalization import Normalization
from .parameter import Buffer


class _ByChannel(Normalization):
    """A layer for channels, perhaps with running statistics."""

    _expected: ClassVar[dict[int, str]]  # shapes of inputs, by rank

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: Any = np.float32,
    ) -> None:
        size = checked_size(type(self).__name__, "num_features", num_features)
        self.num_features = size
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self._set_parameters((size,), affine, bias, dtype)
        tracks = track_running_stats
        self.running_mean = Buffer(np.zeros(size), dtype) if tracks else None
        self.running_var = Buffer(np.ones(size), dtype) if tracks else None
        self.num_batches_tracked = Buffer(0, np.int64) if tracks else None

    def reset_running_stats(self) -> None:
        """Forget what was tracked: means of 0, variances of 1, no batches."""
        fresh = ((self.running_mean, 0), (self.running_var, 1), (self.num_batches_tracked, 0))
        for buffer, value in fresh:
            if buffer is not None:
                buffer.data = np.full(buffer.shape, value, buffer.dtype)

    def _checked(self, x: Any, channels: int) -> Any:
        """The input, cast, if it has a shape that is expected and channels along that axis."""
        x = self._cast(x)
        if x.ndim not in self._expected or x.shape[channels] != self.num_features:
            expected = " or ".join(self._expected.values())
            raise ValueError(
                f"{self}: the input has shape {x.shape}, expected {expected} with "
                f"C = {self.num_features}"
            )
        return x

    @property
    def _takes_own(self) -> bool:
        """Whether it normalises by the statistics of the input itself."""
        return self.training or self.running_mean is None

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_ByChannel):
    def forward(self, x: Any) -> Tensor:
        """Map an input to one of the same shape."""
        x = self._checked(x, 1)
        batches = self.num_batches_tracked if self.training else None
        momentum = self.momentum
        if momentum is None:
            momentum = 0.0 if batches is None else 1 / (int(batches.item()) + 1)
        out = functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self._takes_own,
            momentum,
            self.eps,
        )
        if batches is not None:
            batches.data = batches + 1
        return out


class BatchNorm1d(_BatchNorm):
    """Every channel of (N, C) or (N, C, L) at mean 0 and variance 1; see `BatchNorm2d`."""

    _expected: ClassVar = {2: "(N, C)", 3: "(N, C, L)"}


class BatchNorm2d(_BatchNorm):
    """Every channel of images at mean 0 and variance 1 over the batch and the pixels.

    In training it normalises by the statistics of the batch and updates the running ones, in
    evaluation by the running ones. See `minigrad.batch_norm`.

    Parameters
    ----------
    num_features : int
        Number of channels.
    eps : float
        Added to the variances.
    momentum : float or None
        The part of the new in a running statistic, ``(1 - momentum) * old + momentum * new``. None
        makes it the mean over all batches.
    affine : bool
        Whether there are weights and biases.
    track_running_stats : bool
        Whether there are running statistics; without them evaluation takes those of its batch too.
    bias : bool
        Whether there are biases, where there are weights.
    dtype : dtype
        Of parameters and statistics; an input is converted to it.

    Attributes
    ----------
    weight, bias : Parameter of shape (num_features,), or None
        At first 1 and 0.
    running_mean, running_var : Buffer of shape (num_features,), or None
        At first 0 and 1. The variance is the unbiased one (``ddof=1``), unlike that which
        normalises.
    num_batches_tracked : Buffer of int64, or None

    Raises
    ------
    ValueError
        If an input has another shape, or one to train on a single value in each channel.
    TypeError
        If an input is not real numbers.

    Examples
    --------
    >>> layer = mg.nn.BatchNorm2d(3)
    >>> x = mg.random.normal(5.0, 2.0, (8, 3, 5, 5), np.float32, rng=0)
    >>> y = layer(x)
    >>> bool(abs(y.mean()) < 1e-5), bool(abs(y.std() - 1) < 1e-4)
    (True, True)
    >>> layer.running_mean.shape, layer.num_batches_tracked.item()
    ((3,), 1)
    """

    _expected: ClassVar = {4: "(N, C, H, W)"}


class BatchNorm3d(_BatchNorm):
    """Every channel of volumes (N, C, D, H, W) at mean 0 and variance 1; see `BatchNorm2d`."""

    _expected: ClassVar = {5: "(N, C, D, H, W)"}


class _InstanceNorm(_ByChannel):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        bias: bool = True,
        dtype: Any = np.float32,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, bias=bias, dtype=dtype
        )

    def forward(self, x: Any) -> Tensor:
        """Map an input, also a single item, to one of the same shape."""
        is_single = np.ndim(x) == min(self._expected)
        x = self._checked(x, 0 if is_single else 1)
        out = functional.instance_norm(
            x[None] if is_single else x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self._takes_own,
            self.momentum or 0.0,
            self.eps,
        )
        return out[0] if is_single else out


class InstanceNorm1d(_InstanceNorm):
    """Every channel of each of (N, C, L) at mean 0 and variance 1; see `InstanceNorm2d`."""

    _expected: ClassVar = {2: "(C, L)", 3: "(N, C, L)"}


class InstanceNorm2d(_InstanceNorm):
    """Every channel of each of images at mean 0 and variance 1; see `minigrad.instance_norm`.

    Parameters
    ----------
    num_features : int
        Number of channels.
    eps : float
        Added to the variances.
    momentum : float
        The part of the new in a running statistic, ``(1 - momentum) * old + momentum * new``.
    affine : bool
        Whether there are weights and biases.
    track_running_stats : bool
        Whether there are running statistics, by which evaluation then normalises.
    bias : bool
        Whether there are biases, where there are weights.
    dtype : dtype
        Of parameters and statistics; an input is converted to it where there are any.

    Attributes
    ----------
    weight, bias : Parameter of shape (num_features,), or None
        At first 1 and 0.
    running_mean, running_var : Buffer of shape (num_features,), or None
        At first 0 and 1; updated by the means of the items' statistics.
    num_batches_tracked : Buffer of int64, or None
        Always 0, as in PyTorch.

    Raises
    ------
    ValueError
        If an input has another shape, or a single position.

    Examples
    --------
    >>> mg.nn.InstanceNorm2d(3)(np.arange(96.0).reshape((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    _expected: ClassVar = {3: "(C, H, W)", 4: "(N, C, H, W)"}


class InstanceNorm3d(_InstanceNorm):
    """Every channel of each volume at mean 0 and variance 1; see `InstanceNorm2d`."""

    _expected: ClassVar = {4: "(C, D, H, W)", 5: "(N, C, D, H, W)"}
