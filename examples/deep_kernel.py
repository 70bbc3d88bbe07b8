"""Gaussian process regression whose kernel looks at the features that a small network makes.

    python examples/deep_kernel.py

A squared exponential kernel has one length scale everywhere, and the function to be found has not:
it is level, jumps, waves, jumps, and is level. A network in front of the kernel bends the input so
that one length scale fits. Its weights, the scales and the noise all ascend the same marginal
likelihood, written with `np.linalg.slogdet` and `np.linalg.solve`. A picture goes to the output
folder. The last line printed is the log marginal likelihood per point with the network, and
without it.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg

try:
    from matplotlib.figure import Figure
except ImportError:  # then there is no picture
    Figure = None


def function(x):
    return np.where(abs(x) < 1, 0.5 * np.sin(3 * x), np.sign(x))


def features(x, weights):
    """Return the layers' output, tanh between them; without weights the input itself."""
    for layer, (w, b) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        x = np.dot(np.tanh(x) if layer else x, w) + b
    return x


def kernel(a, b, log_height):
    squares = np.sum((a[:, None] - b[None]) ** 2, axis=-1)
    return np.exp(log_height - squares / 2)


def covariance(x, scales, weights):
    """Return the features of some inputs, and the covariance of noisy values there."""
    log_length, log_height, log_noise = scales
    z = features(x, weights) / np.exp(log_length)
    return z, kernel(z, z, log_height) + np.exp(log_noise) * np.eye(len(x))


def negative_log_likelihood(x, y, scales, weights):
    """Return it for each point."""
    _, k = covariance(x, scales, weights)
    _, log_determinant = np.linalg.slogdet(2 * np.pi * k)
    return 0.5 * (log_determinant + np.dot(y, np.linalg.solve(k, y))) / len(y)


def predict(x_new, x, y, scales, weights):
    """Return mean and standard deviation of the function at new inputs."""
    log_length, log_height, _ = scales
    z, k = covariance(x, scales, weights)
    across = kernel(z, features(x_new, weights) / np.exp(log_length), log_height)
    lower = np.linalg.cholesky(k)
    white = np.linalg.solve(lower, across)
    mean = white.T @ np.linalg.solve(lower, y)
    return mean, np.sqrt(np.maximum(np.exp(log_height) - np.sum(white**2, axis=0), 0))


def fit(name, x, y, weights, steps):
    """Ascend the marginal likelihood; return the scales, the weights, and what was reached."""
    scales = mg.tensor([0.0, 0.0, -3.0], requires_grad=True)
    weights = [mg.tensor(weight, requires_grad=True) for weight in weights]
    optimizer = mg.optim.Adam([scales, *weights], lr=0.02)
    for step in range(steps + 1):
        loss = negative_log_likelihood(x, y, scales, weights)
        if step % 100 == 0:
            print(f"{name}, step {step}: log marginal likelihood per point {-loss.item():.3f}")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return scales.numpy(), [weight.numpy() for weight in weights], -loss.item()


def draw(path, x, y, models):
    figure = Figure(figsize=(11, 4), layout="constrained")
    grid = np.linspace(-3.5, 3.5, 400)[:, None]
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (name, (scales, weights, reached)) in zip(panels, models.items(), strict=True):
        mean, deviation = predict(grid, x, y, scales, weights)
        band = mean - 2 * deviation, mean + 2 * deviation
        axes.fill_between(grid[:, 0], *band, color="tab:red", alpha=0.2)
        axes.plot(grid, mean, color="tab:red", label="mean, two standard deviations")
        axes.plot(grid, function(grid), "k--", linewidth=1, label="true function")
        axes.plot(x, y, ".", color="tab:gray", label="observed")
        axes.set(title=f"{name}: log marginal likelihood {reached:.3f} per point", xlabel="x")
    panels[0].legend()
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(-3, 3, (80, 1)), axis=0)
    y = function(x[:, 0]) + 0.1 * rng.standard_normal(80)
    shapes = [(1, 20), (20,), (20, 20), (20,), (20, 2), (2,)]
    weights = [rng.standard_normal(shape) for shape in shapes]
    weights[0] *= 3
    weights[2] /= np.sqrt(20)
    weights[4] /= np.sqrt(20)
    models = {
        "no network": fit("no network", x, y, [], options.steps),
        "a network": fit("a network", x, y, weights, options.steps),
    }
    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        draw(options.output / "deep_kernel.png", x, y, models)
    without, reached = (model[-1] for model in models.values())
    print(f"log marginal likelihood per point: {reached:.3f} ({without:.3f} without network)")


if __name__ == "__main__":
    main()
