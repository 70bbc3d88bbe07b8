"""Max pooling forward and backward by hand, with im2col, next to `mg.max_pool2d`.

    python examples/maxpool_by_hand.py

Everything between the two lines of dashes is plain NumPy. A pooling window becomes a column of a
matrix; then the forward pass is an argmax down each column, and the backward pass puts each
gradient back where that argmax was.
"""

import numpy as np

import minigrad as mg

# -------------------------------------------------------------------------------------------------


def window_rows_and_columns(height, width, size, stride):
    """Image row and column of every element of every window, both as (size², OH·OW)."""
    inner_row, inner_column = np.divmod(np.arange(size * size), size)
    out_height, out_width = (height - size) // stride + 1, (width - size) // stride + 1
    outer_row, outer_column = np.divmod(np.arange(out_height * out_width), out_width)
    rows = inner_row[:, None] + stride * outer_row
    columns = inner_column[:, None] + stride * outer_column
    return rows, columns, (out_height, out_width)


def im2col(images, size, stride):
    """Lay out the windows of (N, C, H, W) as the columns of a (C·size², OH·OW·N) matrix.

    A row belongs to one channel and one place in the window, a column to one window of one image.
    Among the columns the image varies fastest: all images' first windows, then all second ones.
    """
    _, c, height, width = images.shape
    rows, columns, _ = window_rows_and_columns(height, width, size, stride)
    windows = images[:, :, rows, columns]  # (N, C, size², OH·OW)
    return windows.transpose(1, 2, 3, 0).reshape(c * size * size, -1)


def col2im(matrix, shape, size, stride):
    """Add each element of such a matrix to the pixel that `im2col` would read it from."""
    n, c, height, width = shape
    rows, columns, _ = window_rows_and_columns(height, width, size, stride)
    windows = matrix.reshape(c, size * size, -1, n).transpose(3, 0, 1, 2)
    images = np.zeros(shape, matrix.dtype)
    # Where windows overlap a pixel occurs several times; `images[...] += windows` would count it
    # once.
    np.add.at(images, (slice(None), slice(None), rows, columns), windows)
    return images


def pool_forward(x, size, stride):
    n, c, height, width = x.shape
    _, _, (out_height, out_width) = window_rows_and_columns(height, width, size, stride)
    # A maximum must not look across channels. So each channel is made an image of its own, and a
    # column holds exactly one window of one channel.
    columns = im2col(x.reshape(n * c, 1, height, width), size, stride)
    # On a tie argmax takes the first, that is, the first in row-major order of the window.
    winners = columns.argmax(axis=0)
    out = columns[winners, np.arange(winners.size)]
    # The columns run over output rows, output columns, then images and their channels.
    out = out.reshape(out_height, out_width, n, c).transpose(2, 3, 0, 1)
    return out, (columns.shape, winners)


def pool_backward(gradient, shape, cache, size, stride):
    n, c, height, width = shape
    columns_shape, winners = cache
    # The output is a copy of the winners, so its gradient is theirs; all others have gradient 0.
    columns = np.zeros(columns_shape, gradient.dtype)
    columns[winners, np.arange(winners.size)] = gradient.transpose(2, 3, 0, 1).ravel()
    return col2im(columns, (n * c, 1, height, width), size, stride).reshape(shape)


# -------------------------------------------------------------------------------------------------


def main():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 10, 28, 28))

    print("images, 5 of 10 channels:           ", x.shape)
    print("columns, channels left together:    ", im2col(x, 2, stride=2).shape)
    print("each channel an image of its own:   ", x.reshape(50, 1, 28, 28).shape)
    print("columns, one window of one channel: ", im2col(x.reshape(50, 1, 28, 28), 2, 2).shape)

    for size, stride in [(2, 2), (3, 2)]:
        out, cache = pool_forward(x, size, stride)
        # Not all ones: a gradient that lands in the wrong place must show.
        upstream = rng.standard_normal(out.shape)
        gradient = pool_backward(upstream, x.shape, cache, size, stride)

        t = mg.tensor(x, requires_grad=True)
        pooled = mg.max_pool2d(t, size, stride)
        pooled.backward(upstream)

        overlap = "that overlap" if stride < size else "side by side"
        print(f"\nwindows of {size} × {size} {overlap}: {out.shape}, {cache[1].size} winners")
        print("largest difference of the outputs:  ", abs(out - pooled.numpy()).max())
        print("largest difference of the gradients:", abs(gradient - t.grad.numpy()).max())


if __name__ == "__main__":
    main()
