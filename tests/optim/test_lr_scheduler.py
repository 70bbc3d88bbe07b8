import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim import lr_scheduler as schedule


def optimizer(lr=1.0, name="SGD", **settings):
    return getattr(optim, name)([mg.tensor([1.0], requires_grad=True)], lr=lr, **settings)


def two_groups():
    first, second = (mg.tensor([1.0], requires_grad=True) for _ in range(2))
    return optim.SGD([{"params": first}, {"params": second, "lr": 0.5}], lr=1.0)


def rates(make, epochs, lr=1.0):
    """The rates of these epochs."""
    own = optimizer(lr)
    scheduler = make(own)
    found = []
    for _ in range(epochs):
        assert scheduler.get_last_lr() == [own.param_groups[0]["lr"]]
        found += scheduler.get_last_lr()
        scheduler.step()
    return found


EPOCHS = np.arange(30)
FORMULAS = {
    "lambda": (lambda o: schedule.LambdaLR(o, lambda t: 0.9**t), 0.9**EPOCHS),
    "step": (lambda o: schedule.StepLR(o, 4, 0.5), 0.5 ** (EPOCHS // 4)),
    "milestones": (
        lambda o: schedule.MultiStepLR(o, [20, 5], 0.5),
        0.5 ** ((EPOCHS >= 5) * 1 + (EPOCHS >= 20)),
    ),
    "constant": (lambda o: schedule.ConstantLR(o, 0.5, 7), np.where(EPOCHS < 7, 0.5, 1.0)),
    "linear": (lambda o: schedule.LinearLR(o, 0.1, 0.9, 8), np.interp(EPOCHS, [0, 8], [0.1, 0.9])),
    "exponential": (lambda o: schedule.ExponentialLR(o, 0.9), 0.9**EPOCHS),
    "polynomial": (
        lambda o: schedule.PolynomialLR(o, 9, 2.0),
        (1 - np.minimum(EPOCHS, 9) / 9) ** 2,
    ),
    "cosine": (
        lambda o: schedule.CosineAnnealingLR(o, 7, 0.1),
        0.1 + 0.9 * (1 + np.cos(np.pi * EPOCHS / 7)) / 2,
    ),
    "restarts": (
        lambda o: schedule.CosineAnnealingWarmRestarts(o, 7),
        (1 + np.cos(np.pi * (EPOCHS % 7) / 7)) / 2,
    ),
    "cyclic": (
        lambda o: schedule.CyclicLR(o, 0.2, 1.0, 4, cycle_momentum=False),
        0.2 + 0.8 * (1 - np.abs(EPOCHS % 8 - 4) / 4),
    ),
    "one cycle": (
        lambda o: schedule.OneCycleLR(
            o, 1.0, 30, anneal_strategy="linear", cycle_momentum=False, pct_start=0.5
        ),
        np.interp(EPOCHS, [0, 14, 29], [0.04, 1.0, 4e-6]),
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_schedule_is_its_formula(name):
    make, expected = FORMULAS[name]
    np.testing.assert_allclose(rates(make, len(EPOCHS)), expected, atol=1e-12)


def test_a_rate_that_does_not_change_stays_exactly():
    assert set(rates(lambda o: schedule.StepLR(o, 100), 50, lr=0.1)) == {0.1}


def test_groups_have_rates_of_their_own():
    own = two_groups()
    scheduler = schedule.LambdaLR(own, [lambda t: 0.5**t, lambda t: 1 + t])
    scheduler.step()
    assert scheduler.get_last_lr() == [group["lr"] for group in own.param_groups] == [0.5, 1.0]
    assert scheduler.base_lrs == [1.0, 0.5]
    assert [group["initial_lr"] for group in own.param_groups] == [1.0, 0.5]


def test_one_cycle_may_begin_at_its_top():
    own = optimizer(name="Adam")
    scheduler = schedule.OneCycleLR(own, 1.0, total_steps=10, pct_start=0.1)
    rates = [own.param_groups[0]["lr"]]
    for _ in range(9):
        scheduler.step()
        rates.append(own.param_groups[0]["lr"])
    assert rates[0] == 1.0
    assert np.all(np.diff(rates) < 0)
    assert rates[-1] == pytest.approx(1 / 25 / 1e4)


@pytest.mark.parametrize(
    ("name", "settings", "key"), [("SGD", {"momentum": 0.5}, "momentum"), ("Adam", {}, "betas")]
)
def test_momentum_goes_against_the_rate(name, settings, key):
    own = optimizer(name=name, **settings)
    scheduler = schedule.OneCycleLR(own, 1.0, total_steps=10, pct_start=0.5)
    found = []
    for _ in range(9):
        momentum = own.param_groups[0][key]
        found.append((own.param_groups[0]["lr"], momentum[0] if key == "betas" else momentum))
        scheduler.step()
    order = np.argsort([rate for rate, _ in found])
    falling = np.array([momentum for _, momentum in found])[order]
    assert max(falling) == pytest.approx(0.95)
    assert falling[-1] == pytest.approx(0.85)
    if key == "betas":
        assert own.param_groups[0]["betas"][1] == 0.999


def test_several_schedules_work_on_one_rate():
    own = optimizer()
    scheduler = schedule.ChainedScheduler(
        [schedule.LinearLR(own, 0.5, total_iters=4), schedule.ExponentialLR(own, 0.9)]
    )
    for epoch in range(8):
        expected = min(1.0, 0.5 + epoch / 8) * 0.9**epoch
        assert own.param_groups[0]["lr"] == pytest.approx(expected)
        scheduler.step()


def test_sequences_may_be_nested():
    own = optimizer()
    inner = schedule.ChainedScheduler(
        [schedule.ConstantLR(own, 0.5, 2), schedule.ExponentialLR(own, 0.5)]
    )
    scheduler = schedule.SequentialLR(own, [schedule.ConstantLR(own, 0.1, 9), inner], [3])
    found = []
    for _ in range(6):
        found += scheduler.get_last_lr()
        scheduler.step()
    np.testing.assert_allclose(found, [0.1, 0.1, 0.1, 0.5, 0.25, 0.25])


def test_a_plateau_lowers_the_rate():
    own = optimizer()
    scheduler = schedule.ReduceLROnPlateau(own, factor=0.5, patience=1)
    for metric in (3.0, mg.tensor(2.0), np.float32(2.0), math.nan):
        assert own.param_groups[0]["lr"] == 1
        scheduler.step(metric)
    assert own.param_groups[0]["lr"] == 0.5
    assert scheduler.best == 2


def test_a_schedule_needs_no_step_of_the_optimiser():
    # To see the rates of a schedule is enough of a reason; there is no warning.
    assert rates(lambda o: schedule.ExponentialLR(o, 0.5), 3) == [1.0, 0.5, 0.25]


def test_a_state_is_plain_data_without_functions():
    own = two_groups()
    for scheduler in (
        schedule.LambdaLR(own, lambda t: 0.5),
        schedule.CyclicLR(own, 0.1, 1.0, cycle_momentum=False, scale_fn=lambda t: 1.0),
        schedule.SequentialLR(own, [schedule.StepLR(own, 2), schedule.StepLR(own, 3)], [4]),
    ):
        assert_plain(scheduler.state_dict())


def assert_plain(value):
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            assert_plain(part)
    else:
        assert value is None or type(value) in {bool, int, float, str}


def test_a_schedule_of_ones_own_defines_get_lr():
    class Alternating(schedule.LRScheduler):
        def get_lr(self):
            return [base * (1 + self.last_epoch % 2) for base in self.base_lrs]

    assert rates(Alternating, 4) == [1, 2, 1, 2]
    with pytest.raises(NotImplementedError, match=r"LRScheduler has no get_lr"):
        schedule.LRScheduler(optimizer())


def test_a_schedule_shows_its_settings():
    shown = repr(schedule.StepLR(optimizer(), 4))
    assert shown == "StepLR(step_size=4, gamma=0.1, base_lrs=[1.0], last_epoch=0)"


def added_late():
    own = optimizer()
    scheduler = schedule.StepLR(own, 1)
    own.add_param_group({"params": mg.tensor(1.0, requires_grad=True)})
    scheduler.restart()
    scheduler.step()


def past_the_end():
    scheduler = schedule.OneCycleLR(optimizer(), 1.0, total_steps=3, cycle_momentum=False)
    for _ in range(5):
        scheduler.step()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: schedule.StepLR(mg.nn.Linear(1, 1), 1), TypeError, "optimizer is a Linear"),
        (lambda: schedule.LambdaLR([], lambda t: 1), TypeError, "optimizer is a list"),
        (lambda: schedule.StepLR(optimizer(), 0), ValueError, "step_size must be at least 1"),
        (lambda: schedule.StepLR(optimizer(), 1, last_epoch=3), ValueError, "no 'initial_lr'"),
        (lambda: schedule.LambdaLR(optimizer(), 0.5), TypeError, "must be a function"),
        (
            lambda: schedule.LambdaLR(optimizer(), [abs, abs]),
            ValueError,
            "lr_lambda has 2 elements, but the optimiser has 1 groups",
        ),
        (lambda: schedule.ConstantLR(optimizer(), 0), ValueError, "factor must be above 0"),
        (lambda: schedule.LinearLR(optimizer(), 0), ValueError, "start_factor must be above 0"),
        (lambda: schedule.LinearLR(optimizer(), 1, 2), ValueError, "end_factor must be from 0"),
        (lambda: schedule.LinearLR(optimizer(), total_iters=0), ValueError, "total_iters must"),
        (lambda: schedule.PolynomialLR(optimizer(), 0), ValueError, "total_iters must be"),
        (lambda: schedule.CosineAnnealingLR(optimizer(), 0), ValueError, "T_max must be"),
        (
            lambda: schedule.CosineAnnealingWarmRestarts(optimizer(), 1.5),
            ValueError,
            "T_0 must be an integer",
        ),
        (
            lambda: schedule.CosineAnnealingWarmRestarts(optimizer(), 2).step(-1),
            ValueError,
            "epoch must be at least 0",
        ),
        (lambda: schedule.CyclicLR(optimizer(), 0, 1, mode="wave"), ValueError, "got 'wave'"),
        (lambda: schedule.CyclicLR(optimizer(), 0, 1, scale_mode="x"), ValueError, "got 'x'"),
        (
            lambda: schedule.CyclicLR(optimizer(name="Adagrad"), 0, 1),
            ValueError,
            "Adagrad has no momentum to cycle; pass cycle_momentum=False",
        ),
        (lambda: schedule.CyclicLR(optimizer(), 0, 1, 0), ValueError, "step_size_up must be above"),
        (lambda: schedule.OneCycleLR(optimizer(), 1), ValueError, "give total_steps, or epochs"),
        (lambda: schedule.OneCycleLR(optimizer(), 1, 0), ValueError, "at least 1 step in all"),
        (lambda: schedule.OneCycleLR(optimizer(), 1, 9, pct_start=2), ValueError, "pct_start"),
        (
            lambda: schedule.OneCycleLR(optimizer(), 1, 9, anneal_strategy="x"),
            ValueError,
            "must be 'cos' or 'linear'",
        ),
        (past_the_end, ValueError, "step 4 of 3; the cycle is over"),
        (added_late, ValueError, "add groups before the schedule is made"),
        (lambda: schedule.ReduceLROnPlateau(optimizer()).step(), TypeError, "needs the metric"),
        (lambda: schedule.ReduceLROnPlateau(optimizer(), "up"), ValueError, "got 'up'"),
        (lambda: schedule.ReduceLROnPlateau(optimizer(), factor=1), ValueError, "below 1"),
        (
            lambda: schedule.ReduceLROnPlateau(optimizer(), threshold_mode="x"),
            ValueError,
            "must be 'rel' or 'abs'",
        ),
        (lambda: schedule.ChainedScheduler([]), ValueError, "needs at least one schedule"),
        (
            lambda: schedule.ChainedScheduler(
                [schedule.StepLR(optimizer(), 1), schedule.StepLR(optimizer(), 1)]
            ),
            ValueError,
            "schedule 1 is that of another optimiser",
        ),
        (
            lambda: schedule.ChainedScheduler([schedule.ReduceLROnPlateau(optimizer())]),
            ValueError,
            "needs a metric",
        ),
        (
            lambda: schedule.SequentialLR(o := optimizer(), [schedule.StepLR(o, 1)], [1]),
            ValueError,
            "1 schedules need 0 milestones, got 1",
        ),
        (
            lambda: schedule.StepLR(optimizer(), 1).load_state_dict({"gamma": 1}),
            ValueError,
            r"StepLR\.load_state_dict: entries \['gamma'\], expected \['_last_lr'",
        ),
    ],
)
def test_misuse_is_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()
