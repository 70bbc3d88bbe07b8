"""A mixture of Gaussians fitted by natural gradients, next to plain gradients.

    python examples/gaussian_mixture.py

The natural gradient of the mean log density is F⁻¹ times the gradient, where F is the Fisher
information, the mean of score scoreᵀ. A score is the gradient of the log density of one point;
the mean runs over the observed points (the "empirical" Fisher information). One backward pass
gives all scores: every point gets a row of parameters of its own, and the gradients by the rows
are the scores. A picture goes to the output folder. The last line printed is the log density per
point, at the start and after natural gradients, with that of the mixture that drew the points.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg

try:
    from matplotlib.figure import Figure
except ImportError:  # then there is no picture
    Figure = None

COMPONENTS = 5


def unpack(parameters):
    """Split rows of parameters into logarithms of weights, means, and matrices that whiten.

    Such a matrix W is lower triangular, with W Wᵀ the inverse of the covariance.
    """
    p = np.reshape(parameters, (-1, COMPONENTS, 6))
    log_weights = p[..., 0] - np.log(np.sum(np.exp(p[..., 0]), axis=1, keepdims=True))
    zero = np.zeros_like(p[..., 0])
    rows = [np.stack([np.exp(p[..., 3]), zero], -1), np.stack([p[..., 4], np.exp(p[..., 5])], -1)]
    return log_weights, p[..., 1:3], np.stack(rows, axis=-2)


def log_density(points, parameters):
    """Return the logarithm of the density at each point, each by its row of parameters."""
    log_weights, means, whiten = unpack(parameters)
    z = np.einsum("nki,nkij->nkj", points[:, None] - means, whiten)
    log_volumes = np.log(whiten[..., 0, 0] * whiten[..., 1, 1])
    terms = log_weights + log_volumes - np.sum(z**2, axis=-1) / 2 - np.log(2 * np.pi)
    largest = np.max(terms, axis=1)
    return largest + np.log(np.sum(np.exp(terms - largest[:, None]), axis=1))


def scores(points, parameters):
    rows = mg.tensor(np.tile(parameters, (len(points), 1)), requires_grad=True)
    (gradients,) = mg.grad(log_density(points, rows).sum(), rows)
    return gradients.numpy()


def fit(points, parameters, steps, natural):
    """Ascend the mean log density; return the parameters and what they reached in each step."""
    reached = [log_density(points, parameters).mean()]
    size = 0.5
    for _ in range(steps):
        s = scores(points, parameters)
        direction = s.mean(axis=0)
        if natural:
            # The damping bounds the step where the points say nothing; the weights, for one, do
            # not change when the same is added to all of their logarithms.
            fisher = s.T @ s / len(s) + 1e-2 * np.eye(s.shape[1])
            direction = np.linalg.solve(fisher, direction)
        size = min(2 * size, 0.5) if natural else 2 * size
        while (value := log_density(points, parameters + size * direction).mean()) < reached[-1]:
            size /= 2
        parameters = parameters + size * direction
        reached.append(value)
    return parameters, reached


def draw(path, points, fitted, curves, truth):
    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(*points.T, ".", color="tab:gray", markersize=3)
    circle = np.stack([np.cos(t := np.linspace(0, 2 * np.pi, 100)), np.sin(t)])
    _, means, whiten = unpack(fitted)
    for mean, w in zip(means[0], whiten[0], strict=True):
        left.plot(*(mean[:, None] + 2 * np.linalg.solve(w.T, circle)), color="tab:red")
    left.set(title="points, and two standard deviations of each component", aspect=1)
    for label, curve in curves.items():
        right.plot(curve, label=label)
    right.axhline(truth, color="black", linestyle="--", label="the mixture that drew the points")
    right.set(title="log density per point", xlabel="step")
    right.legend()
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    rng = np.random.default_rng(2)  # from other starts it can end at a lower maximum
    # A ring of tilted ellipses: the log of a weight, a mean, and the three numbers of W.
    angles = 2 * np.pi * np.arange(COMPONENTS) / COMPONENTS
    true = np.zeros((COMPONENTS, 6))
    true[:, 1:3] = 3 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    true[:, 3:] = np.stack([0.3 + 0 * angles, 2 * np.cos(2 * angles), 0.6 + 0 * angles], axis=1)
    _, means, whiten = (part[0] for part in unpack(true))
    component = rng.integers(COMPONENTS, size=500)
    noise = rng.standard_normal((500, 2, 1))
    points = means[component] + np.linalg.solve(whiten[component].mT, noise)[..., 0]

    start = np.zeros((COMPONENTS, 6))
    start[:, 1:3] = rng.choice(points, COMPONENTS, replace=False)
    start[:, [3, 5]] = -0.5
    start = start.ravel()
    fitted, reached = fit(points, start, options.steps, natural=True)
    _, plain = fit(points, start, options.steps, natural=False)
    truth = log_density(points, true.ravel()).mean()
    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        curves = {"natural gradients": reached, "plain gradients": plain}
        draw(options.output / "gaussian_mixture.png", points, fitted, curves, truth)
    print(f"plain gradients: {plain[-1]:.3f}")
    print(f"log density per point: {reached[-1]:.3f} ({reached[0]:.3f} at the start, {truth:.3f})")


if __name__ == "__main__":
    main()
