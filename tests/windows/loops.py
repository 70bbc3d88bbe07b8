"""Windows by nested loops, from the definitions alone: the reference of the tests in this folder.

Sizes are found by counting windows. Nothing here comes from the library.

Arrays are (N, C, *lengths). Settings are numbers or one for each spatial axis; a padding may be
pairs (before, after), "same" or "valid".
"""

import itertools
import math

import numpy as np


def each(setting, rank):
    return tuple(setting) if isinstance(setting, (tuple, list)) else (setting,) * rank


def sides(padding, size, dilation):
    """The padding as (before, after) for each axis."""
    if padding == "valid":
        padding = 0
    if padding == "same":
        # As many rows are lost as the window is longer than 1; an odd one is at the end.
        lost = [d * (k - 1) for k, d in zip(size, each(dilation, len(size)), strict=True)]
        return [(total // 2, total - total // 2) for total in lost]
    return [
        part if isinstance(part, (tuple, list)) else (part,) * 2
        for part in each(padding, len(size))
    ]


def starts(length, k, stride, before, after, dilation, ceil_mode=False):
    """Where the windows along an axis start, counted from the first element of the image."""
    last = (k - 1) * dilation
    found, start = [], -before
    while start + last < length + after:
        found.append(start)
        start += stride
    # What is left over has a window too, if that starts before the image's end.
    if ceil_mode and found and found[-1] + last + 1 < length + after and start < length:
        found.append(start)
    return found


class Grid:
    """All windows over images with the given lengths."""

    def __init__(self, lengths, size, stride=1, padding=0, dilation=1, ceil_mode=False):
        rank = len(lengths)
        self.lengths, self.size = tuple(lengths), each(size, rank)
        self.dilation = each(dilation, rank)
        self.sides = sides(padding, self.size, dilation)
        self.starts = [
            starts(length, k, s, before, after, d, ceil_mode)
            for length, k, s, (before, after), d in zip(
                lengths, self.size, each(stride, rank), self.sides, self.dilation, strict=True
            )
        ]
        self.out = tuple(map(len, self.starts))

    def windows(self):
        """The index of each window, with the elements and their places in the image or None."""
        for at in np.ndindex(self.out):
            corner = [starts[i] for starts, i in zip(self.starts, at, strict=True)]
            yield at, [(element, self.inside(place)) for element, place in self.elements(corner)]

    def elements(self, corner):
        for element in np.ndindex(self.size):
            yield (
                element,
                tuple(
                    start + k * d
                    for start, k, d in zip(corner, element, self.dilation, strict=True)
                ),
            )

    def inside(self, place):
        fits = all(0 <= i < length for i, length in zip(place, self.lengths, strict=True))
        return place if fits else None

    def covered(self, at):
        """How many elements of a window lie in the image or its padding."""
        corner = [starts[i] for starts, i in zip(self.starts, at, strict=True)]
        return sum(
            all(
                -before <= i < length + after
                for i, length, (before, after) in zip(place, self.lengths, self.sides, strict=True)
            )
            for _, place in self.elements(corner)
        )


# Convolutions: sums of products over terms (pixel, element of a filter, output), each an index.


def convolution_terms(x_shape, weight_shape, stride=1, padding=0, dilation=1, groups=1):
    """The shape of the output, and the terms of ``out[o] = sum(x[i] * weight[k])``."""
    grid = Grid(x_shape[2:], weight_shape[2:], stride, padding, dilation)
    filters, channels = weight_shape[:2]
    terms = []
    for (at, window), n, f in itertools.product(grid.windows(), range(x_shape[0]), range(filters)):
        group = f // (filters // groups)
        for (element, place), c in itertools.product(window, range(channels)):
            if place is not None:
                terms.append(((n, group * channels + c, *place), (f, c, *element), (n, f, *at)))
    return (x_shape[0], filters, *grid.out), terms


def transposed_terms(
    x_shape, weight_shape, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The same for a transposed convolution: each pixel paints the filter, scaled by its value."""
    rank = len(x_shape) - 2
    stride, dilation, extra = (each(v, rank) for v in (stride, dilation, output_padding))
    cut = [
        part if isinstance(part, (tuple, list)) else (part, part) for part in each(padding, rank)
    ]
    size = weight_shape[2:]
    lengths = []
    for length, k, s, d, (before, after), e in zip(
        x_shape[2:], size, stride, dilation, cut, extra, strict=True
    ):
        painted = [i * s + j * d for i in range(length) for j in range(k)]
        lengths.append(max(painted) + 1 - before - after + e)
    filters, channels = weight_shape[:2]
    terms = []
    for n, f, c in np.ndindex(x_shape[0], filters, channels):
        channel = f // (filters // groups) * channels + c
        for at, element in itertools.product(np.ndindex(*x_shape[2:]), np.ndindex(*size)):
            place = [
                i * s + j * d - before
                for i, s, j, d, (before, _) in zip(at, stride, element, dilation, cut, strict=True)
            ]
            if all(0 <= p < length for p, length in zip(place, lengths, strict=True)):
                terms.append(((n, f, *at), (f, c, *element), (n, channel, *place)))
    return (x_shape[0], channels * groups, *lengths), terms


class Bilinear:
    """A convolution, transposed or not, of arrays of given shapes: values and derivatives.

    The derivatives of second order are those of ``sum(u * dx) + sum(v * dweight)``, where dx and
    dweight are the derivatives for the cotangent g.
    """

    def __init__(self, terms_of, x_shape, weight_shape, **settings):
        self.shape, self.terms = terms_of(x_shape, weight_shape, **settings)
        self.x_shape, self.weight_shape = x_shape, weight_shape

    def value(self, x, weight, bias=None):
        out = np.zeros(self.shape)
        for i, k, o in self.terms:
            out[o] += x[i] * weight[k]
        for n, f in np.ndindex(self.shape[:2]):
            out[n, f] += 0 if bias is None else bias[f]
        return out

    def by_x(self, g, weight):
        dx = np.zeros(self.x_shape)
        for i, k, o in self.terms:
            dx[i] += g[o] * weight[k]
        return dx

    def by_weight(self, g, x):
        dweight = np.zeros(self.weight_shape)
        for i, k, o in self.terms:
            dweight[k] += g[o] * x[i]
        return dweight

    def by_bias(self, g):
        dbias = np.zeros(self.shape[1])
        for n, f in np.ndindex(self.shape[:2]):
            dbias[f] += g[n, f].sum()
        return dbias

    def second(self, x, weight, g, u, v):
        """By x, by weight and by g."""
        return self.by_x(g, v), self.by_weight(g, u), self.value(u, weight) + self.value(x, v)


def convolution(x_shape, weight_shape, **settings):
    return Bilinear(convolution_terms, x_shape, weight_shape, **settings)


def transposed_convolution(x_shape, weight_shape, **settings):
    return Bilinear(transposed_terms, x_shape, weight_shape, **settings)


# Pooling: a rule takes the values of a window that lie inside of the image, in row-major order, how
# many elements of the window lie in the image or its padding, and how many it has. It returns the
# value of the window, and its slope by each of the values.


def first_of(values, chosen):
    slopes = [0.0] * len(values)
    slopes[values.index(chosen)] = 1.0
    return chosen, slopes


def maximum(values, covered, elements):
    return first_of(values, max(values))


def minimum(values, covered, elements):
    return first_of(values, min(values))


def total(values, covered, elements):
    return sum(values), [1.0] * len(values)


def average(count_include_pad=True):
    def rule(values, covered, elements):
        count = covered if count_include_pad else len(values)
        return sum(values) / count, [1 / count] * len(values)

    return rule


def median(values, covered, elements):
    order = sorted(range(len(values)), key=values.__getitem__)  # stable: the first of equals first
    middle = {order[(len(order) - 1) // 2], order[len(order) // 2]}
    slopes = [1 / len(middle) if i in middle else 0.0 for i in range(len(values))]
    return sum(values[i] for i in middle) / len(middle), slopes


def norm(p):
    def rule(values, covered, elements):
        # A window that hangs over the end is scaled up, as in PyTorch.
        scale = (elements / covered) ** (1 / p)
        length = sum(abs(v) ** p for v in values) ** (1 / p)
        if length == 0:
            return 0.0, [0.0] * len(values)
        slopes = [v and math.copysign((abs(v) / length) ** (p - 1), v) for v in values]
        return scale * length, [scale * slope for slope in slopes]

    return rule


class Pooling:
    """Pooled images, and the slope of each value by each pixel."""

    def __init__(self, rule, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
        stride = kernel_size if stride is None else stride
        self.x_shape = x.shape
        grid = self.grid = Grid(x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode)
        self.value = np.zeros((*x.shape[:2], *grid.out))
        self.indices = np.zeros(self.value.shape, int)  # of the steepest, in the flat image
        self.slopes = []  # (output, pixel, slope)
        for at, window in grid.windows():
            places = [place for _, place in window if place is not None]
            counts = grid.covered(at), len(window)
            for n, c in np.ndindex(x.shape[:2]):
                self.value[n, c, *at], slopes = rule([float(x[n, c, *p]) for p in places], *counts)
                for place, slope in zip(places, slopes, strict=True):
                    if slope:
                        self.slopes.append(((n, c, *at), (n, c, *place), slope))
                steepest = places[slopes.index(max(slopes))]
                self.indices[n, c, *at] = np.ravel_multi_index(steepest, grid.lengths)

    @property
    def empty(self):
        """Whether a window lies outside of the image."""
        return has_empty(self.grid)

    def by_x(self, g):
        dx = np.zeros(self.x_shape)
        for o, i, slope in self.slopes:
            dx[i] += slope * g[o]
        return dx

    def second(self, u):
        """Derivative of ``sum(u * by_x(g))`` by g."""
        out = np.zeros(self.value.shape)
        for o, i, slope in self.slopes:
            out[o] += slope * u[i]
        return out


def has_empty(grid):
    """Whether a window lies outside of the image."""
    return any(all(place is None for _, place in window) for _, window in grid.windows())


# Columns


def column_terms(shape, kernel_size, stride=1, padding=0, dilation=1, layout="columns"):
    """The shape of the matrix, and where each of its elements is in the images (None: padding)."""
    grid = Grid(shape[2:], kernel_size, stride, padding, dilation)
    n, c = shape[:2]
    elements, windows = math.prod(grid.size), math.prod(grid.out)
    if layout == "unfold":
        matrix = (n, c * elements, windows)
    else:
        matrix = (c * elements, windows * n)
        matrix = matrix if layout == "columns" else matrix[::-1]
    terms = []
    for column, (_, window) in enumerate(grid.windows()):
        for (number, (_, place)), image, channel in itertools.product(
            enumerate(window), range(n), range(c)
        ):
            row = channel * elements + number
            at = {
                "columns": (row, column * n + image),  # images vary fastest
                "rows": (image * windows + column, row),
                "unfold": (image, row, column),
            }[layout]
            terms.append((at, None if place is None else (image, channel, *place)))
    return matrix, terms


def im2col(x, *args, **settings):
    shape, terms = column_terms(x.shape, *args, **settings)
    matrix = np.zeros(shape, x.dtype)
    for at, place in terms:
        matrix[at] = 0 if place is None else x[place]
    return matrix


def col2im(columns, shape, *args, **settings):
    expected, terms = column_terms(shape, *args, **settings)
    assert columns.shape == expected
    images = np.zeros(shape, columns.dtype)
    for at, place in terms:
        if place is not None:
            images[place] += columns[at]
    return images


def unfold(x, **settings):
    return im2col(x, **settings, layout="unfold")


def fold(x, output_size, kernel_size, **settings):
    output_size = each(output_size, 2)
    channels = x.shape[1] // math.prod(each(kernel_size, len(output_size)))
    shape = (x.shape[0], channels, *output_size)
    return col2im(x, shape, kernel_size, **settings, layout="unfold")


# Pools by name. The rule may depend on settings; those are taken out of what the grid gets.

RULES = {
    "max_pool": lambda settings: maximum,
    "min_pool": lambda settings: minimum,
    "avg_pool": lambda settings: average(settings.pop("count_include_pad", True)),
    "sum_pool": lambda settings: total,
    "median_pool": lambda settings: median,
    "lp_pool": lambda settings: norm(settings.pop("norm_type")),
}

POOLS = {f"{kind}{rank}d": rule for kind, rule in RULES.items() for rank in (1, 2, 3)}

TESTED = sorted(POOLS)


def pool(name, x, **settings):
    """Pool with the op's settings."""
    settings = dict(settings)
    rule = POOLS[name](settings)
    return Pooling(rule, x, **settings)
