"""Logistic regression by Newton's method, L-BFGS and gradient descent.

    python examples/newton_and_lbfgs.py --seed 0 --output output

The loss is convex and smooth, so all three reach the same optimum. Newton's method solves with the
Hessian, by `mg.hessian`, and doubles the number of correct digits in each step; L-BFGS guesses the
Hessian from the last gradients; gradient descent knows only the slope. The picture shows the gap to
the optimum against iterations, and the line where both classes are equally likely. The last line
printed tells how many iterations each needed to bring the gap below 1e-10.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import minigrad as mg
from minigrad import nn, optim

TOLERANCE = 1e-10
COLOURS = {"Newton": "tab:red", "L-BFGS": "tab:blue", "gradient descent": "tab:gray"}


def loss_of(x, y, decay=1e-3):
    """Return the function to be minimised; its parameters are the weights and the bias."""

    def loss(parameters):
        logits = x @ parameters[:-1] + parameters[-1]
        penalty = decay / 2 * (parameters**2).sum()
        return nn.functional.binary_cross_entropy_with_logits(logits, y) + penalty

    return loss


def newton(loss, start, steps):
    """Yield the loss and the parameters, at the start and after each step."""
    parameters = start
    value_and_gradient, hessian = mg.value_and_grad(loss), mg.hessian(loss)
    for _ in range(steps + 1):
        value, gradient = value_and_gradient(parameters)
        yield value.item(), parameters
        step = np.linalg.solve(hessian(parameters).numpy(), gradient.numpy())
        length = 1.0
        # Far from the optimum a whole step may lead too far.
        while length > 1e-6 and loss(parameters - length * step).item() > value.item():
            length /= 2
        parameters = parameters - length * step


def by_optimizer(loss, start, steps, make):
    """As `newton`, with an optimiser that calls the closure as often as it needs."""
    parameters = mg.tensor(start, requires_grad=True)
    optimizer = make([parameters])

    def closure():
        optimizer.zero_grad()
        value = loss(parameters)
        value.backward()
        return value

    for _ in range(steps + 1):
        before = parameters.numpy().copy()
        yield optimizer.step(closure).item(), before


def draw(path, gaps, x, y, parameters):
    figure = Figure(figsize=(12, 4.8), layout="constrained")
    figure.get_layout_engine().set(wspace=0.06)
    left, right = figure.subplots(1, 2)
    left.axhline(TOLERANCE, color="black", linestyle=":", linewidth=1)
    for name, gap in gaps.items():
        # Below 1e-15 the gap is the rounding of the loss.
        left.plot(np.maximum(gap, 1e-15), ".-", markersize=4, color=COLOURS[name], label=name)
    left.set(title="gap to the optimum", xlabel="iteration", yscale="log")
    left.set_xscale("symlog", linthresh=10, linscale=2)
    left.set_xlim(0)
    ticks = [0, 2, 4, 6, 8, 10, 30, 100, 300, 1000]
    left.set_xticks([tick for tick in ticks if tick < max(map(len, gaps.values()))])
    left.xaxis.set_major_formatter("{x:.0f}")
    left.grid(alpha=0.3)
    left.legend(frameon=False)

    for label, colour in enumerate(["tab:blue", "tab:orange"]):
        right.plot(*x[y == label].T, ".", color=colour, label=f"class {label}")
    ends = np.array([x[:, 0].min(), x[:, 0].max()])
    a, b, bias = parameters
    for probability, style in [(0.1, ":"), (0.5, "-"), (0.9, ":")]:
        logit = np.log(probability / (1 - probability))
        up = (logit - bias - a * ends) / b
        right.plot(ends, up, style, color="black")
        right.text(ends[1] + 0.1, up[1], f"{probability:.0%}", va="center")
    right.set(title="where class 1 has a probability of 10%, 50% and 90%")
    right.set_xlim(right=ends[1] + 0.5)
    right.legend(loc="lower left")
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=1000, help="most, of gradient descent")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("output"), help="folder to write to")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)

    mg.manual_seed(options.seed)
    x, y = mg.data.moons(400, 0.2)
    x = (x - x.mean(axis=0)).astype(np.float64) * [1, 3]  # unequal scales, as data have them
    loss, start = loss_of(x, y.astype(np.float64)), np.zeros(3)
    paths = {
        "Newton": newton(loss, start, steps=8),
        "L-BFGS": by_optimizer(
            loss,
            start,
            min(options.steps, 15),
            # One iteration in each step, to look at each of them.
            lambda p: optim.LBFGS(
                p,
                max_iter=1,
                max_eval=25,
                tolerance_change=0,
                line_search_fn="strong_wolfe",
            ),
        ),
        "gradient descent": by_optimizer(loss, start, options.steps, lambda p: optim.SGD(p, 0.5)),
    }
    paths = {name: list(path) for name, path in paths.items()}
    points = [point for path in paths.values() for point in path]
    optimum, parameters = min(points, key=lambda point: point[0])
    gaps = {name: np.array([value for value, _ in path]) - optimum for name, path in paths.items()}

    print("iteration" + "".join(f"{name:>18}" for name in gaps))
    for iteration in [0, 1, 2, 4, 6, 8, 10, 20, 50, 100, 200, 500, 1000]:
        found = [f"{gap[iteration]:.1e}" if iteration < len(gap) else "" for gap in gaps.values()]
        if any(found):
            print(f"{iteration:9}" + "".join(f"{text:>18}" for text in found))
    picture = options.output / "newton_and_lbfgs.png"
    draw(picture, gaps, x, y, parameters)
    print(f"picture: {picture}")
    needed = []
    for name, gap in gaps.items():
        reached = gap.min() < TOLERANCE
        needed.append(f"{name} {np.argmax(gap < TOLERANCE) if reached else f'over {len(gap) - 1}'}")
    print(f"iterations needed: {', '.join(needed)}")


if __name__ == "__main__":
    main()
