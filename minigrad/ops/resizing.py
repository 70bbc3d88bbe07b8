"""Images of another size, and images whose channels become pixels."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..registry import Array, composed
from .resampling import area_taps, kernel_taps, nearest_taps, resample
from .shaping import reshape, transpose

if TYPE_CHECKING:
    from ..tensor import Tensor

# With these a factor above 1 moves pixels also where it leaves the size as it is, as in PyTorch.
_PLACED = ("nearest-exact", "bicubic")
_UNWEIGHTED = ("nearest", "nearest-exact", "area")  # modes that have no align_corners
# The other modes, by the number of axes of an image.
_WEIGHTED = {1: ("linear",), 2: ("bilinear", "bicubic"), 3: ("trilinear",)}


@composed()
def interpolate(
    x: Array,
    /,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Images of another size.

    Parameters
    ----------
    x : array of shape (N, C, W), (N, C, H, W) or (N, C, D, H, W)
    size : int or one for each axis of the images
        The new size; or else `scale_factor`.
    scale_factor : float or one for each axis of the images
        The new size is the old one times this, rounded down.
    mode : str
        ``"nearest"`` takes the pixel in which the first corner of the new one lies,
        ``"nearest-exact"`` the one in which its centre lies, ``"area"`` the mean of all that it
        touches. ``"linear"``, ``"bilinear"`` and ``"trilinear"``, for images of one, two and three
        axes, interpolate between the two nearest pixels along each axis; ``"bicubic"``, for two
        axes, between the four nearest. Beyond the border the outermost pixel goes on.
    align_corners : bool, optional
        For the modes that interpolate: whether the centres of the outermost pixels stay where they
        are; otherwise their outer edges do.
    recompute_scale_factor : bool, optional
        With `scale_factor`: whether pixels are placed by the ratio of the sizes rather than by the
        factor, which differs where a size was rounded down.
    antialias : bool
        For ``"bilinear"`` and ``"bicubic"``: whether a smaller image is made of means of all
        pixels rather than of samples.

    Returns
    -------
    array of shape (N, C, ...)

    Raises
    ------
    ValueError
        If not exactly one of `size` and `scale_factor` is given, or a setting does not fit the
        mode or the axes of `x`.
    TypeError
        If `size` is not of integers, or `scale_factor` not of numbers.

    Notes
    -----
    ``"bicubic"`` has the kernel of Keys, "Cubic convolution interpolation for digital image
    processing" (1981), with the slope -0.75 at 1, and -0.5 with `antialias`, as in PyTorch. As
    there, nearest pixels are found in single precision; and a factor that leaves the size as it is
    counts as 1, but for ``"nearest-exact"`` and ``"bicubic"`` without `antialias`.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> x = np.array([[[0.0, 4.0]]])
    >>> mg.interpolate(x, scale_factor=2)
    array([[[0., 0., 4., 4.]]])
    >>> mg.interpolate(x, size=4, mode="linear")
    array([[[0., 1., 3., 4.]]])
    >>> mg.interpolate(x, size=3, mode="linear", align_corners=True)
    array([[[0., 2., 4.]]])
    """
    if isinstance(x, (list, tuple)):
        x = np.asarray(x)
    shape = np.shape(x)
    if len(shape) not in (3, 4, 5):
        raise ValueError(
            f"interpolate: x has shape {shape}, expected (N, C, W), (N, C, H, W) or "
            "(N, C, D, H, W); a single image needs a batch axis, x[None]"
        )
    lengths = shape[2:]
    if 0 in lengths:
        raise ValueError(f"interpolate: x has shape {shape}, which are images without pixels")
    check_mode("interpolate", mode, align_corners, antialias)
    if mode not in (*_UNWEIGHTED, *_WEIGHTED[len(lengths)]):
        raise ValueError(
            f"interpolate: mode {mode!r} is not for x of shape {shape}, with images of "
            f"{len(lengths)} axes; use {_listed((*_WEIGHTED[len(lengths)], *_UNWEIGHTED))}"
        )
    sizes, factors = _sizes(lengths, size, scale_factor)
    if recompute_scale_factor:
        if scale_factor is None:
            raise ValueError(
                "interpolate: recompute_scale_factor has no meaning with size; leave it out"
            )
        factors = (None,) * len(lengths)
    # Axes that shrink come first, so that there is less to do along the others.
    for i in sorted(range(len(lengths)), key=lambda i: (sizes[i] / lengths[i], -i)):
        at = (lengths[i], sizes[i], factors[i])
        if sizes[i] == lengths[i] and (factors[i] is None or mode not in _PLACED or antialias):
            continue
        if mode in ("nearest", "nearest-exact"):
            # PyTorch's kernel for images of two axes doubles them exactly, whatever the factor.
            is_exact = mode == "nearest-exact"
            is_doubled = len(lengths) == 2 and sizes[i] == 2 * lengths[i] and not is_exact
            taps = nearest_taps(*at, is_exact, is_doubled)
        elif mode == "area":
            taps = area_taps(lengths[i], sizes[i])
        else:
            taps = kernel_taps(*at, mode == "bicubic", bool(align_corners), antialias)
        x = resample(x, taps, i + 2)
    return x


def check_mode(name: str, mode: str, align_corners: bool | None, antialias: bool = False) -> None:
    """Raise an error if the settings of `interpolate`, or of what calls it, do not fit together."""
    weighted = [known for modes in _WEIGHTED.values() for known in modes]
    if mode not in (*_UNWEIGHTED, *weighted):
        raise ValueError(f"{name}: mode must be {_listed((*_UNWEIGHTED, *weighted))}, got {mode!r}")
    if mode in _UNWEIGHTED and align_corners is not None:
        raise ValueError(
            f"{name}: align_corners={align_corners} has no meaning in mode {mode!r}; leave it out, "
            f"or use mode {_listed(weighted)}"
        )
    if antialias and mode not in _WEIGHTED[2]:
        raise ValueError(f"{name}: antialias is for mode {_listed(_WEIGHTED[2])}, not for {mode!r}")


def _listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return " or ".join(filter(None, [", ".join(map(repr, names[:-1])), repr(names[-1])]))


def _sizes(
    lengths: tuple[int, ...], size: Any, scale_factor: Any
) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """Return the new size and the factor, if there is one, of each axis."""
    if (size is None) == (scale_factor is None):
        raise ValueError(
            f"interpolate: give one of size and scale_factor, got size={size} and "
            f"scale_factor={scale_factor}"
        )
    if scale_factor is None:
        sizes = _each("size", size, len(lengths), operator.index, "an integer")
        if min(sizes) < 1:
            raise ValueError(f"interpolate: size must be at least 1, got {size}")
        return sizes, (None,) * len(lengths)
    factors = _each("scale_factor", scale_factor, len(lengths), float, "a number")
    if not all(0 < factor < math.inf for factor in factors):
        raise ValueError(f"interpolate: scale_factor must be above 0, got {scale_factor}")
    sizes = tuple(math.floor(n * factor) for n, factor in zip(lengths, factors, strict=True))
    if min(sizes) < 1:
        raise ValueError(
            f"interpolate: with scale_factor={scale_factor} images of {lengths} would become "
            f"{sizes}; use a larger factor, or size"
        )
    return sizes, factors


def _each(
    name: str, value: Any, rank: int, convert: Callable[[Any], Any], kind: str
) -> tuple[Any, ...]:
    """Return a setting of `interpolate` for each axis."""
    try:
        values = (convert(value),) * rank if np.ndim(value) == 0 else tuple(map(convert, value))
    except (TypeError, ValueError):
        raise TypeError(
            f"interpolate: {name} is {kind}, or one for each axis of the images, got {value!r}"
        ) from None
    if len(values) != rank:
        raise ValueError(
            f"interpolate: {name} has {len(values)} entries, {value}, but the images in x have "
            f"{rank} axes behind (N, C)"
        )
    return values


@composed()
def pixel_shuffle(x: Array, /, upscale_factor: int) -> Tensor:
    """Images `r` times as high and wide, each pixel a block of `r * r` that were its channels.

    Parameters
    ----------
    x : array of shape (..., C * r * r, H, W)
    upscale_factor : int
        The factor `r`.

    Returns
    -------
    array of shape (..., C, H * r, W * r)

    Raises
    ------
    ValueError
        If the channels cannot be divided by ``r * r``.

    Notes
    -----
    From Shi et al., "Real-time single image and video super-resolution using an efficient
    sub-pixel convolutional neural network" (2016).

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.pixel_shuffle(np.arange(8).reshape(4, 1, 2), 2)
    array([[[0, 2, 1, 3],
            [4, 6, 5, 7]]])
    """
    r = _positive("pixel_shuffle", "upscale_factor", upscale_factor)
    *batch, channels, height, width = _image_shape("pixel_shuffle", x)
    if channels % (r * r):
        raise ValueError(
            f"pixel_shuffle: x has shape {np.shape(x)}, whose {channels} channels cannot become "
            f"blocks of {r} times {r} pixels, as in shape (..., C * {r * r}, {height}, {width}) "
            f"for upscale_factor={upscale_factor}"
        )
    c = channels // (r * r)
    shape = (*batch, c, height * r, width * r)
    return _regrouped(x, (c, r, r, height, width), (0, 3, 1, 4, 2), shape, len(batch))


@composed()
def pixel_unshuffle(x: Array, /, downscale_factor: int) -> Tensor:
    """Images of which each block of `r * r` pixels becomes as many channels.

    The inverse of `pixel_shuffle`.

    Parameters
    ----------
    x : array of shape (..., C, H * r, W * r)
    downscale_factor : int
        The factor `r`.

    Returns
    -------
    array of shape (..., C * r * r, H, W)

    Raises
    ------
    ValueError
        If height or width cannot be divided by `r`.

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.pixel_unshuffle(np.arange(8).reshape(1, 2, 4), 2)
    array([[[0, 2]],
    <BLANKLINE>
           [[1, 3]],
    <BLANKLINE>
           [[4, 6]],
    <BLANKLINE>
           [[5, 7]]])
    """
    r = _positive("pixel_unshuffle", "downscale_factor", downscale_factor)
    *batch, channels, height, width = _image_shape("pixel_unshuffle", x)
    if height % r or width % r:
        raise ValueError(
            f"pixel_unshuffle: x has shape {np.shape(x)}, whose images of {height} times {width} "
            f"pixels have no whole number of blocks of {r} times {r}; crop or pad them to "
            f"(..., H * {r}, W * {r}), or use another downscale_factor"
        )
    h, w = height // r, width // r
    shape = (*batch, channels * r * r, h, w)
    return _regrouped(x, (channels, h, r, w, r), (0, 2, 4, 1, 3), shape, len(batch))


@composed()
def channel_shuffle(x: Array, /, groups: int) -> Tensor:
    """Images with the channels of several groups in turn: the first of each, then the second.

    Parameters
    ----------
    x : array of shape (N, C, ...)
    groups : int
        Number of groups of channels that stand side by side in `x`.

    Raises
    ------
    ValueError
        If the channels cannot be divided by the groups.

    Notes
    -----
    From Zhang et al., "ShuffleNet: an extremely efficient convolutional neural network for mobile
    devices" (2018).

    Examples
    --------
    >>> import numpy as np
    >>> import minigrad as mg
    >>> mg.channel_shuffle(np.arange(6).reshape(1, 6, 1), 2).ravel()
    array([0, 3, 1, 4, 2, 5])
    """
    groups = _positive("channel_shuffle", "groups", groups)
    shape = np.shape(x)
    if len(shape) < 3:
        raise ValueError(f"channel_shuffle: x has shape {shape}, expected (N, C, ...)")
    channels, *image = shape[1:]
    if channels % groups:
        raise ValueError(
            f"channel_shuffle: x has shape {shape}, whose {channels} channels are no whole number "
            f"for each of {groups} groups, as in shape (N, C * {groups}, ...)"
        )
    pixels = math.prod(image)
    return _regrouped(x, (groups, channels // groups, pixels), (1, 0, 2), shape, 1)


def _positive(name: str, setting: str, value: Any) -> int:
    """Return a setting of the function `name` as an integer of at least 1."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: {setting} must be an integer, got {value!r}") from None
    if number < 1:
        raise ValueError(f"{name}: {setting} must be at least 1, got {value!r}")
    return number


def _image_shape(name: str, x: Array) -> tuple[int, ...]:
    """Return the shape of images with any leading axes."""
    shape: tuple[int, ...] = np.shape(x)
    if len(shape) < 3:
        raise ValueError(f"{name}: x has shape {shape}, expected (..., C, H, W)")
    return shape


def _regrouped(
    x: Array, split: tuple[int, ...], order: tuple[int, ...], shape: tuple[int, ...], batch: int
) -> Tensor:
    """Split the axes behind the first `batch` ones, put the parts in `order`, and join them.

    The batch becomes innermost in memory, as the kernels of networks have it.
    """
    first, image = shape[:batch], shape[batch:]
    parts = reshape(_turned(x, batch), (*split, *first))
    parts = transpose(parts, (*order, *range(len(split), len(split) + batch)))
    return _turned(reshape(parts, (*image, *first)), len(image))


def _turned(x: Array, count: int) -> Tensor:
    """Put the first axes behind the others."""
    rank = np.ndim(x)
    return transpose(x, (*range(count, rank), *range(count)))
