"""What becomes of activations, and of learning, when weights start too large or too small.

    python examples/initialisation.py --steps 300 --output output

The digits go through five layers of 100 units whose weights have the standard deviation 1, 0.01,
that of Xavier (1 / sqrt(inputs)) or that of He (sqrt(2 / inputs)), with and without batch
normalisation. Forward hooks catch what comes out of the activations. Then each network is trained.
Two pictures go to the output folder: the histograms for sigmoid, tanh and ReLU, and the losses with
ReLU. The last line printed is the loss at the standard deviation 0.01 less that of He, without
batch normalisation; those that are stuck stay at ln 10 = 2.303.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg
from minigrad import nn, optim

try:
    from matplotlib.figure import Figure
except ImportError:  # then there are no pictures
    Figure = None

DEPTH, WIDTH = 5, 100
ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "ReLU": nn.ReLU}
STARTS = {
    "std 1": lambda weight: nn.init.normal_(weight, std=1),
    "std 0.01": lambda weight: nn.init.normal_(weight, std=0.01),
    "Xavier": nn.init.xavier_normal_,
    "He": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
}


def network(activation, start, batch_norm):
    layers = [nn.Flatten()]
    for depth in range(DEPTH):
        layers.append(nn.Linear(WIDTH if depth else 64, WIDTH))
        if batch_norm:
            layers.append(nn.BatchNorm1d(WIDTH))
        layers.append(activation())
    model = nn.Sequential(*layers, nn.Linear(WIDTH, 10))
    for module in model:
        if isinstance(module, nn.Linear):
            start(module.weight)
            nn.init.zeros_(module.bias)
    return model


def activations(model, kind, x):
    """Return what comes out of each module of a kind when x goes through the model."""
    caught = []
    modules = [module for module in model if isinstance(module, kind)]
    hooks = [
        module.register_forward_hook(lambda module, args, out: caught.append(out.numpy()))
        for module in modules
    ]
    with mg.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()
    return caught


def train(model, batches, steps):
    """Return the loss of each step of plain gradient descent, up to one that is not finite."""
    optimizer = optim.SGD(model.parameters(), lr=0.05)
    losses = []
    while True:
        for x, y in batches:
            loss = mg.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == steps or not np.isfinite(losses[-1]):
                return np.array(losses)


def draw_histograms(path, x):
    figure = Figure(figsize=(15, 8), layout="constrained")
    figure.suptitle(f"what comes out of {DEPTH} layers before training, as histograms")
    ways = [(name, False) for name in STARTS] + [("std 0.01", True)]
    grid = figure.subplots(len(ACTIVATIONS), len(ways), sharey="row")
    for row, (label, kind) in zip(grid, ACTIVATIONS.items(), strict=True):
        for axes, (name, batch_norm) in zip(row, ways, strict=True):
            low, high = {"sigmoid": (0, 1), "tanh": (-1, 1), "ReLU": (0, 3)}[label]
            found = activations(network(kind, STARTS[name], batch_norm), kind, x)
            for depth, values in enumerate(found):
                counts, edges = np.histogram(values.clip(low, high), 40, (low, high))
                # Each histogram lies on its side; the square root lets rare values show.
                ends = depth + 0.9 * np.sqrt(counts / counts.max())
                axes.stairs(ends, edges, baseline=depth, orientation="horizontal", fill=True)
            axes.set_xticks(np.arange(DEPTH) + 0.4, range(1, DEPTH + 1))
            axes.set_title(f"{label}, {name}{', batch norm' if batch_norm else ''}")
    for axes in grid[-1]:
        axes.set_xlabel("layer")
    figure.savefig(path, dpi=120)


def draw_losses(path, found):
    figure = Figure(figsize=(11, 4.5), layout="constrained")
    grid = figure.subplots(1, 2, sharey=True)
    for axes, batch_norm in zip(grid, [False, True], strict=True):
        for name in STARTS:
            losses = found[name, batch_norm]
            axes.plot(np.convolve(losses, np.ones(10) / 10, mode="valid"), label=name)
            if not np.isfinite(losses[-1]):
                where = {"x": 0.5, "y": 0.9, "ha": "center", "transform": axes.transAxes}
                axes.text(s=f"{name}: to infinity in {len(losses)} steps", color="C0", **where)
        axes.axhline(np.log(10), color="gray", linestyle=":", label="ln 10, by guessing")
        title = f"ReLU {'with' if batch_norm else 'without'} batch normalisation"
        axes.set(title=title, xlabel="step", yscale="log", ylim=(0.01, 20))
        axes.grid(alpha=0.3)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    grid[0].set_ylabel("training loss")
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    (x, y), _ = mg.data.digits()
    x = (x - x.mean()) / x.std()
    found = {}
    for batch_norm in [False, True]:
        for name, start in STARTS.items():
            mg.manual_seed(options.seed)
            model = network(nn.ReLU, start, batch_norm)
            batches = mg.data.batches(x, y, batch_size=100)
            with np.errstate(over="ignore", invalid="ignore"):  # std 1 goes to infinity
                losses = train(model, batches, options.steps)
            found[name, batch_norm] = losses
            way = f"{name}{', batch norm' if batch_norm else ''}"
            print(f"{way:20} loss {losses[-10:].mean():.3f}")
    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        mg.manual_seed(options.seed)
        draw_histograms(options.output / "activations.png", x)
        draw_losses(options.output / "initialisation.png", found)
    stuck, he = (found[name, False][-10:].mean() for name in ("std 0.01", "He"))
    print(f"gained by the start: {stuck - he:.3f}")


if __name__ == "__main__":
    main()
