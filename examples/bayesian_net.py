"""A Bayesian neural network: each weight is a normal distribution, fitted by variational inference.

    python examples/bayesian_net.py

The evidence lower bound (ELBO) is the mean log likelihood of the observations, over networks drawn
from the distributions, minus the divergence (Kullback-Leibler) of those from the prior. A weight is
drawn as mean + deviation · noise, so gradients flow to both numbers. Many networks are drawn and
computed at once, along a first axis. A picture goes to the output folder. The last line printed is
the ELBO per observation, at the start and at the end.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg

try:
    from matplotlib.figure import Figure
except ImportError:  # then there is no picture
    Figure = None

HIDDEN, NOISE = 10, 0.1  # units, and the standard deviation of an observation


def networks(x, weights):
    """Return what each network, a row of weights, says at the inputs, as (networks, inputs)."""
    w1, b1, w2, b2 = np.split(weights[:, None], [HIDDEN, 2 * HIDDEN, 3 * HIDDEN], axis=-1)
    hidden = np.tanh(3 * (x[:, None] * w1 + b1))
    return np.sum(hidden * w2, axis=-1) + b2[..., 0]


def draw_weights(mean, log_deviation, noise):
    return mean + np.exp(log_deviation) * noise


def elbo(mean, log_deviation, x, y, noise):
    """Return an estimate of the bound per observation, from a network for each row of noise."""
    z = (y - networks(x, draw_weights(mean, log_deviation, noise))) / NOISE
    log_likelihood = np.mean(np.sum(-(z**2) / 2 - np.log(NOISE * np.sqrt(2 * np.pi)), axis=1))
    # From normal distributions to the prior, which has mean 0 and deviation 1.
    divergence = np.sum(np.exp(2 * log_deviation) + mean**2 - 1 - 2 * log_deviation) / 2
    return (log_likelihood - divergence) / len(y)


def draw(path, x, y, mean, log_deviation, rng):
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    grid = np.linspace(-2, 2, 200)
    noise = rng.standard_normal((500, mean.size))
    said = networks(grid, draw_weights(mean, log_deviation, noise))
    low, middle, high = np.quantile(said, [0.05, 0.5, 0.95], axis=0)
    axes.fill_between(grid, low, high, color="tab:red", alpha=0.2, label="nine networks in ten")
    axes.plot(grid, said[:5].T, color="tab:red", linewidth=0.5)
    axes.plot(grid, middle, color="tab:red", label="median, and five networks (thin)")
    axes.plot(x, y, ".", color="black", label="observed")
    axes.set(title="networks drawn from the fitted distributions", xlabel="x", ylim=(-1.7, 1.7))
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    rng = np.random.default_rng(0)
    # Nothing is observed in the middle, where the networks should disagree.
    x = np.concatenate([rng.uniform(-1.5, -0.4, 40), rng.uniform(0.4, 1.5, 40)])
    y = np.sin(4 * x) * np.cos(x) + NOISE * rng.standard_normal(x.size)

    weights = 3 * HIDDEN + 1
    mean = mg.tensor(0.5 * rng.standard_normal(weights), requires_grad=True)
    log_deviation = mg.tensor(np.full(weights, -3.0), requires_grad=True)
    optimizer = mg.optim.Adam([mean, log_deviation], lr=0.01)
    history = []
    for step in range(options.steps):
        noise = rng.standard_normal((8, mean.size))
        loss = -elbo(mean, log_deviation, x, y, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(-loss.item())
        if step % 250 == 0:
            print(f"step {step}: ELBO per observation {history[-1]:.2f}")

    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        picture = options.output / "bayesian_net.png"
        draw(picture, x, y, mean.numpy(), log_deviation.numpy(), rng)
    print(f"ELBO per observation: {np.mean(history[-50:]):.2f} ({history[0]:.2f} at the start)")


if __name__ == "__main__":
    main()
