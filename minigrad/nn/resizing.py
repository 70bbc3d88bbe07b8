"""Layers that give images another size, or make pixels of their channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ops import channel_shuffle, interpolate, pixel_shuffle, pixel_unshuffle
from ..ops.resizing import check_mode
from ..tensor import Tensor
from .inputs import checked_size
from .module import Module


class Upsample(Module):
    """Images of another size, larger or smaller; see `minigrad.interpolate`.

    Parameters
    ----------
    size : int or one for each axis of the images, optional
        The new size; or else `scale_factor`.
    scale_factor : float or one for each axis of the images, optional
        The new size is the old one times this, rounded down.
    mode : str
        ``"nearest"``, ``"nearest-exact"``, ``"linear"``, ``"bilinear"``, ``"trilinear"``,
        ``"bicubic"`` or ``"area"``.
    align_corners : bool, optional
        For the modes that interpolate: whether the centres of the outermost pixels stay where they
        are.
    recompute_scale_factor : bool, optional
        With `scale_factor`: whether pixels are placed by the ratio of the sizes.

    Raises
    ------
    ValueError
        If not exactly one of `size` and `scale_factor` is given, or the mode does not exist or does
        not fit.

    Examples
    --------
    >>> mg.nn.Upsample(scale_factor=2, mode="bilinear")(np.zeros((32, 16, 8, 8))).shape
    (32, 16, 16, 16)
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        layer = type(self).__name__
        if (size is None) == (scale_factor is None):
            raise ValueError(
                f"{layer}: give one of size and scale_factor, got size={size} and "
                f"scale_factor={scale_factor}"
            )
        check_mode(layer, mode, align_corners)
        self.size = size
        self.scale_factor = (
            float(scale_factor) if isinstance(scale_factor, int | float) else scale_factor
        )
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (N, C, ...) to images of another size."""
        return interpolate(
            x,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        if self.scale_factor is None:
            return f"size={self.size}, mode={self.mode!r}"
        return f"scale_factor={self.scale_factor}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Images of another size, of nearest pixels; `Upsample` with ``mode="nearest"``.

    Parameters
    ----------
    size : int or (vertical, horizontal), optional
    scale_factor : float or (vertical, horizontal), optional

    Examples
    --------
    >>> mg.nn.UpsamplingNearest2d(scale_factor=2)(np.array([[[[1, 2]]]]))
    array([[[[1, 1, 2, 2],
             [1, 1, 2, 2]]]])
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Images of another size, interpolated; `Upsample` in mode "bilinear" with aligned corners.

    Parameters
    ----------
    size : int or (vertical, horizontal), optional
    scale_factor : float or (vertical, horizontal), optional

    Examples
    --------
    >>> mg.nn.UpsamplingBilinear2d(size=(1, 3))(np.array([[[[1.0, 2.0]]]]))
    array([[[[1. , 1.5, 2. ]]]])
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """Images `r` times as high and wide, with ``r * r`` channels in one; `minigrad.pixel_shuffle`.

    Parameters
    ----------
    upscale_factor : int
        The factor `r`.

    Raises
    ------
    ValueError
        If the factor is below 1, or the channels of an input cannot be divided by its square.
    TypeError
        If the factor is not an integer.

    Examples
    --------
    >>> mg.nn.PixelShuffle(2)(np.zeros((32, 16, 8, 8))).shape
    (32, 4, 16, 16)
    """

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = checked_size("PixelShuffle", "upscale_factor", upscale_factor)

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (..., C * r * r, H, W) to (..., C, H * r, W * r)."""
        return pixel_shuffle(x, self.upscale_factor)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Images with blocks of ``r * r`` pixels as channels; see `minigrad.pixel_unshuffle`.

    Parameters
    ----------
    downscale_factor : int
        The factor `r`.

    Raises
    ------
    ValueError
        If the factor is below 1, or height or width of an input cannot be divided by it.
    TypeError
        If the factor is not an integer.

    Examples
    --------
    >>> mg.nn.PixelUnshuffle(2)(np.zeros((32, 4, 16, 16))).shape
    (32, 16, 8, 8)
    """

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = checked_size("PixelUnshuffle", "downscale_factor", downscale_factor)

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (..., C, H * r, W * r) to (..., C * r * r, H, W)."""
        return pixel_unshuffle(x, self.downscale_factor)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Images with the channels of several groups in turn; see `minigrad.channel_shuffle`.

    Parameters
    ----------
    groups : int
        Number of groups.

    Raises
    ------
    ValueError
        If it is below 1, or the channels of an input cannot be divided by it.
    TypeError
        If it is not an integer.

    Examples
    --------
    >>> mg.nn.ChannelShuffle(2)(np.arange(6).reshape(1, 6, 1)).ravel()
    array([0, 3, 1, 4, 2, 5])
    """

    def __init__(self, groups: int) -> None:
        self.groups = checked_size("ChannelShuffle", "groups", groups)

    def forward(self, x: Any) -> Tensor:
        """Map images of shape (N, C, ...) to the same shape."""
        return channel_shuffle(x, self.groups)

    def extra_repr(self) -> str:
        """Return the settings that `repr` shows."""
        return f"groups={self.groups}"
