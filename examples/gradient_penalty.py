"""A Wasserstein GAN with gradient penalty learns to draw from eight Gaussians.

    python examples/gradient_penalty.py --steps 2500 --seed 0 --output output

The critic is trained to be large on real points and small on generated ones, with a slope of about
1 in between: the penalty is (|gradient of the critic by its input| - 1)², and to descend it, that
gradient is differentiated again. The picture shows the points before and after, the critic's level
lines and the losses. The last line printed is the sliced Wasserstein distance between 2000 real
and 2000 generated points, and what it was at the start.

I. Gulrajani et al., "Improved training of Wasserstein GANs", https://arxiv.org/abs/1704.00028
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import trange

import minigrad as mg
from minigrad import nn, optim


def eight_gaussians(n, rng):
    angle = 2 * np.pi / 8 * rng.integers(8, size=n)
    centres = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (centres + 0.1 * rng.standard_normal((n, 2))).astype(np.float32)


def network(inputs, outputs, hidden=64):
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.ReLU(),
        nn.Linear(hidden, outputs),
    )


def noise(n, rng):
    return rng.standard_normal((n, 2), dtype=np.float32)


def generate(generator, n, rng):
    with mg.no_grad():
        return generator(noise(n, rng)).numpy()


def gradient_penalty(critic, real, generated, rng):
    """Return the mean of (slope - 1)² at random places between real and generated points."""
    share = rng.random((len(real), 1), dtype=np.float32)
    between = mg.tensor(share * real + (1 - share) * generated, requires_grad=True)
    (gradient,) = mg.grad(critic(between).sum(), between, create_graph=True)
    return ((mg.linalg.norm(gradient, axis=1) - 1) ** 2).mean()


def train(generator, critic, steps, rng, batch=128, critic_steps=3, weight=1.0):
    """Train both; return in each step the critic's estimate of the distance and the penalty."""
    critic_optimizer = optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
    generator_optimizer = optim.Adam(generator.parameters(), lr=5e-4, betas=(0.5, 0.9))
    recorded = []
    for _ in trange(steps, desc="training", unit="step"):
        for _ in range(critic_steps):
            real, generated = eight_gaussians(batch, rng), generate(generator, batch, rng)
            distance = critic(real).mean() - critic(generated).mean()
            penalty = gradient_penalty(critic, real, generated, rng)
            critic_optimizer.zero_grad()
            (weight * penalty - distance).backward()
            critic_optimizer.step()

        generator_optimizer.zero_grad()
        (-critic(generator(noise(batch, rng))).mean()).backward()
        generator_optimizer.step()
        recorded.append((distance.item(), penalty.item()))
    return np.array(recorded)


def sliced_wasserstein(a, b, directions=100):
    """Return the mean distance of the sorted projections of two samples on lines."""
    angle = np.pi * np.arange(directions) / directions
    lines = np.stack([np.cos(angle), np.sin(angle)])
    return np.abs(np.sort(a @ lines, axis=0) - np.sort(b @ lines, axis=0)).mean()


def draw(path, real, before, after, critic, recorded, distances):
    figure = Figure(figsize=(15, 4.8), layout="constrained")
    figure.get_layout_engine().set(wspace=0.06)
    grid = figure.add_gridspec(2, 3, width_ratios=[1, 1.12, 1])
    left, middle = (figure.add_subplot(grid[:, column]) for column in (0, 1))

    across, up = np.meshgrid(*[np.linspace(-3, 3, 120, dtype=np.float32)] * 2)
    heights = mg.training.predict(critic, np.stack([across.ravel(), up.ravel()], axis=1)).numpy()
    levels = middle.contourf(across, up, heights.reshape(across.shape), 15, cmap="Greys", alpha=0.6)
    figure.colorbar(levels, ax=middle, label="critic")
    for axes, generated, when, distance in [
        (left, before, "before", distances[0]),
        (middle, after, "after training", distances[1]),
    ]:
        axes.plot(*real.T, ".", color="tab:blue", markersize=3, label="real")
        axes.plot(*generated.T, ".", color="tab:red", markersize=2, label="generated")
        axes.set(title=f"{when}, distance {distance:.2f}", xlim=(-3, 3), ylim=(-3, 3), aspect=1)
    left.legend(loc="upper right", markerscale=3)

    titles = "critic's estimate of the distance", "gradient penalty"
    for row, title in enumerate(titles):
        axes = figure.add_subplot(grid[row, 2])
        axes.plot(recorded[:, row], color="tab:gray", linewidth=0.6)
        axes.set(title=title, xlabel="step" if row else "", ylim=(0, None))
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    mg.manual_seed(options.seed)
    rng = mg.random.generator()  # the one that has been seeded
    generator, critic = network(2, 2), network(2, 1)
    real, before = eight_gaussians(2000, rng), generate(generator, 2000, rng)
    recorded = train(generator, critic, options.steps, rng)
    after = generate(generator, 2000, rng)
    distances = sliced_wasserstein(real, before), sliced_wasserstein(real, after)

    picture = options.output / "gradient_penalty.png"
    draw(picture, real, before, after, critic, recorded, distances)
    print(f"picture: {picture}")
    print(f"sliced Wasserstein distance: {distances[1]:.3f} ({distances[0]:.3f} at the start)")


if __name__ == "__main__":
    main()
