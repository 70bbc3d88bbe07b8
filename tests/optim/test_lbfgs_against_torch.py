"""L-BFGS goes where PyTorch's goes."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

rng = np.random.default_rng(0)
x = rng.standard_normal((20, 3))
y = rng.standard_normal((20, 2))


def quadratic(m, p, q):
    return (p[0] * p[0] / 20 + p[1] * p[1]).sum() + (q * q).sum()


def rosenbrock(m, p, q):
    return (100 * (p[1] - p[0] * p[0]) ** 2 + (1 - p[0]) ** 2).sum() + (q * q).sum()


def regression(m, p, q):
    """Least squares of a small network."""
    array = torch.tensor if m is torch else np.asarray
    return ((m.tanh(array(x) @ q.T) @ p - array(y)) ** 2).mean()


SETTINGS = [
    {},
    {"lr": 0.1, "max_iter": 7},
    {"lr": 0.5, "history_size": 3, "max_iter": 10},
    {"max_eval": 5},
    {"tolerance_grad": 1e-2},
    {"tolerance_change": 1e-3},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "lr": 0.1, "max_iter": 4},
    {"line_search_fn": "strong_wolfe", "lr": 10, "history_size": 2},
    {"line_search_fn": "strong_wolfe", "max_eval": 6},
    {"line_search_fn": "strong_wolfe", "max_eval": 1},
]


def run(m, optimizer, function, parameters, steps):
    """Losses and parameters after each step, and how often the function was called."""
    calls = 0

    def closure():
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = function(m, *parameters)
        loss.backward()
        return loss

    for _ in range(steps):
        loss = optimizer.step(closure).item()
        yield loss, calls, *(np.array(p.detach().numpy()) for p in parameters)


def tracked(m, arrays):
    return [m.tensor(array, requires_grad=True) for array in arrays]


def start(function):
    first = [[-1.2, 0.5], [1.0, 0.0]]
    if function is quadratic:
        first = [[-7.0, 1.0], [2.0, 3.0]]
    if function is regression:
        first = [[0.1, 0.2], [0.3, -0.4], [0.1, 0.5], [0.2, -0.1]]
    return [np.array(first), np.random.default_rng(1).standard_normal((4, 3))]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("function", [quadratic, rosenbrock, regression])
def test_the_path_is_the_same(function, settings):
    own, peer = tracked(mg, start(function)), tracked(torch, start(function))
    # Later steps of the others magnify what was rounded.
    steps = 5 if function is quadratic else 2
    ours = run(mg, optim.LBFGS(own, **settings), function, own, steps)
    theirs = run(torch, torch.optim.LBFGS(peer, **settings), function, peer, steps)
    for found, expected in zip(ours, theirs, strict=True):
        if expected[0] > 1e10:  # without a line search it may go anywhere
            break
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_fifty_steps_of_one_iteration_are_the_same(search):
    own, peer = tracked(mg, start(regression)), tracked(torch, start(regression))
    settings = {"lr": 1.0 if search else 0.1, "max_iter": 1, "line_search_fn": search}
    ours = run(mg, optim.LBFGS(own, **settings), regression, own, 50)
    theirs = run(torch, torch.optim.LBFGS(peer, **settings), regression, peer, 50)
    for found, expected in zip(ours, theirs, strict=True):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_a_run_of_pytorch_is_continued(search):
    own, peer = tracked(mg, start(regression)), tracked(torch, start(regression))
    settings = {"lr": 0.5, "max_iter": 4, "line_search_fn": search}
    reference = torch.optim.LBFGS(peer, **settings)
    [*_, (*_, p, q)] = run(torch, reference, regression, peer, 2)
    own[0].data, own[1].data = p, q
    optimizer = optim.LBFGS(own)
    optimizer.load_state_dict(reference.state_dict())
    for found, expected in zip(
        run(mg, optimizer, regression, own, 3),
        run(torch, reference, regression, peer, 3),
        strict=True,
    ):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)
