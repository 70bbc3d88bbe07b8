import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.optim.line_search import Point, strong_wolfe

rng = np.random.default_rng(0)


def minimized(function, p, steps=1, **settings):
    """The optimiser after some steps, and how often the function was called."""
    optimizer = optim.LBFGS([p], **settings)
    calls = []

    def closure():
        optimizer.zero_grad()
        loss = function(p)
        loss.backward()
        calls.append(loss.item())
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    return optimizer, calls


def rosenbrock(p):
    return 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_a_quadratic_ends_at_its_solution(search):
    a = rng.standard_normal((8, 8))
    a = a @ a.T + np.eye(8)
    b = rng.standard_normal(8)
    p = mg.tensor(np.zeros(8), requires_grad=True)
    minimized(lambda p: 0.5 * p @ (a @ p) - b @ p, p, max_iter=200, line_search_fn=search)
    np.testing.assert_allclose(p.numpy(), np.linalg.solve(a, b), atol=1e-4)


def test_rosenbrock_ends_in_its_valley():
    p = mg.tensor([-1.2, 1.0], requires_grad=True)
    optimizer, calls = minimized(rosenbrock, p, max_iter=100, line_search_fn="strong_wolfe")
    # A step ends where the loss, here about the square of the distance, changes by 1e-9.
    np.testing.assert_allclose(p.numpy(), [1, 1], atol=1e-4)
    assert len(calls) == optimizer.state[p]["func_evals"] < 60


def test_the_settings_bound_a_step():
    for settings, calls in (
        ({"max_iter": 3}, 3),
        ({"max_eval": 4}, 4),
        ({"tolerance_grad": 1e9}, 1),
        ({"tolerance_change": 1e9}, 1),
    ):
        p = mg.tensor([-1.2, 1.0], requires_grad=True)
        assert len(minimized(rosenbrock, p, lr=1e-3, **settings)[1]) == calls
    p = mg.tensor([-1.2, 1.0], requires_grad=True)
    optimizer, _ = minimized(rosenbrock, p, lr=0.1, history_size=4)
    assert [len(optimizer.state[p][key]) for key in ("old_dirs", "old_stps", "ro")] == [4] * 3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_learns(dtype):
    mg.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(2, 8, dtype=dtype), nn.ReLU(), nn.Linear(8, 2, bias=False, dtype=dtype)
    )
    x = rng.standard_normal((64, 2))
    y = (x[:, 0] > x[:, 1]).astype(int)
    optimizer = optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = mg.cross_entropy(model(x), y)
        loss.backward()
        return loss

    first = optimizer.step(closure).item()
    assert optimizer.step(closure).item() < 0.1 * first
    assert {p.dtype for p in model.parameters()} == {np.dtype(dtype)}


def test_a_run_continues_from_a_state():
    p = mg.tensor([-1.2, 1.0], requires_grad=True)
    settings = {"max_iter": 3, "line_search_fn": "strong_wolfe"}
    first, _ = minimized(rosenbrock, p, steps=2, **settings)
    q = mg.tensor(p.numpy(), requires_grad=True)
    second = optim.LBFGS([q])
    second.load_state_dict(first.state_dict())
    for optimizer, r in ((first, p), (second, q)):

        def closure(optimizer=optimizer, r=r):
            optimizer.zero_grad()
            loss = rosenbrock(r)
            loss.backward()
            return loss

        for _ in range(3):
            optimizer.step(closure)
    np.testing.assert_array_equal(p.numpy(), q.numpy())
    np.testing.assert_equal(first.state_dict(), second.state_dict())


def test_values_in_a_graph_do_not_change():
    p = mg.tensor([-1.2, 1.0], requires_grad=True)
    held, y = p.numpy(), (p * p).sum()
    minimized(rosenbrock, p, line_search_fn="strong_wolfe")
    assert held.tolist() == [-1.2, 1.0]
    p.grad = None
    y.backward()
    np.testing.assert_array_equal(p.grad.numpy(), [-2.4, 2.0])


# (loss, slope) of lines that need all the branches of the search.
LINES = {
    "a parabola": (lambda t: (t - 3) ** 2, lambda t: 2 * (t - 3)),
    "a wave": (
        lambda t: np.sin(3 * t) - t / 2 + t**2 / 20,
        lambda t: 3 * np.cos(3 * t) - 0.5 + t / 10,
    ),
    "a wall": (lambda t: np.exp(5 * t) - 20 * t, lambda t: 5 * np.exp(5 * t) - 20),
    "a long slope": (lambda t: -np.log1p(t) + 1e-4 * t * t, lambda t: -1 / (1 + t) + 2e-4 * t),
}


@pytest.mark.parametrize("step", [1e-3, 0.1, 1.0, 7.0])
@pytest.mark.parametrize("line", LINES)
def test_a_line_search_ends_at_a_good_point(line, step):
    loss, slope = LINES[line]
    if line == "a wave":  # it must begin downhill
        loss, slope = (lambda t, f=f: f(t + 1) for f in (loss, slope))
    visited = []

    def evaluate(t):
        visited.append(t)
        return Point(t, float(loss(t)), np.array([slope(t)]), float(slope(t)))

    start = evaluate(0.0)
    assert start.slope < 0
    point, count = strong_wolfe(evaluate, start, step, 1.0, 1e-9, 25)
    assert count == len(visited) - 1
    assert point.loss <= start.loss + 1e-4 * point.step * start.slope
    assert abs(point.slope) <= 0.9 * abs(start.slope)
    assert point.step in visited


p = mg.tensor([1.0, 2.0], requires_grad=True)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: optim.LBFGS([p]).step(), TypeError, r"needs a closure, .* zero_grad\(\)"),
        (lambda: optim.LBFGS([p]).step(3), TypeError, "closure is a int"),
        (lambda: optim.LBFGS([p]).step(lambda: p.sum()), RuntimeError, "must call the loss's back"),
        (lambda: optim.LBFGS([p]).step(lambda: None), TypeError, "it must return the loss"),
        (lambda: optim.LBFGS([p], line_search_fn="wolfe"), ValueError, "None or 'strong_wolfe'"),
        (lambda: optim.LBFGS([p], lr=-1), ValueError, "LBFGS: lr must be at least 0"),
        (lambda: optim.LBFGS([{"params": p}, {"params": []}]), ValueError, "but one group"),
        (
            lambda: optim.LBFGS([p]).load_state_dict(
                optim.LBFGS([p]).state_dict() | {"state": {0: {"d": np.ones(3)}}}
            ),
            ValueError,
            r"'d' has shape \(3,\), the parameters have 2 elements",
        ),
    ],
)
def test_misuse_is_explained(call, error, message):
    p.grad = None
    with pytest.raises(error, match=message):
        call()
