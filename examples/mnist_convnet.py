"""SimpleConvNet and DeepConvNet of the book "Deep Learning from Scratch", on digits.

    python examples/mnist_convnet.py --net deep --folder path/to/mnist

With `--folder` it reads MNIST from the four IDX files there, and with `--download` fetches those
that are missing. There the book reaches 0.989 with the simple net, and with the deep one 0.9935,
with `--epochs 20 --batch-size 100`. Without a folder the nets see the small digits that come with
the library, enlarged to 28 × 28. The weights and a picture of the filters, the confusions and the
hardest digits go to the output folder; the last line printed is the accuracy in the test.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg
from minigrad import nn, optim

try:
    from matplotlib.figure import Figure
except ImportError:  # then there is no picture
    Figure = None


def simple():
    return nn.Sequential(
        nn.Conv2d(1, 30, kernel_size=5),  # 30 channels of 24 × 24
        nn.ReLU(),
        nn.MaxPool2d(2),  # 12 × 12
        nn.Flatten(),
        nn.Linear(30 * 12 * 12, 100),
        nn.ReLU(),
        nn.Linear(100, 10),
    )


def deep():
    def block(n_in, n_out, padding=1):
        """Two convolutions, the second with a padding of its own, and a pool."""
        first = nn.Conv2d(n_in, n_out, kernel_size=3, padding=1)
        second = nn.Conv2d(n_out, n_out, kernel_size=3, padding=padding)
        return [first, nn.ReLU(), second, nn.ReLU(), nn.MaxPool2d(2)]

    return nn.Sequential(
        *block(1, 16),  # 16 of 14 × 14
        *block(16, 32, padding=2),  # 32 of 8 × 8, for a border of 2 makes 14 into 16
        *block(32, 64),  # 64 of 4 × 4
        nn.Flatten(),
        nn.Linear(64 * 4 * 4, 50),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(50, 10),
        nn.Dropout(0.5),  # of the scores: unusual, but so it is in the book
    )


def he(module):
    """Draw weights with the standard deviation sqrt(2 / fan_in), for ReLU; biases are 0."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)


def digits(folder, download):
    """Return MNIST from a folder, or the library's digits in the middle of 28 × 28 pixels."""
    if folder:
        return mg.data.mnist(folder, download=download)

    def enlarged(x):
        return mg.data.transforms.Pad(4)(mg.interpolate(x, size=20, mode="bilinear"))

    return [(enlarged(x), y) for x, y in mg.data.digits()]


def draw(path, model, x, y, logits):
    figure = Figure(figsize=(13, 4.8), layout="constrained")
    left, middle, right = figure.subfigures(1, 3, width_ratios=[1, 1.15, 1])

    filters = model[0].weight.numpy()[:, 0]
    left.suptitle(f"the {len(filters)} filters of the first layer (blue below 0)")
    columns = 4 if len(filters) == 16 else 6
    limit = np.abs(filters).max()
    grid = left.subplots(len(filters) // columns, columns).flat
    for axes, weights in zip(grid, filters, strict=True):
        axes.imshow(weights, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axes.axis("off")

    predicted = logits.argmax(axis=1).numpy()
    wrong = predicted != y
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (y, predicted), 1)
    middle.suptitle(f"{wrong.sum()} of {len(y)} test digits are misclassified")
    axes = middle.subplots()
    errors = np.where(np.eye(10), 0, counts)
    axes.imshow(errors, cmap="Reds", vmin=0, vmax=2 * max(errors.max(), 1))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes.text(column, row, count, ha="center", va="center", fontsize=8)
    axes.set(xlabel="read as", ylabel="digit", xticks=range(10), yticks=range(10))

    certainty = mg.softmax(logits).numpy()[np.arange(len(y)), y]
    right.suptitle("the 12 hardest test digits")
    hardest = np.lexsort([certainty, ~wrong])[:12]
    for axes, i in zip(right.subplots(3, 4).flat, hardest, strict=True):
        axes.imshow(x[i, 0], cmap="gray_r", vmin=0, vmax=1)
        colour = "tab:red" if wrong[i] else "black"
        axes.set_title(f"{y[i]} read as {predicted[i]}", fontsize=9, color=colour)
        axes.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--net", choices=["simple", "deep"], default="simple")
    parser.add_argument("--folder", type=Path, help="where the IDX files of MNIST are")
    parser.add_argument("--download", action="store_true", help="fetch those that are missing")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch-size", type=int, default=25)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()
    if options.download and not options.folder:
        parser.error("--download needs --folder, where the files shall be")
    options.output.mkdir(parents=True, exist_ok=True)

    mg.manual_seed(options.seed)
    (x_train, y_train), (x_test, y_test) = digits(options.folder, options.download)
    model = {"simple": simple, "deep": deep}[options.net]().apply(he)
    print(model.summary((options.batch_size, 1, 28, 28)))
    mg.fit(
        model,
        optim.Adam(model.parameters(), lr=1e-3),
        mg.cross_entropy,
        mg.data.batches(x_train, y_train, batch_size=options.batch_size),
        epochs=options.epochs,
        validation=(x_test, y_test),  # only looked at: it decides nothing
        metrics={"accuracy": mg.training.accuracy},
    )
    name = options.output / f"mnist_convnet_{options.net}"
    mg.save(model.state_dict(), f"{name}.npz")
    print(f"weights: {name}.npz")
    logits = mg.training.predict(model, x_test)
    if Figure:
        draw(f"{name}.png", model, x_test, y_test, logits)
        print(f"picture: {name}.png")
    print(f"test accuracy: {mg.training.accuracy(logits, y_test):.4f}")


if __name__ == "__main__":
    main()
