"""Train a convolutional network on real handwritten digits.

    python examples/digits_cnn.py --epochs 30 --seed 0 --output output

It takes some seconds. With `--regularise` the network has batch normalisation and dropout, and
makes fewer mistakes. The trained weights and a picture of the training go to the output folder; the
last line printed is the accuracy on 360 digits that the network has not seen.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure  # on its own, without pyplot, it needs no display
from matplotlib.ticker import MaxNLocator

import minigrad as mg
from minigrad import nn, optim


def network(regularise):
    def block(n_in, n_out):
        layers = [nn.Conv2d(n_in, n_out, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        if regularise:
            layers.insert(1, nn.BatchNorm2d(n_out))
        return layers

    return nn.Sequential(
        *block(1, 32),  # 32 channels of 4 × 4
        *block(32, 64),  # 64 of 2 × 2
        nn.Flatten(),
        *([nn.Dropout(0.3)] if regularise else []),
        nn.Linear(64 * 2 * 2, 10),
    )


def train(model, x, y, test, epochs):
    """Train a network; return the loss and accuracy of each epoch, in training and in the test."""
    optimizer = optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-4)
    return mg.fit(
        model,
        optimizer,
        mg.cross_entropy,
        mg.data.batches(x, y, batch_size=32),
        epochs=epochs,
        validation=test,  # only looked at: it decides nothing
        metrics={"accuracy": mg.training.accuracy},
        scheduler=optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs),
    )


def draw(path, history, filters, x, y, logits):
    """Save a picture of the training curves, the first filters and the hardest digits."""
    figure = Figure(figsize=(12, 7), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
    left, right = figure.subfigures(1, 2)

    reached = mg.training.accuracy(logits, y)
    titles = {"loss": "loss", "accuracy": f"accuracy, at the end {reached:.3f} in the test"}
    for axes, (name, title) in zip(left.subplots(2), titles.items(), strict=True):
        epochs = np.arange(1, history.epochs + 1)
        axes.plot(epochs, history[name], ".-", color="tab:gray", label="training")
        axes.plot(epochs, history[f"val_{name}"], ".-", color="tab:red", label="test")
        axes.set(title=title, xlabel="epoch", yscale="log" if name == "loss" else "linear")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)

    above, below = right.subfigures(2, height_ratios=[1, 1.1])
    above.suptitle(f"the {len(filters)} filters of the first layer (blue below 0, red above)")
    limit = np.abs(filters).max()
    for axes, weights in zip(above.subplots(4, 8).flat, filters[:, 0], strict=True):
        axes.imshow(weights, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axes.axis("off")

    predicted = logits.argmax(axis=1).numpy()
    certainty = mg.softmax(logits).numpy()[np.arange(len(y)), y]
    wrong = predicted != y
    below.suptitle(f"the 8 hardest test digits; misclassified (red): {wrong.sum()} of {len(y)}")
    hardest = np.lexsort([certainty, ~wrong])[:8]
    for axes, i in zip(below.subplots(2, 4).flat, hardest, strict=True):
        axes.imshow(x[i, 0], cmap="gray_r", vmin=0, vmax=1)
        colour = "tab:red" if wrong[i] else "black"
        axes.set_title(f"{y[i]} read as {predicted[i]}", fontsize=10, color=colour)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("lightgray")
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--regularise", action="store_true", help="batch norm and dropout")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()
    if options.epochs < 1:
        parser.error("--epochs must be at least 1")
    options.output.mkdir(parents=True, exist_ok=True)
    weights, picture = options.output / "digits_cnn.npz", options.output / "digits_cnn.png"

    mg.manual_seed(options.seed)
    (x_train, y_train), (x_test, y_test) = mg.data.digits()
    model = network(options.regularise)
    history = train(model, x_train, y_train, (x_test, y_test), options.epochs)
    logits = mg.training.predict(model, x_test)
    reached = mg.training.accuracy(logits, y_test)
    draw(picture, history, model[0].weight.numpy(), x_test, y_test, logits)
    print(f"picture: {picture}")

    mg.save(model.state_dict(), weights)
    restored = network(options.regularise)
    restored.load_state_dict(mg.load(weights))
    again = mg.training.accuracy(mg.training.predict(restored, x_test), y_test)
    print(f"weights: {weights}, test accuracy of a new network with them: {again:.3f}")
    if again != reached:
        raise SystemExit(f"the network that was saved had {reached:.3f}")
    print(f"test accuracy: {reached:.3f}")


if __name__ == "__main__":
    main()
