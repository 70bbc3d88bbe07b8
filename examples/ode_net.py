"""A differential equation learnt from a noisy path: gradients through Runge-Kutta steps.

    python examples/ode_net.py

A small network is the right-hand side f of dy/dt = f(y). From each observed point it is integrated
for a short time by the classical Runge-Kutta method, written out in NumPy, and its weights are
changed until it meets the observations that follow. Then it is integrated all the way from the
start, which it has never been trained for. A picture goes to the output folder. The last line
printed is the mean distance of that path from the true one, which is 4 across.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg

try:
    from matplotlib.figure import Figure
except ImportError:  # then there is no picture
    Figure = None

INTERVAL, POINTS, HORIZON = 0.05, 200, 10


def spiral(t):
    """A path that draws nearer to the origin, and turns more slowly there."""
    radius = 2 * np.exp(-0.2 * t)
    angle = 0.5 * t + 5 * (2 - radius)  # its slope is 0.5 + radius
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def f(y, weights):
    w1, b1, w2, b2 = weights
    return np.dot(np.tanh(np.dot(y, w1) + b1), w2) + b2


def integrate(start, weights, steps):
    """Return the points at times 0, INTERVAL, 2 INTERVAL, ..., stacked along a new first axis."""
    path, h = [start], INTERVAL
    for _ in range(steps):
        y = path[-1]
        k1 = f(y, weights)
        k2 = f(y + h / 2 * k1, weights)
        k3 = f(y + h / 2 * k2, weights)
        k4 = f(y + h * k3, weights)
        path.append(y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    return np.stack(path)


def draw(path, observed, true, learnt, weights):
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    grid = np.stack(np.meshgrid(*[np.linspace(-2.2, 2.2, 23)] * 2), axis=-1)
    slopes = f(grid, weights)
    axes.streamplot(*np.moveaxis(grid, -1, 0), *np.moveaxis(slopes, -1, 0), color="lightgray")
    axes.plot(*observed.T, ".", color="tab:gray", markersize=4, label="observed")
    axes.plot(*true.T, "k--", label="true path")
    axes.plot(*learnt.T, color="tab:red", label="learnt path, from its start")
    axes.set(title="streamlines of the learnt equation", xlabel="$y_0$", ylabel="$y_1$", aspect=1)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    rng = np.random.default_rng(0)
    true = spiral(INTERVAL * np.arange(POINTS))
    observed = true + 0.03 * rng.standard_normal(true.shape)
    # The windows of the path, with time as first axis: (HORIZON + 1, windows, 2).
    windows = np.stack([observed[t : POINTS - HORIZON + t] for t in range(HORIZON + 1)])

    shapes = [(2, 32), (32,), (32, 2), (2,)]
    weights = [mg.tensor(0.5 * rng.standard_normal(s), requires_grad=True) for s in shapes]
    optimizer = mg.optim.Adam(weights, lr=0.02)
    for step in range(options.steps):
        chosen = windows[:, rng.choice(windows.shape[1], 32, replace=False)]
        loss = np.mean((integrate(chosen[0], weights, HORIZON) - chosen) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step}: root mean square error {np.sqrt(loss.item()):.3f}")

    values = [weight.numpy() for weight in weights]
    learnt = integrate(true[0], values, POINTS - 1)
    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        draw(options.output / "ode_net.png", observed, true, learnt, values)
    print(f"mean distance: {np.linalg.norm(learnt - true, axis=-1).mean():.3f}")


if __name__ == "__main__":
    main()
