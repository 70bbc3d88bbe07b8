"""Dropout and weight decay against overfitting: networks that learn mistakes by heart.

    python examples/overfitting.py --epochs 100 --seed 0 --output output

Four networks of the same five layers are trained on the same 300 digits, a fifth of which are given
a label at random: as they are, with weight decay, with dropout, and with both. Without either a
network comes to know the wrong labels by heart, and reads other digits worse and worse. A picture
of the curves goes to the output folder. The last line printed is by how much the accuracy on 360
other digits, in the mean of the last 20 epochs, is better with both than with neither.
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

# The weight decay and the probability of dropout.
WAYS = {
    "neither": (0.0, 0.0),
    "weight decay": (1.0, 0.0),
    "dropout": (0.0, 0.3),
    "both": (1.0, 0.3),
}


def network(dropout):
    hidden = [
        layer
        for inputs in (64, 100, 100, 100)
        for layer in (nn.Linear(inputs, 100), nn.ReLU(), nn.Dropout(dropout))
    ]
    return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(100, 10))


def train(weight_decay, dropout, train_set, test, epochs):
    """Return the accuracy of each epoch on the data for training and on those of the test."""
    model = network(dropout)
    accuracies = []

    def measure(run):
        """Measure in evaluation mode: the batches that were trained on were hit by dropout."""
        accuracies.append(
            [mg.training.accuracy(mg.training.predict(model, x), y) for x, y in (train_set, test)]
        )

    mg.fit(
        model,
        optim.AdamW(model.parameters(), lr=2e-3, weight_decay=weight_decay),
        mg.cross_entropy,
        mg.data.batches(*train_set, batch_size=50),
        epochs=epochs,
        callbacks=[measure],
        progress=False,
    )
    return np.array(accuracies)


def draw(path, found):
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    figure.suptitle("accuracy on 300 digits, a fifth of them with random labels, and on others")
    grid = figure.subplots(1, len(found), sharey=True)
    for axes, (name, accuracies) in zip(grid, found.items(), strict=True):
        epochs = np.arange(1, len(accuracies) + 1)
        axes.plot(epochs, accuracies[:, 0], color="tab:gray", label="training, with wrong labels")
        axes.plot(epochs, accuracies[:, 1], color="tab:red", label="test, with true labels")
        test = accuracies[-20:, 1].mean()
        axes.axhline(test, color="tab:red", linestyle=":")
        axes.set(title=f"{name}: {test:.3f} in the test", xlabel="epoch", ylim=(0.5, 1.01))
        axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    (x, y), test = mg.data.digits()
    rng = np.random.default_rng(options.seed)
    chosen = rng.choice(len(x), 300, replace=False)
    labels = np.where(rng.random(300) < 0.2, rng.integers(10, size=300), y[chosen])
    found = {}
    for name, (weight_decay, dropout) in WAYS.items():
        mg.manual_seed(options.seed)
        found[name] = train(weight_decay, dropout, (x[chosen], labels), test, options.epochs)
        last = found[name][-20:].mean(axis=0)
        print("{:13} training {:.3f}, test {:.3f}".format(name, *last))
    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        draw(options.output / "overfitting.png", found)
    gained = found["both"][-20:, 1].mean() - found["neither"][-20:, 1].mean()
    print(f"test accuracy gained: {gained:.3f}")


if __name__ == "__main__":
    main()
