"""A network that solves Burgers' equation: its own derivatives are put into the equation.

    python examples/physics_informed.py

A wave u(t, x) starts as -sin(pi x), and steepens into a front, by

    u_t + u u_x = NU u_xx        for t from 0 to 1 and x from -1 to 1, with u = 0 at both ends.

No solution is shown to the network. Its loss is how far it is from the equation at random points;
there u_t, u_x and u_xx are gradients of its output, and the step of the optimiser differentiates
them once more. The picture, in the output folder, compares it with the exact solution. The last
line printed is the error: the root of the mean square of the difference, relative to the solution.
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

NU = 0.1 / np.pi


class Wave(nn.Module):
    def __init__(self, width=32):
        self.net = nn.Sequential(
            nn.Linear(2, width),
            nn.Tanh(),
            nn.Linear(width, width),
            nn.Tanh(),
            nn.Linear(width, width),
            nn.Tanh(),
            nn.Linear(width, 1),
        )

    def forward(self, t, x):
        """Map columns t and x to u, which has the values at the start and at both ends."""
        free = self.net(mg.concatenate([t, x], axis=1))
        return -mg.sin(np.pi * x) + t * (1 - x**2) * free


def residual(u, t, x):
    """What is left of Burgers' equation at each point: 0 for a solution."""
    # A point's output depends on that point alone, so the gradient of the sum holds each slope.
    value = u(t, x)
    u_t, u_x = mg.grad(value.sum(), (t, x), create_graph=True)
    (u_xx,) = mg.grad(u_x.sum(), x, create_graph=True)
    return u_t + value * u_x - NU * u_xx


def train(u, t, x, steps):
    """Return the loss after each step of L-BFGS; a step is up to 20 iterations."""
    t, x = mg.tensor(t, requires_grad=True), mg.tensor(x, requires_grad=True)
    optimizer = optim.LBFGS(u.parameters(), max_iter=20, line_search_fn="strong_wolfe")

    def closure():
        loss = (residual(u, t, x) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        return loss

    losses = []
    for step in range(steps):
        losses.append(optimizer.step(closure).item())  # as it was before the step
        if step % 5 == 0:
            print(f"step {step}: mean square of the residual {losses[-1]:.2e}")
    return losses


def solution(t, x):
    """The exact solution, by the transform of Cole and Hopf and Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite.hermgauss(100)
    y = x[..., None] - np.sqrt(4 * NU * t[..., None]) * nodes
    phi = weights * np.exp(-np.cos(np.pi * y) / (2 * np.pi * NU))
    return -(np.sin(np.pi * y) * phi).sum(axis=-1) / phi.sum(axis=-1)


def draw(path, losses, t, x, found, true):
    figure = Figure(figsize=(13, 4), layout="constrained")
    over_time, profiles, loss = figure.subplots(1, 3)
    image = over_time.pcolormesh(t, x, found, cmap="RdBu_r", vmin=-1, vmax=1, shading="gouraud")
    figure.colorbar(image, ax=over_time, label="u")
    over_time.set(title="the network's solution", xlabel="t", ylabel="x")

    colours = {0: "silver", 25: "gold", 50: "darkorange", 100: "tab:red"}
    for i, colour in colours.items():
        profiles.plot(x[i], true[i], color=colour, linewidth=4, alpha=0.5)
        profiles.plot(x[i], found[i], color="black", linewidth=1)
        profiles.plot([], color=colour, linewidth=4, alpha=0.5, label=f"t = {t[i, 0]:.2f}")
    profiles.set(title="exact (colour) and found (black)", xlabel="x", ylabel="u")
    profiles.legend(frameon=False)

    loss.semilogy(range(1, len(losses) + 1), losses, ".-", color="tab:gray")
    loss.set(title="mean square of the residual", xlabel="steps of L-BFGS")
    loss.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()

    mg.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    u = Wave().double()
    points = rng.uniform((0, -1), (1, 1), (options.points, 2))
    losses = train(u, points[:, :1], points[:, 1:], options.steps)

    t, x = np.meshgrid(np.linspace(0, 1, 101), np.linspace(-1, 1, 201), indexing="ij")
    true = solution(t, x)
    with mg.no_grad():
        found = u(t.reshape(-1, 1), x.reshape(-1, 1)).numpy().reshape(t.shape)
    if Figure:
        options.output.mkdir(parents=True, exist_ok=True)
        draw(options.output / "physics_informed.png", losses, t, x, found, true)
    print(f"relative error: {np.linalg.norm(found - true) / np.linalg.norm(true):.5f}")


if __name__ == "__main__":
    main()
