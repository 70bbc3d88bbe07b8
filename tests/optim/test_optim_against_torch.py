import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

rng = np.random.default_rng(0)
x = rng.standard_normal((8, 1, 8, 8))
y = rng.integers(0, 3, 8)


def network(nn, dtype):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, dtype=dtype),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 3, dtype=dtype),
    )


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-4)])
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SGD", {"lr": 0.1}),
        ("SGD", {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01}),
        ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.5}),
        ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        ("SGD", {"lr": 0.001, "momentum": 0.9, "maximize": True, "weight_decay": 0.01}),
        ("Adam", {}),
        ("Adam", {"lr": 0.01, "betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.01}),
        ("Adam", {"lr": 0.001, "maximize": True, "weight_decay": 0.01}),
    ],
)
def test_trajectories_are_the_same(name, settings, dtype, tolerance):
    ours, theirs = network(nn, dtype), network(torch.nn, getattr(torch, dtype))
    ours.load_state_dict(theirs.state_dict())
    optimizer = getattr(optim, name)(ours.parameters(), **settings)
    reference = getattr(torch.optim, name)(theirs.parameters(), **settings)
    images = torch.tensor(x.astype(dtype))
    for step in range(8):
        # As a schedule would.
        for group in (*optimizer.param_groups, *reference.param_groups):
            group["lr"] *= 0.9
        optimizer.zero_grad()
        mg.cross_entropy(ours(x), y).backward()
        optimizer.step()
        reference.zero_grad()
        torch.nn.functional.cross_entropy(theirs(images), torch.tensor(y)).backward()
        reference.step()
        for path, expected in theirs.state_dict().items():
            np.testing.assert_allclose(
                ours.state_dict()[path],
                expected.numpy(),
                rtol=tolerance,
                atol=tolerance * 0.1,
                err_msg=f"{path} after step {step}",
            )
