"""A small network on two moons or on three spirals, beside a linear model.

    python examples/moons_mlp.py --data spirals --epochs 300 --seed 0 --output output

Both models are trained by `mg.fit`, with a validation set and early stopping. Straight lines cannot
follow the points; hidden layers bend them. The picture shows what each model answers all over
the plane, and how the network learned. The last line printed is the network's validation accuracy,
the line before it that of the linear model.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

import minigrad as mg
from minigrad import nn, optim

COLOURS = ["tab:blue", "tab:orange", "tab:green"]


def network(classes):
    return nn.Sequential(
        nn.Linear(2, 64),
        nn.ReLU(),
        nn.Linear(64, 64),
        nn.ReLU(),
        nn.Linear(64, classes),
    )


def train(model, points, epochs):
    x_train, x_valid, y_train, y_valid = points
    return mg.fit(
        model,
        optim.Adam(model.parameters(), lr=3e-3),
        mg.cross_entropy,
        mg.data.batches(x_train, y_train, batch_size=32),
        epochs=epochs,
        validation=(x_valid, y_valid),
        metrics={"accuracy": mg.training.accuracy},
        callbacks=[mg.training.EarlyStopping(patience=30)],
        progress=False,
    )


def accuracy(model, x, y):
    """Return the accuracy with the weights of the best epoch, which early stopping gave back."""
    metrics = {"accuracy": mg.training.accuracy}
    return mg.training.evaluate(model, mg.cross_entropy, (x, y), metrics)["accuracy"]


def draw_regions(axes, title, model, points, classes):
    """Colour the plane by the most likely class, the paler the less certain the model is of it."""
    x_train, x_valid, y_train, y_valid = points
    low, high = x_train.min(axis=0) - 0.4, x_train.max(axis=0) + 0.4
    across, up = np.meshgrid(np.linspace(low[0], high[0], 300), np.linspace(low[1], high[1], 300))
    plane = np.stack([across.ravel(), up.ravel()], axis=1).astype(np.float32)
    certainty = mg.softmax(mg.training.predict(model, plane)).numpy().reshape(300, 300, classes)
    colours = ListedColormap(COLOURS[:classes])
    extent = (low[0], high[0], low[1], high[1])
    axes.imshow(
        certainty.argmax(axis=-1),
        cmap=colours,
        vmax=classes - 1,
        vmin=0,
        alpha=0.1 + 0.4 * (certainty.max(axis=-1) - 1 / classes) / (1 - 1 / classes),
        extent=extent,
        origin="lower",
        interpolation="nearest",
    )
    axes.scatter(*x_train.T, c=y_train, cmap=colours, s=8)
    axes.scatter(*x_valid.T, c=y_valid, cmap=colours, s=22, edgecolors="black", linewidths=0.7)
    axes.set(title=title, xticks=[], yticks=[], aspect="equal")


def draw(path, models, accuracies, history, points, classes):
    figure = Figure(figsize=(14, 4.6), layout="constrained")
    *regions, right = figure.subplots(1, 3)
    for axes, (name, model) in zip(regions, models.items(), strict=True):
        draw_regions(axes, f"{name}: {accuracies[name]:.1%}", model, points, classes)
    regions[0].set_xlabel("outlined points are for validation")

    epochs = np.arange(1, history.epochs + 1)
    best = np.argmin(history["val_loss"])
    right.plot(epochs, history["loss"], color="tab:gray", label="training")
    right.plot(epochs, history["val_loss"], color="tab:red", label="validation")
    right.plot(epochs[best], history["val_loss"][best], "o", color="tab:red", label="best weights")
    right.set(title="the network's loss", xlabel="epoch", yscale="log")
    right.grid(alpha=0.3)
    right.legend(frameon=False)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", choices=["moons", "spirals"], default="moons")
    parser.add_argument("--epochs", type=int, default=300, help="at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    mg.manual_seed(options.seed)
    x, y = mg.data.moons(600, 0.15) if options.data == "moons" else mg.data.spirals(600)
    classes = y.max() + 1
    points = mg.data.train_test_split(x, y, stratify=y)
    models = {"linear model": nn.Linear(2, classes), "network": network(classes)}
    histories = {name: train(model, points, options.epochs) for name, model in models.items()}
    accuracies = {name: accuracy(model, *points[1::2]) for name, model in models.items()}

    picture = options.output / f"moons_mlp_{options.data}.png"
    draw(picture, models, accuracies, histories["network"], points, classes)
    print(f"picture: {picture}")
    for name, history in histories.items():
        print(f"{name}: {history.epochs} epochs; {history.stopped or 'not stopped early'}")
    print(f"validation accuracy of the linear model: {accuracies['linear model']:.3f}")
    print(f"validation accuracy: {accuracies['network']:.3f}")


if __name__ == "__main__":
    main()
