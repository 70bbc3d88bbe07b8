"""Random search for a learning rate and a weight decay (J. Bergstra, Y. Bengio, 2012).

    python examples/hyperparameter_search.py --trials 60 --output output

Small networks are trained for a few epochs on 500 digits, each with a learning rate and a weight
decay drawn at random, evenly on a logarithmic scale. 300 other digits, the validation, tell which
pair is the best. A picture of the twenty best trainings, and of where in the plane the good pairs
lie, goes to the output folder. The last line printed is by how much the best network is better than
the one in the middle of the list, on 360 digits that took no part in the search.
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


def train(lr, weight_decay, data, validation, epochs):
    """Return a trained network and the history of its training."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 50), nn.ReLU(), nn.Linear(50, 10))
    history = mg.fit(
        model,
        optim.SGD(model.parameters(), lr=lr, weight_decay=weight_decay, momentum=0.9),
        mg.cross_entropy,
        mg.data.batches(*data, batch_size=50),
        epochs=epochs,
        validation=validation,
        metrics={"accuracy": mg.training.accuracy},
        progress=False,
    )
    return model, history


def draw(path, trials):
    """Draw trials, the best first."""
    figure = Figure(figsize=(13, 6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.3, 1])
    left.suptitle("the 20 best: accuracy by epoch, training (gray), validation (red)")
    for axes, (lr, weight_decay, history, _) in zip(
        left.subplots(4, 5, sharex=True, sharey=True).flat, trials, strict=False
    ):
        epochs = range(1, history.epochs + 1)
        axes.plot(epochs, history["accuracy"], color="tab:gray")
        axes.plot(epochs, history["val_accuracy"], color="tab:red")
        axes.set_title(f"rate {lr:.1g}, decay {weight_decay:.0e}", fontsize=8)
        axes.set_ylim(0, 1)

    axes = right.subplots()
    rates, decays, histories, _ = zip(*trials, strict=True)
    reached = [history["val_accuracy"][-1] for history in histories]
    points = axes.scatter(rates, decays, c=reached, vmin=0, vmax=1, edgecolors="gray")
    axes.scatter(rates[0], decays[0], s=200, facecolors="none", edgecolors="tab:red")
    axes.set(xscale="log", yscale="log", xlabel="learning rate", ylabel="weight decay")
    axes.set_title("validation accuracy at the end; the best is ringed")
    right.colorbar(points, ax=axes)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=15, help="of each trial")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    mg.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    (x, y), test = mg.data.digits()
    order = rng.permutation(len(x))
    fitting, checking = order[:500], order[500:800]
    data, validation = (x[fitting], y[fitting]), (x[checking], y[checking])

    trials = []
    for _ in range(options.trials):
        lr, weight_decay = 10 ** rng.uniform([-4, -6], [0, -1])
        model, history = train(lr, weight_decay, data, validation, options.epochs)
        trials.append((lr, weight_decay, history, model))
    trials.sort(key=lambda trial: trial[2]["val_loss"][-1])
    print("the best   learning rate   weight decay   validation accuracy")
    for place, (lr, weight_decay, history, _) in enumerate(trials[:5], 1):
        accuracy = history["val_accuracy"][-1]
        print(f"{place:8}   {lr:13.2g}   {weight_decay:12.1e}   {accuracy:19.3f}")
    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        draw(options.output / "hyperparameter_search.png", trials)

    best, middle = (
        mg.training.accuracy(mg.training.predict(trial[3], test[0]), test[1])
        for trial in (trials[0], trials[len(trials) // 2])
    )
    print(f"test accuracy: {best:.3f}, of the trial in the middle: {middle:.3f}")
    print(f"test accuracy gained: {best - middle:.3f}")


if __name__ == "__main__":
    main()
