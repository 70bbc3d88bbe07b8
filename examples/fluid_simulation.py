"""A wind that blows a disc of smoke into a heart: gradients through a fluid simulation.

    python examples/fluid_simulation.py

The simulation is a NumPy program on a grid whose edges are joined. Each time step takes away the
divergence of the velocity, as an incompressible fluid has none, and carries velocity and smoke
along with the flow. The loss is the difference between the smoke at the end and the target; its
gradient, back through all steps, says how to change the wind at the start. A picture goes to the
output folder. The last line printed is how much of the difference is left.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg

try:
    from matplotlib.figure import Figure
except ImportError:  # then there is no picture
    Figure = None

SIZE, TIMES = 40, 20
GRID = np.indices((SIZE, SIZE)).astype(float)  # the row and the column of each cell
Y, X = 2 * GRID / (SIZE - 1) - 1


def project(velocity, iterations=10):
    """Take away the divergence, by the gradient of a pressure that Jacobi iterations find."""
    down, right = velocity
    divergence = (
        np.roll(down, -1, 0) - np.roll(down, 1, 0) + np.roll(right, -1, 1) - np.roll(right, 1, 1)
    ) / 2
    pressure = -divergence / 4
    for _ in range(iterations):
        neighbours = (
            np.roll(pressure, 1, 0)
            + np.roll(pressure, -1, 0)
            + np.roll(pressure, 1, 1)
            + np.roll(pressure, -1, 1)
        )
        pressure = (neighbours - divergence) / 4
    slopes = [np.roll(pressure, -1, axis) - np.roll(pressure, 1, axis) for axis in (0, 1)]
    return velocity - np.stack(slopes) / 2


def advect(fields, velocity):
    """Give each cell the value of the place that it came from, interpolated between four cells."""
    origin = GRID - velocity
    with mg.no_grad():  # which cells are met is a step function, without a derivative
        corner = np.floor(origin)
        i, j = corner.astype(int) % SIZE
    low, high = origin - corner, 1 - origin + corner  # how near the next cell is, and this one
    i_next, j_next = (i + 1) % SIZE, (j + 1) % SIZE
    return high[0] * (high[1] * fields[:, i, j] + low[1] * fields[:, i, j_next]) + low[0] * (
        high[1] * fields[:, i_next, j] + low[1] * fields[:, i_next, j_next]
    )


def simulate(velocity, smoke):
    """Return the smoke at all times."""
    frames = [smoke]
    for _ in range(TIMES):
        velocity = project(velocity)
        fields = advect(np.concatenate([velocity, smoke[None]]), velocity)
        velocity, smoke = fields[:2], fields[2]
        frames.append(smoke)
    return frames


def draw(path, frames, target, wind, history):
    figure = Figure(figsize=(10, 5.4), layout="constrained")
    *panels, arrows, curve = figure.subplots(2, 4).flat
    times = np.linspace(0, TIMES, 5).astype(int)
    images = {f"smoke at time {time}": frames[time] for time in times} | {"target": target}
    for axes, (title, image) in zip(panels, images.items(), strict=True):
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        axes.set(title=title, xticks=[], yticks=[])
    down, right = wind[:, 1::2, 1::2]
    arrows.quiver(*GRID[::-1, 1::2, 1::2], right, down, angles="xy", scale=8, width=0.006)
    arrows.set(title="wind at the start", xticks=[], yticks=[], aspect=1)
    arrows.invert_yaxis()
    curve.semilogy(history)
    curve.set(title="difference", xlabel="step")
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    heart = 0.5 - 0.5 * np.tanh(9 * (np.hypot(1.6 * X, 0.3 - 2 * Y - np.sqrt(1.6 * abs(X))) - 1))
    radius = 2 * np.sqrt(heart.mean() / np.pi)  # no fluid gets lost: a disc of the same area
    disc = 0.5 - 0.5 * np.tanh(15 * (np.hypot(X, Y) - radius))

    wind = mg.tensor(np.zeros((2, SIZE, SIZE)), requires_grad=True)
    optimizer = mg.optim.Adam([wind], lr=0.03)
    still, history = np.mean((disc - heart) ** 2), []
    for step in range(options.steps):
        loss = np.mean((simulate(wind, disc)[-1] - heart) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item() / still)
        if step % 10 == 0:
            print(f"step {step}: difference {history[-1]:.3f}")

    frames = simulate(wind.numpy(), disc)
    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        picture = options.output / "fluid_simulation.png"
        draw(picture, frames, heart, project(wind.numpy()), history)
    left = np.mean((frames[-1] - heart) ** 2) / still
    print(f"difference left: {left:.3f}")


if __name__ == "__main__":
    main()
