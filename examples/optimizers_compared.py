"""Eleven optimisers on the surface x²/20 + y², and on handwritten digits.

    python examples/optimizers_compared.py --epochs 15 --seed 0 --output output

The surface is a valley, steep across and flat along; all start at (-7, 2) and look for (0, 0).
Plain gradient descent swings from side to side, momentum overshoots, and the adaptive methods
measure each coordinate by its own gradients. In the picture each path has a panel, with its
learning rate and how far from the minimum it ends; below are the training losses of a small network
on the digits, in batches. There L-BFGS, which wants all examples in every step, soon stays behind.
The last line printed is the best optimiser there and its loss in the last epoch.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

import minigrad as mg
from minigrad import nn, optim

# For each name the class, settings, and the learning rates on the surface and on the digits.
OPTIMIZERS = {
    "SGD": (optim.SGD, {}, 0.95, 0.5),
    "momentum": (optim.SGD, {"momentum": 0.9}, 0.1, 0.1),
    "Nesterov": (optim.SGD, {"momentum": 0.9, "nesterov": True}, 0.1, 0.1),
    "Adagrad": (optim.Adagrad, {}, 1.5, 0.05),
    "Adadelta": (optim.Adadelta, {"rho": 0.5, "eps": 1e-2}, 1.0, 0.5),
    "RMSprop": (optim.RMSprop, {"alpha": 0.9}, 0.3, 0.005),
    "Adam": (optim.Adam, {}, 0.3, 0.01),
    "AdamW": (optim.AdamW, {"weight_decay": 0.1}, 0.3, 0.01),
    "Adamax": (optim.Adamax, {}, 0.5, 0.02),
    "NAdam": (optim.NAdam, {}, 0.3, 0.01),
    "L-BFGS": (optim.LBFGS, {"max_iter": 1, "line_search_fn": "strong_wolfe"}, 1.0, 1.0),
}


def surface(x, y):
    return x**2 / 20 + y**2


def descend(make, settings, lr, steps):
    """Return the points of a path, one in a row."""
    position = mg.tensor([-7.0, 2.0], requires_grad=True)
    optimizer = make([position], lr=lr, **settings)

    def closure():
        optimizer.zero_grad()
        height = surface(position[0], position[1])
        height.backward()
        return height

    path = [position.numpy().copy()]
    for _ in range(steps):
        optimizer.step(closure)
        path.append(position.numpy().copy())
    return np.array(path)


def train(make, settings, lr, batches, epochs, seed):
    """Return the mean loss of each epoch; all networks start from the same weights."""
    mg.manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 50), nn.ReLU(), nn.Linear(50, 10))
    optimizer = make(model.parameters(), lr=lr, **settings)
    losses = []
    for _ in range(epochs):
        found = []
        for x, y in batches:

            def closure(x=x, y=y):
                optimizer.zero_grad()
                loss = mg.cross_entropy(model(x), y)
                loss.backward()
                return loss

            # With a closure, which only L-BFGS needs, all can be called alike.
            found.append(optimizer.step(closure).item())
        losses.append(np.mean(found))
    return np.array(losses)


def draw(path, paths, curves, colours):
    figure = Figure(figsize=(14, 10), layout="constrained")
    above, below = figure.subfigures(2, height_ratios=[1.35, 1])
    panels = above.subplots(3, 4, sharex=True, sharey=True).flat
    across, up = np.meshgrid(np.linspace(-8, 8, 200), np.linspace(-3.5, 3.5, 100))
    heights = surface(across, up)
    for (name, points), axes in zip(paths.items(), panels, strict=False):
        axes.contour(across, up, heights, np.geomspace(0.05, 12, 9), colors="lightgray", zorder=0)
        axes.plot(*points.T, ".-", color=colours[name], linewidth=1.2, markersize=4)
        axes.plot(0, 0, "+", color="black", markersize=10)
        lr = OPTIMIZERS[name][2]
        distance = np.linalg.norm(points[-1])
        title = f"{name}, rate {lr}: {len(points) - 1} steps to distance {distance:.2g}"
        axes.set_title(title, fontsize=9.5)
        axes.set(xlim=(-8, 8), ylim=(-3.5, 3.5))
    for axes in panels:  # a place without an optimiser
        axes.axis("off")

    axes = below.subplots()
    for name, losses in curves.items():
        axes.plot(np.arange(1, len(losses) + 1), losses, ".-", color=colours[name], label=name)
    axes.set(title="training loss on the digits", xlabel="epoch", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=15, help="on the digits")
    parser.add_argument("--steps", type=int, default=30, help="on the surface")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    (x, y), _ = mg.data.digits()
    paths, curves = {}, {}
    for name, (make, settings, slow, fast) in tqdm(OPTIMIZERS.items(), unit="optimiser"):
        paths[name] = descend(make, settings, slow, options.steps)
        # The same order of examples for all.
        batches = mg.data.batches(x, y, batch_size=64, rng=options.seed)
        curves[name] = train(make, settings, fast, batches, options.epochs, options.seed)

    names = list(OPTIMIZERS)
    colours = {name: f"C{i}" if i < 10 else "black" for i, name in enumerate(names)}
    picture = options.output / "optimizers_compared.png"
    draw(picture, paths, curves, colours)
    print(f"{'':10}  end of the path    distance  loss on the digits")
    for name in names:
        end = paths[name][-1]
        print(
            f"{name:10}  ({end[0]:6.3f}, {end[1]:6.3f})  {np.linalg.norm(end):8.4f}"
            f"  {curves[name][-1]:.4f}"
        )
    print(f"picture: {picture}")
    best = min(names, key=lambda name: curves[name][-1])
    print(f"best on the digits: {best}, with a loss of {curves[best][-1]:.4f}")


if __name__ == "__main__":
    main()
