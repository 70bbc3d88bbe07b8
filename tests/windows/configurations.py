"""Random calls of convolutions and pools, for Hypothesis and for NumPy's generators alike.

All functions take a `pick`, which chooses a number from a range, ends included.
"""

import runpy
from pathlib import Path

import numpy as np

# By its path: a folder of tests is no package.
loops = runpy.run_path(str(Path(__file__).with_name("loops.py")))
each, sides = loops["each"], loops["sides"]


def one_of(pick, options):
    return options[pick(0, len(options) - 1)]


def setting(pick, rank, least, most):
    """A number, or one for each axis."""
    if pick(0, 1):
        return pick(least, most)
    return tuple(pick(least, most) for _ in range(rank))


def window(pick, rank):
    """Size, stride and dilation: strides are smaller than the window, as large, or larger."""
    size = each(setting(pick, rank, 1, 2 if rank == 3 else 3), rank)
    return size, setting(pick, rank, 1, 4), one_of(pick, [1, 1, setting(pick, rank, 1, 3)])


def lengths_for(pick, size, dilation, padded, more):
    """Lengths of images into which a window fits, often exactly."""
    reach = [d * (k - 1) + 1 for k, d in zip(size, each(dilation, len(size)), strict=True)]
    least = [max(1, r - before - after) for r, (before, after) in zip(reach, padded, strict=True)]
    return [n + one_of(pick, [0, pick(0, more)]) for n in least]


def groups_of(pick):
    """Groups, channels of one group and filters of one group: full, grouped, depthwise."""
    return one_of(pick, [1, 1, 2, 3]), pick(1, 2), pick(1, 2)


def convolution(pick, asymmetric=True):
    """Shapes of the images and of the filters, and settings."""
    rank = one_of(pick, [1, 2, 2, 3])
    size, stride, dilation = window(pick, rank)
    kind = one_of(pick, ["numbers", "numbers", "same", "valid", "sides"][: 5 if asymmetric else 4])
    padding = setting(pick, rank, 0, 2) if kind == "numbers" else kind
    if kind == "sides":
        padding = [(pick(0, 2), pick(0, 2)) for _ in range(rank)]
    if kind == "same":
        stride = 1
    padded = sides(padding, size, dilation)
    lengths = lengths_for(pick, size, dilation, padded, 2 if rank == 3 else 4)
    groups, channels, filters = groups_of(pick)
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    x_shape = (one_of(pick, [0, 1, 2, 2, 3]), groups * channels, *lengths)
    return x_shape, (groups * filters, channels, *size), settings


def transposed_convolution(pick):
    """Shapes of the images and of the filters, and settings."""
    rank = one_of(pick, [1, 2, 2, 3])
    size, stride, dilation = window(pick, rank)
    spread = [max(s, d) for s, d in zip(each(stride, rank), each(dilation, rank), strict=True)]
    extra = tuple(pick(0, s - 1) for s in spread)
    extra = min(extra) if pick(0, 1) else extra
    padding = setting(pick, rank, 0, 2)
    lengths = []
    for k, s, d, p, e in zip(
        size, *(each(v, rank) for v in (stride, dilation, padding, extra)), strict=True
    ):
        least = 1
        while (least - 1) * s + (k - 1) * d + 1 - 2 * p + e < 1:
            least += 1
        lengths.append(least + pick(0, 2))
    groups, channels, filters = groups_of(pick)
    settings = {
        "stride": stride,
        "padding": padding,
        "output_padding": extra,
        "groups": groups,
        "dilation": dilation,
    }
    x_shape = (one_of(pick, [0, 1, 2]), groups * filters, *lengths)
    return x_shape, (groups * filters, channels, *size), settings


def columns(pick, rank=None):
    """Shape of the images, and settings."""
    rank = one_of(pick, [1, 2, 2, 3]) if rank is None else rank
    size, stride, dilation = window(pick, rank)
    padding = setting(pick, rank, 0, 2)
    lengths = lengths_for(pick, size, dilation, sides(padding, size, dilation), 4)
    shape = (one_of(pick, [0, 1, 2]), pick(1, 3), *lengths)
    return shape, {"kernel_size": size, "stride": stride, "padding": padding, "dilation": dilation}


def pool(pick, name, beyond_half=False):
    """Shape of the images, and settings of the pool.

    The padding is at most half of the window, unless `beyond_half` and no window lies outside.
    """
    rank = int(name[-2])
    size, stride, dilation = window(pick, rank)
    if not name.startswith(("max", "min")):
        dilation = 1
    padding = tuple(pick(0, k - 1 if beyond_half else k // 2) for k in size)
    padding = min(padding) if pick(0, 1) else padding
    settings = {
        "kernel_size": one_of(pick, [size, min(size)]),
        "stride": one_of(pick, [None, stride]),
        "padding": padding,
    }
    if name.startswith(("max", "min")):
        settings["dilation"] = dilation
    settings["ceil_mode"] = bool(pick(0, 1))
    if name.startswith("avg"):
        settings["count_include_pad"] = bool(pick(0, 1))
    if name.startswith("lp"):
        settings["norm_type"] = 2
        del settings["padding"]
    return fitting(pick, settings, rank)


def fitting(pick, settings, rank):
    """A shape for the settings, which lose their padding where a window would lie outside."""
    size = each(settings["kernel_size"], rank)
    dilation, padding = settings.get("dilation", 1), settings.get("padding", 0)
    padded = sides(
        tuple(min(p, k - 1) for p, k in zip(each(padding, rank), size, strict=True)), size, 1
    )
    lengths = lengths_for(pick, size, dilation, padded, 2 if rank == 3 else 5)
    stride = settings["stride"] or settings["kernel_size"]
    known = {"stride": stride, "dilation": dilation, "ceil_mode": settings.get("ceil_mode", False)}
    if "padding" in settings:
        settings["padding"] = tuple(before for before, _ in padded)
        grid = loops["Grid"](lengths, size, padding=settings["padding"], **known)
        if loops["has_empty"](grid):
            settings["padding"] = 0
            lengths = lengths_for(pick, size, dilation, [(0, 0)] * rank, 2)
    return (one_of(pick, [0, 1, 2, 3]), pick(1, 3), *lengths), settings


# Values


def tied(rng, shape):
    """Few different numbers, negative and positive, so that many are equal."""
    return rng.integers(-2, 2, shape).astype(float)


def negative(rng, shape):
    """Few different numbers below 0, over which the zeros of a padding would win."""
    return rng.integers(-4, -1, shape).astype(float)


def separated(rng, shape):
    """Numbers no two of which are close, none of them close to 0."""
    count = int(np.prod(shape))
    return ((rng.permutation(count) - count // 2) / 4 + 0.1).reshape(shape)


def real(rng, shape):
    return rng.normal(size=shape)


# Orders in memory: functions that return an equal array that lies otherwise.


def _reversed(x):
    flipped = (slice(None, None, -1),) * x.ndim
    return x[flipped].copy()[flipped]


def _with_gaps(x):
    wide = np.full([2 * n for n in x.shape], 99.0, x.dtype)
    every_other = (slice(None, None, 2),) * x.ndim
    wide[every_other] = x
    return wide[every_other]


def _middle_last(x):
    middle = x.ndim // 2
    return np.swapaxes(np.swapaxes(x, middle, -1).copy(), middle, -1)


ORDERS = {
    "batch first": np.copy,
    "batch innermost": lambda x: np.moveaxis(np.moveaxis(x, 0, -1).copy(), -1, 0),
    "middle axis last": _middle_last,
    "Fortran": np.asfortranarray,
    "negative strides": _reversed,
    "gaps": _with_gaps,
    "one image for all": lambda x: np.broadcast_to(x[:1], x.shape) if x.shape[0] else x,
    "one pixel for all": lambda x: np.broadcast_to(x[..., :1], x.shape),
}


def in_order(order, x):
    """The array in another memory order, read-only; the last two orders repeat values."""
    x = ORDERS[order](x)
    x.flags.writeable = False
    return x
