"""Every schedule gives the rates and momenta that PyTorch's gives."""

import copy
import math
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

EPOCHS = 60
METRICS = np.abs(np.sin(np.arange(EPOCHS) ** 1.3)) / (1 + np.arange(EPOCHS) // 20)
# A schedule is a name and settings; those of combinations are made of schedules in lists.
SCHEDULES = [
    ("LambdaLR", {"lr_lambda": lambda epoch: 0.95**epoch}),
    ("LambdaLR", {"lr_lambda": [lambda epoch: 1 / (1 + epoch), lambda epoch: 1 + epoch % 3]}),
    ("MultiplicativeLR", {"lr_lambda": lambda epoch: 1 - 1 / (2 + epoch)}),
    ("StepLR", {"step_size": 7}),
    ("StepLR", {"step_size": 1, "gamma": 0.9}),
    ("MultiStepLR", {"milestones": [3, 11, 30], "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [30, 5, 5]}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.5, "total_iters": 20}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.7, "total_iters": 33}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 33}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 40, "power": 2.5}),
    ("CosineAnnealingLR", {"T_max": 50}),
    ("CosineAnnealingLR", {"T_max": 13, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 9}),
    ("CosineAnnealingWarmRestarts", {"T_0": 4, "T_mult": 2, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 3}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 5}),
    (
        "CyclicLR",
        {
            "base_lr": [0.01, 0.02],
            "max_lr": [0.1, 0.3],
            "step_size_up": 5,
            "step_size_down": 8,
            "mode": "triangular2",
            "base_momentum": 0.7,
            "max_momentum": 0.95,
        },
    ),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 1, "step_size_up": 3, "mode": "exp_range", "gamma": 0.97},
    ),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 1, "step_size_up": 3, "scale_fn": lambda x: 1 / (1 + x)},
    ),
    (
        "CyclicLR",
        {
            "base_lr": 0.01,
            "max_lr": 1,
            "step_size_up": 3,
            "scale_fn": lambda x: 1 / (1 + x),
            "scale_mode": "iterations",
            "cycle_momentum": False,
        },
    ),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60}),
    ("OneCycleLR", {"max_lr": [0.5, 1.0], "epochs": 7, "steps_per_epoch": 10}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 65, "three_phase": True, "pct_start": 0.4}),
    (
        "OneCycleLR",
        {
            "max_lr": 0.5,
            "total_steps": 61,
            "anneal_strategy": "linear",
            "div_factor": 10,
            "final_div_factor": 100,
            "base_momentum": 0.5,
        },
    ),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "cycle_momentum": False}),
    ("ReduceLROnPlateau", {"patience": 2}),
    ("ReduceLROnPlateau", {"mode": "max", "factor": 0.5, "patience": 1, "cooldown": 3}),
    ("ReduceLROnPlateau", {"patience": 0, "threshold": 0.1, "threshold_mode": "abs"}),
    ("ReduceLROnPlateau", {"patience": 0, "factor": 0.7, "min_lr": [0.01, 0.02]}),
    ("ReduceLROnPlateau", {"patience": 0, "factor": 0.5, "eps": 1e-3}),
    ("ReduceLROnPlateau", {"mode": "max", "threshold": 0.3, "patience": 2}),
    (
        "SequentialLR",
        {
            "schedulers": [
                ("LinearLR", {"start_factor": 0.1, "total_iters": 5}),
                ("CosineAnnealingLR", {"T_max": 50}),
            ],
            "milestones": [5],
        },
    ),
    (
        "SequentialLR",
        {
            "schedulers": [
                ("ConstantLR", {"factor": 0.1, "total_iters": 3}),
                ("ExponentialLR", {"gamma": 0.9}),
                ("StepLR", {"step_size": 4}),
                ("LambdaLR", {"lr_lambda": lambda epoch: 0.95**epoch}),
                ("MultiplicativeLR", {"lr_lambda": lambda epoch: 0.5 + epoch / 100}),
            ],
            "milestones": [4, 15, 25, 40],
        },
    ),
    (
        "SequentialLR",
        {
            "schedulers": [
                ("PolynomialLR", {"total_iters": 9}),
                ("CosineAnnealingWarmRestarts", {"T_0": 4, "T_mult": 2}),
                ("CosineAnnealingLR", {"T_max": 4, "eta_min": 0.01}),
            ],
            "milestones": [10, 33],
        },
    ),
    (
        "ChainedScheduler",
        {
            "schedulers": [
                ("ConstantLR", {"factor": 0.1, "total_iters": 3}),
                ("ExponentialLR", {"gamma": 0.9}),
            ]
        },
    ),
    (
        "ChainedScheduler",
        {
            "schedulers": [
                ("LinearLR", {"start_factor": 0.1, "total_iters": 20}),
                ("MultiStepLR", {"milestones": [10, 30]}),
                ("CosineAnnealingLR", {"T_max": 17, "eta_min": 0.001}),
            ]
        },
    ),
]
every = pytest.mark.parametrize(
    ("name", "settings"), SCHEDULES, ids=[name for name, _ in SCHEDULES]
)


def optimizers(kind):
    """The same optimiser here and there, with two groups."""
    for library in (mg, torch):
        first, second = (library.tensor([1.0], requires_grad=True) for _ in range(2))
        settings = {"momentum": 0.9} if kind == "SGD" else {}
        yield getattr(library.optim, kind)(
            [{"params": [first]}, {"params": [second], "lr": 0.3}], lr=0.2, **settings
        )


def made(optimizer, name, settings):
    """A schedule for an optimiser of either library."""
    library = optim if isinstance(optimizer, optim.Optimizer) else torch.optim
    settings = dict(settings)
    if "schedulers" in settings:
        settings["schedulers"] = [made(optimizer, *row) for row in settings["schedulers"]]
    if name == "ChainedScheduler":
        return library.lr_scheduler.ChainedScheduler(settings["schedulers"])
    return getattr(library.lr_scheduler, name)(optimizer, **settings)


def seen(optimizer):
    """Rates and momenta of all groups."""
    return [
        (group["lr"], *group.get("betas", [group.get("momentum")]))
        for group in optimizer.param_groups
    ]


def advance(scheduler, epoch):
    with warnings.catch_warnings():
        # Schedules of PyTorch warn of steps before the optimiser's, and of their own use of epochs.
        warnings.simplefilter("ignore", UserWarning)
        if "Plateau" in type(scheduler).__name__:
            scheduler.step(METRICS[epoch])
        else:
            scheduler.step()


@every
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
def test_rates_and_momenta_are_the_same(name, settings, kind):
    own, peer = optimizers(kind)
    ours, theirs = made(own, name, settings), made(peer, name, settings)
    for epoch in range(EPOCHS):
        np.testing.assert_allclose(seen(own), seen(peer), rtol=1e-9, atol=1e-12, err_msg=str(epoch))
        assert ours.get_last_lr() == [group["lr"] for group in own.param_groups]
        if epoch + 1 < EPOCHS:
            advance(ours, epoch)
            advance(theirs, epoch)


@every
@pytest.mark.parametrize("stop", [1, 14, 29])
def test_a_schedule_continues_from_its_state(name, settings, stop):
    own, _ = optimizers("SGD")
    ours = made(own, name, settings)
    for epoch in range(stop):
        advance(ours, epoch)
    states = copy.deepcopy((own.state_dict(), ours.state_dict()))
    other, _ = optimizers("SGD")
    restored = made(other, name, settings)
    other.load_state_dict(states[0])
    restored.load_state_dict(states[1])
    assert restored.get_last_lr() == ours.get_last_lr()
    assert restored.last_epoch == ours.last_epoch
    for epoch in range(stop, EPOCHS - 1):
        advance(ours, epoch)
        advance(restored, epoch)
        assert seen(own) == seen(other)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        row
        for row in SCHEDULES
        if row[0] not in {"ReduceLROnPlateau", "SequentialLR", "ChainedScheduler"}
        # PyTorch changes the rate that it finds where the epoch is one of a change.
        and row[1].get("step_size") != 1
    ],
)
def test_a_schedule_continues_from_an_epoch(name, settings):
    own, peer = optimizers("SGD")
    for optimizer in (own, peer):
        before = made(optimizer, name, settings)
        for epoch in range(10):
            advance(before, epoch)
    settings = settings | {"last_epoch": 9}
    ours, theirs = made(own, name, settings), made(peer, name, settings)
    for epoch in range(10, 40):
        if name != "CosineAnnealingWarmRestarts":  # whose place in a period PyTorch forgets
            np.testing.assert_allclose(seen(own), seen(peer), rtol=1e-9, atol=1e-12)
        assert ours.last_epoch == theirs.last_epoch == epoch
        advance(ours, epoch)
        advance(theirs, epoch)


def test_a_rate_that_was_changed_by_hand_stays_changed():
    own, peer = optimizers("SGD")
    schedules = [made(optimizer, "ExponentialLR", {"gamma": 0.9}) for optimizer in (own, peer)]
    for epoch in range(5):
        if epoch == 2:
            own.param_groups[0]["lr"] = peer.param_groups[0]["lr"] = 5.0
        for schedule in schedules:
            advance(schedule, epoch)
    np.testing.assert_allclose(seen(own), seen(peer))
    assert math.isclose(own.param_groups[0]["lr"], 5 * 0.9**3)


def test_warm_restarts_between_epochs_are_the_same():
    own, peer = optimizers("SGD")
    settings = {"T_0": 3, "T_mult": 2}
    ours, theirs = (
        made(optimizer, "CosineAnnealingWarmRestarts", settings) for optimizer in (own, peer)
    )
    for batch in range(100):
        ours.step(batch / 7)
        theirs.step(batch / 7)
        np.testing.assert_allclose(seen(own), seen(peer), rtol=1e-9)
