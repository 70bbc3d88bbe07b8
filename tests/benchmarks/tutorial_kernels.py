"""Convolution and max pooling as tutorials on NumPy teach them, to be timed.

Two kinds, written anew. `gathered` makes its columns with index arrays and undoes them with
`np.add.at`, as deepnet, hipsternet and CS231n do; they are a matrix (C * KH * KW, OH * OW * N).
`sliced` makes them with a loop over the elements of a window, as "Deep Learning from Scratch" does;
they are (N * OH * OW, C * KH * KW). An op returns its output, and a function from the gradient of
the output to those of the inputs.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Result = tuple[np.ndarray, Callable[[np.ndarray], list[np.ndarray]]]


class Kernels(NamedTuple):
    """The ops of one kind.

    Attributes
    ----------
    conv2d : callable
        Takes images, filters, bias, padding, and whether the images need a gradient.
    max_pool2d : callable
        Takes images, the size of the window, and the stride.
    """

    conv2d: Callable[..., Result]
    max_pool2d: Callable[..., Result]


def out_lengths(shape: Any, size: int, stride: int, padding: int) -> tuple[int, int]:
    """Return OH, OW."""
    height, width = ((length + 2 * padding - size) // stride + 1 for length in shape[2:])
    return height, width


def padded(x: np.ndarray, padding: int) -> np.ndarray:
    return np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])


def unpadded(x: np.ndarray, padding: int) -> np.ndarray:
    return x[:, :, padding : x.shape[2] - padding, padding : x.shape[3] - padding]


# Index arrays


def places(shape: Any, size: int, stride: int, padding: int) -> tuple[np.ndarray, ...]:
    """Return the channel, row and column of each element of each window of one padded image."""
    height, width = out_lengths(shape, size, stride, padding)
    channel, row, column = (
        index.reshape(-1, 1) for index in np.indices((shape[1], size, size), dtype=np.intp)
    )
    top, left = (stride * index.reshape(1, -1) for index in np.indices((height, width)))
    return channel, row + top, column + left


def gathered_columns(x: np.ndarray, size: int, stride: int, padding: int) -> np.ndarray:
    columns = padded(x, padding)[:, *places(x.shape, size, stride, padding)]
    return columns.transpose(1, 2, 0).reshape(columns.shape[1], -1)


def gathered_images(
    columns: np.ndarray, shape: Any, size: int, stride: int, padding: int
) -> np.ndarray:
    n, c, height, width = shape
    images = np.zeros((n, c, height + 2 * padding, width + 2 * padding), columns.dtype)
    by_image = columns.reshape(c * size * size, -1, n).transpose(2, 0, 1)
    np.add.at(images, (slice(None), *places(shape, size, stride, padding)), by_image)
    return unpadded(images, padding)


def gathered_conv2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int, images_too: bool
) -> Result:
    n, filters, size = len(x), len(weight), weight.shape[2]
    height, width = out_lengths(x.shape, size, 1, padding)
    columns = gathered_columns(x, size, 1, padding)
    matrix = weight.reshape(filters, -1)
    out = (matrix @ columns + bias[:, None]).reshape(filters, height, width, n)

    def backward(g: np.ndarray) -> list[np.ndarray]:
        outputs = g.transpose(1, 2, 3, 0).reshape(filters, -1)
        gradients = [(outputs @ columns.T).reshape(weight.shape), g.sum((0, 2, 3))]
        if images_too:
            x_gradient = gathered_images(matrix.T @ outputs, x.shape, size, 1, padding)
            gradients.insert(0, x_gradient)
        return gradients

    return out.transpose(3, 0, 1, 2), backward


def gathered_max_pool2d(x: np.ndarray, size: int, stride: int) -> Result:
    n, c, *lengths = x.shape
    height, width = out_lengths(x.shape, size, stride, 0)
    # Every channel is an image of its own, so that a column is one window.
    single = x.reshape(n * c, 1, *lengths)
    columns = gathered_columns(single, size, stride, 0)
    winners = columns.argmax(0)
    each = np.arange(winners.size)
    out = columns[winners, each].reshape(height, width, n, c)

    def backward(g: np.ndarray) -> list[np.ndarray]:
        gradient = np.zeros_like(columns)
        gradient[winners, each] = g.transpose(2, 3, 0, 1).ravel()
        return [gathered_images(gradient, single.shape, size, stride, 0).reshape(x.shape)]

    return out.transpose(2, 3, 0, 1), backward


# Slices


def sliced_columns(x: np.ndarray, size: int, stride: int, padding: int) -> np.ndarray:
    n, c = x.shape[:2]
    height, width = out_lengths(x.shape, size, stride, padding)
    images = padded(x, padding)
    columns = np.empty((n, c, size, size, height, width), x.dtype)
    for row in range(size):
        for column in range(size):
            rows = slice(row, row + stride * height, stride)
            columns[:, :, row, column] = images[
                :, :, rows, column : column + stride * width : stride
            ]
    return columns.transpose(0, 4, 5, 1, 2, 3).reshape(n * height * width, -1)


def sliced_images(
    columns: np.ndarray, shape: Any, size: int, stride: int, padding: int
) -> np.ndarray:
    n, c, *lengths = shape
    height, width = out_lengths(shape, size, stride, padding)
    images = np.zeros((n, c, *(length + 2 * padding for length in lengths)), columns.dtype)
    parts = columns.reshape(n, height, width, c, size, size).transpose(0, 3, 4, 5, 1, 2)
    for row in range(size):
        for column in range(size):
            rows = slice(row, row + stride * height, stride)
            images[:, :, rows, column : column + stride * width : stride] += parts[
                :, :, row, column
            ]
    return unpadded(images, padding)


def sliced_conv2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, padding: int, images_too: bool
) -> Result:
    n, filters, size = len(x), len(weight), weight.shape[2]
    height, width = out_lengths(x.shape, size, 1, padding)
    columns = sliced_columns(x, size, 1, padding)
    matrix = weight.reshape(filters, -1).T
    out = (columns @ matrix + bias).reshape(n, height, width, filters)

    def backward(g: np.ndarray) -> list[np.ndarray]:
        outputs = g.transpose(0, 2, 3, 1).reshape(-1, filters)
        gradients = [(columns.T @ outputs).T.reshape(weight.shape), outputs.sum(0)]
        if images_too:
            gradients.insert(0, sliced_images(outputs @ matrix.T, x.shape, size, 1, padding))
        return gradients

    return out.transpose(0, 3, 1, 2), backward


def sliced_max_pool2d(x: np.ndarray, size: int, stride: int) -> Result:
    n, c = x.shape[:2]
    height, width = out_lengths(x.shape, size, stride, 0)
    # A row for each window of each channel.
    columns = sliced_columns(x, size, stride, 0).reshape(-1, size * size)
    winners = columns.argmax(1)
    out = columns.max(1).reshape(n, height, width, c)

    def backward(g: np.ndarray) -> list[np.ndarray]:
        gradient = np.zeros_like(columns)
        gradient[np.arange(winners.size), winners] = g.transpose(0, 2, 3, 1).ravel()
        return [sliced_images(gradient, x.shape, size, stride, 0)]

    return out.transpose(0, 3, 1, 2), backward


gathered = Kernels(gathered_conv2d, gathered_max_pool2d)
sliced = Kernels(sliced_conv2d, sliced_max_pool2d)
