"""Every optimiser goes where PyTorch's goes, for 50 steps."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

STEPS = 50
SETTINGS = [
    ("SGD", {}),
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.5}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.001, "momentum": 0.9, "maximize": True, "weight_decay": 0.01}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.01, "eps": 1e-3}),
    ("Adagrad", {"initial_accumulator_value": 0.5, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.01}),
    ("Adadelta", {"lr": 0.1, "maximize": True}),
    ("RMSprop", {"lr": 0.001, "eps": 1e-3}),
    ("RMSprop", {"lr": 0.001, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.01, "momentum": 0.9}),
    ("RMSprop", {"lr": 0.001, "centered": True, "eps": 1e-2, "momentum": 0.5}),
    ("RMSprop", {"lr": 0.001, "centered": True, "eps": 1e-2, "maximize": True}),
    ("Adam", {"eps": 1e-6}),
    ("Adam", {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.01}),
    ("Adam", {"lr": 0.01, "amsgrad": True, "eps": 1e-4, "betas": (0.5, 0.6)}),
    ("Adam", {"weight_decay": 0.1, "decoupled_weight_decay": True, "eps": 1e-6}),
    ("Adam", {"lr": 0.001, "maximize": True, "weight_decay": 0.01, "eps": 1e-6}),
    ("AdamW", {"eps": 1e-6}),
    ("AdamW", {"lr": 0.01, "weight_decay": 0.5, "amsgrad": True, "eps": 1e-4}),
    ("AdamW", {"lr": 0.001, "maximize": True, "eps": 1e-4}),
    ("Adamax", {"eps": 1e-6}),
    ("Adamax", {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.01}),
    ("Adamax", {"maximize": True, "eps": 1e-6}),
    ("NAdam", {"eps": 1e-6}),
    ("NAdam", {"lr": 0.01, "betas": (0.8, 0.9), "momentum_decay": 0.1, "eps": 1e-4}),
    ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True, "eps": 1e-6}),
    ("NAdam", {"maximize": True, "eps": 1e-6}),
    ("RAdam", {"eps": 1e-6}),
    ("RAdam", {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.01}),
    ("RAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True, "eps": 1e-6}),
    ("RAdam", {"lr": 0.001, "maximize": True, "eps": 1e-4}),
    ("Rprop", {"lr": 0.001}),
    ("Rprop", {"lr": 0.01, "etas": (0.4, 1.5), "step_sizes": (1e-3, 0.05)}),
    ("Rprop", {"lr": 0.001, "maximize": True, "step_sizes": (1e-6, 0.01)}),
    ("ASGD", {}),
    ("ASGD", {"lr": 0.05, "lambd": 0.1, "alpha": 0.5, "t0": 10, "weight_decay": 0.01}),
    ("ASGD", {"lr": 0.001, "t0": 0, "maximize": True}),
]
rng = np.random.default_rng(0)
x = rng.standard_normal((8, 6))
y = rng.integers(0, 3, 8)


def network(nn, dtype):
    return nn.Sequential(
        nn.Linear(6, 5, dtype=dtype),
        nn.Softplus() if hasattr(nn, "Softplus") else Softplus(),
        nn.Linear(5, 3, dtype=dtype),
    )


class Softplus(nn.Module):
    def forward(self, x):
        return mg.logaddexp(x, 0)


def assert_close(ours, theirs, tolerance, message):
    """Assert that arrays agree, relative to the largest element."""
    theirs = theirs.detach().numpy()
    np.testing.assert_allclose(
        ours, theirs, rtol=0, atol=tolerance * max(1, np.abs(theirs).max()), err_msg=message
    )


def groups(model, settings):
    """Two groups: weights as they are given, biases with settings of their own."""
    biases = {"lr": settings.get("lr", 0.01) / 2}
    if "weight_decay" in settings:
        biases["weight_decay"] = 0.0
    named = list(model.named_parameters())
    return [
        {"params": [p for name, p in named if name.endswith("weight")]},
        {"params": [p for name, p in named if name.endswith("bias")], **biases},
    ]


def pair(name, settings, dtype):
    """Two equal networks with their optimisers."""
    ours, theirs = network(nn, dtype), network(torch.nn, getattr(torch, dtype))
    ours.load_state_dict(theirs.state_dict())
    return (
        ours,
        theirs,
        getattr(optim, name)(groups(ours, settings), **settings),
        getattr(torch.optim, name)(groups(theirs, settings), **settings),
    )


def backward(ours, theirs, dtype):
    ours.zero_grad()
    mg.cross_entropy(ours(x), y).backward()
    theirs.zero_grad()
    images = torch.tensor(x.astype(dtype))
    torch.nn.functional.cross_entropy(theirs(images), torch.tensor(y)).backward()


def compare(ours, theirs, tolerance, message):
    state = ours.state_dict()
    for path, expected in theirs.state_dict().items():
        assert_close(state[path], expected, tolerance, f"{path} {message}")


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(
    ("name", "settings", "dtype", "tolerance"),
    [(*row, "float64", 1e-9) for row in SETTINGS]
    # The sign of a gradient near 0 is one of rounding, so Rprop's path in float32 is too.
    + [(*row, "float32", 2e-5) for row in SETTINGS if row[0] != "Rprop"],
)
def test_a_network_is_trained_alike(name, settings, dtype, tolerance):
    torch.manual_seed(0)
    ours, theirs, optimizer, reference = pair(name, settings, dtype)
    for step in range(STEPS):
        # As a schedule would.
        for group in (*optimizer.param_groups, *reference.param_groups):
            group["lr"] *= 0.99
        backward(ours, theirs, dtype)
        optimizer.step()
        reference.step()
        compare(ours, theirs, tolerance, f"after step {step}")


def quadratic(p):
    return (p[0] * p[0] / 20 + p[1] * p[1]).sum()


def rosenbrock(p):
    return (100 * (p[1] - p[0] * p[0]) ** 2 + (1 - p[0]) ** 2).sum()


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(
    ("function", "start"), [(quadratic, (-7.0, 2.0)), (rosenbrock, ([-1.2, 0.5], [1.0, 0.0]))]
)
@pytest.mark.parametrize(
    ("name", "settings"), [row for row in SETTINGS if "maximize" not in row[1]]
)
def test_a_function_is_descended_alike(name, settings, function, start):
    if name in ("SGD", "ASGD"):  # steep walls
        settings = settings | {"lr": 1e-4}
    ours = mg.tensor(start, requires_grad=True)
    theirs = torch.tensor(start, requires_grad=True)
    optimizer = getattr(optim, name)([ours], **settings)
    reference = getattr(torch.optim, name)([theirs], **settings)

    def closure():
        optimizer.zero_grad()
        loss = function(ours)
        loss.backward()
        return loss

    for step in range(STEPS):
        reference.zero_grad()
        expected = function(theirs)
        expected.backward()
        reference.step()
        np.testing.assert_allclose(optimizer.step(closure).item(), expected.item(), rtol=1e-9)
        assert_close(ours.numpy(), theirs, 1e-9, f"after step {step}")


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_a_run_of_pytorch_is_continued(name, settings):
    torch.manual_seed(0)
    _, theirs, _, reference = pair(name, settings, "float64")
    ours, _, optimizer, _ = pair(name, settings, "float64")
    for _ in range(5):
        backward(ours, theirs, "float64")
        reference.step()
    ours.load_state_dict(theirs.state_dict())
    optimizer.load_state_dict(reference.state_dict())
    names = [[*kept] for kept in reference.state_dict()["state"].values()]
    for step in range(5):
        backward(ours, theirs, "float64")
        optimizer.step()
        reference.step()
        compare(ours, theirs, 1e-10, f"after step {step}")
    kept = optimizer.state_dict()["state"]
    for own, expected in zip(kept.values(), names, strict=True):
        # None is kept by PyTorch where momentum is 0.
        assert set(own) == {
            key for key in expected if settings.get("momentum") or key != "momentum_buffer"
        }
