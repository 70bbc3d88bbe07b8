import copy
import gc
import inspect
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.optim import SGD, Adam, Optimizer

rng = np.random.default_rng(0)


def lin(start, stop):
    return np.linspace(start, stop, 20).reshape(4, 5)


def parameter(value, dtype=np.float64):
    return mg.tensor(value, dtype=dtype, requires_grad=True)


def run(make, gradients, start):
    """Values of a parameter after each of the steps with these gradients."""
    p = parameter(start)
    optimizer = make([p])
    for gradient in gradients:
        p.grad = mg.tensor(gradient)
        optimizer.step()
        yield p.numpy().copy()


start = rng.standard_normal((3, 2))
gradients = rng.standard_normal((6, 3, 2))


# Published steps


def test_a_momentum_step_has_the_published_values():
    # The textbook velocity is w = momentum * w - lr * g and is added; ours sums gradients, v with
    # w = -lr * v, and is multiplied by lr when it is subtracted.
    lr, w = 1e-3, lin(0.6, 0.9)
    p = parameter(lin(-0.4, 0.6))
    optimizer = SGD([p], lr=lr, momentum=0.9)
    state = optimizer.state_dict()
    state["state"] = {0: {"momentum_buffer": -w / lr}}
    optimizer.load_state_dict(state)
    p.grad = mg.tensor(lin(-0.6, 0.4))
    optimizer.step()
    np.testing.assert_allclose(
        p.numpy()[0], [0.1406, 0.20738947, 0.27417895, 0.34096842, 0.40775789], atol=5e-9
    )
    velocity = 0.9 * w - lr * lin(-0.6, 0.4)
    np.testing.assert_allclose(p.numpy(), lin(-0.4, 0.6) + velocity, rtol=1e-12)


def test_an_adam_step_has_the_published_values():
    p = parameter(lin(-0.4, 0.6))
    optimizer = Adam([p], lr=1e-2)
    state = optimizer.state_dict()
    state["state"] = {0: {"step": 5, "exp_avg": lin(0.6, 0.9), "exp_avg_sq": lin(0.7, 0.5)}}
    optimizer.load_state_dict(state)
    p.grad = mg.tensor(lin(-0.6, 0.4))
    optimizer.step()
    np.testing.assert_allclose(
        p.numpy()[0],
        [-0.40094747, -0.34836187, -0.29577703, -0.24319299, -0.19060977],
        atol=5e-9,
    )


# Formulas, written out


def test_sgd_steps_against_the_gradient():
    expected = start - 0.1 * np.cumsum(gradients, axis=0)
    np.testing.assert_allclose(list(run(lambda p: SGD(p, lr=0.1), gradients, start)), expected)


def test_momentum_is_a_weighted_sum_of_all_gradients():
    steps = [
        sum(0.8 ** (now - then) * gradients[then] for then in range(now + 1)) for now in range(6)
    ]
    found = list(run(lambda p: SGD(p, lr=0.1, momentum=0.8), gradients, start))
    np.testing.assert_allclose(found, start - 0.1 * np.cumsum(steps, axis=0))


def test_nesterov_is_momentum_seen_from_the_point_ahead():
    # Nesterov's own form takes the gradient at the point ahead, a = p + momentum * w, and moves p.
    # The optimiser follows the points ahead. So on a loss with gradient A a both agree.
    lr, momentum = 0.05, 0.8
    curvature = np.array([1.0, 2.0, 5.0])
    p, w = np.ones(3), np.zeros(3)
    ahead = []
    for _ in range(6):
        w = momentum * w - lr * curvature * (p + momentum * w)
        p = p + w
        ahead.append(p + momentum * w)

    q = parameter(np.ones(3))
    optimizer = SGD([q], lr=lr, momentum=momentum, nesterov=True)
    for expected in ahead:
        optimizer.zero_grad()
        (0.5 * curvature * q * q).sum().backward()
        optimizer.step()
        np.testing.assert_allclose(q.numpy(), expected)


def test_dampening_holds_from_the_second_step():
    first, second = gradients[:2]
    found = list(run(lambda p: SGD(p, lr=0.1, momentum=0.8, dampening=0.3), gradients[:2], start))
    np.testing.assert_allclose(found[0], start - 0.1 * first)
    np.testing.assert_allclose(found[1], found[0] - 0.1 * (0.8 * first + 0.7 * second))


@pytest.mark.parametrize("make", [SGD, Adam])
def test_weight_decay_is_the_gradient_of_a_penalty(make):
    p, q = parameter(start), parameter(start)
    with_decay, without = make([p], lr=0.1, weight_decay=0.3), make([q], lr=0.1)
    for gradient in gradients:
        with_decay.zero_grad()
        without.zero_grad()
        (p * gradient).sum().backward()
        ((q * gradient).sum() + 0.3 / 2 * (q * q).sum()).backward()
        with_decay.step()
        without.step()
        np.testing.assert_allclose(p.numpy(), q.numpy())


def test_adam_is_its_paper():
    m = v = 0.0
    value = start
    found = run(lambda p: Adam(p, lr=0.1, betas=(0.8, 0.95), eps=1e-3), gradients, start)
    for t, (g, after) in enumerate(zip(gradients, found, strict=True), start=1):
        m = 0.8 * m + (1 - 0.8) * g
        v = 0.95 * v + (1 - 0.95) * g**2
        value = value - 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-3)
        np.testing.assert_allclose(after, value)


@pytest.mark.parametrize("make", [lambda p, **s: SGD(p, 0.1, momentum=0.5, **s), Adam])
def test_maximize_is_the_opposite(make):
    up = list(run(lambda p: make(p, maximize=True), gradients, start))
    np.testing.assert_array_equal(up, list(run(make, -gradients, start)))


def maker(name, **settings):
    return lambda params, **others: getattr(optim, name)(params, **{**settings, **others})


MAKERS = {
    "sgd": maker("SGD", lr=0.1),
    "momentum": maker("SGD", lr=0.1, momentum=0.9, weight_decay=0.1),
    "nesterov": maker("SGD", lr=0.1, momentum=0.9, nesterov=True),
    "adagrad": maker("Adagrad", lr=0.1),
    "adadelta": maker("Adadelta", lr=0.1, eps=1e-2),
    "rmsprop": maker("RMSprop", lr=0.1, momentum=0.5, centered=True, eps=1e-2),
    "adam": maker("Adam", lr=0.1, weight_decay=0.1),
    "amsgrad": maker("Adam", lr=0.1, amsgrad=True),
    "adamw": maker("AdamW", lr=0.1),
    "adamax": maker("Adamax", lr=0.1),
    "nadam": maker("NAdam", lr=0.1),
    "radam": maker("RAdam", lr=0.1),
    "rprop": maker("Rprop", lr=0.1),
    "asgd": maker("ASGD", lr=0.1),
}
every = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@every
@pytest.mark.parametrize("shape", [(), (0,), (3, 2)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_steps_keep_shape_and_dtype(make, shape, dtype):
    p = parameter(np.ones(shape), dtype)
    # A schedule written with NumPy makes float64 scalars, which would widen float32.
    optimizer = make([p], lr=np.float64(0.1))
    before = p.numpy().copy()
    for _ in range(3):
        optimizer.zero_grad()
        (p * p).sum().backward()
        optimizer.step()
    assert p.shape == shape
    assert p.dtype == dtype
    assert p.requires_grad
    assert np.all(p.numpy() < before)


@every
def test_values_in_a_graph_do_not_change(make):
    p = parameter([1.0, 2.0])
    optimizer = make([p])
    for _ in range(3):
        y = (p * p).sum()
        expected = 2 * p.numpy().copy()
        held = p.numpy()
        (p * 3).sum().backward()
        optimizer.step()
        np.testing.assert_array_equal(2 * held, expected)
        optimizer.zero_grad()
        y.backward()
        np.testing.assert_array_equal(p.grad.numpy(), expected)


@every
def test_gradients_are_not_written_to(make):
    p = parameter([1.0, 2.0])
    optimizer = make([p])
    gradient = mg.tensor([3.0, -4.0])
    p.grad = gradient
    for _ in range(3):
        optimizer.step()
    np.testing.assert_array_equal(gradient.numpy(), [3.0, -4.0])


@every
def test_what_has_no_gradient_is_skipped(make):
    used, unused = parameter([1.0]), parameter([1.0])
    frozen = mg.tensor([1.0])
    optimizer = make([used, unused, frozen])
    used.sum().backward()
    optimizer.step()
    assert used.item() < 1
    assert unused.item() == frozen.item() == 1
    assert set(optimizer.state) <= {used}


@every
def test_a_network_learns(make):
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
    x = np.random.default_rng(1).standard_normal((64, 2))
    y = (x[:, 0] > x[:, 1]).astype(int)
    optimizer = make(model.parameters())
    losses = []
    for _ in range(60):
        loss = mg.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    assert all(p.dtype == np.float32 for p in model.parameters())


# Closures, and gradients of zeros


@every
def test_a_closure_is_evaluated_first(make):
    p = parameter([1.0, 2.0])
    optimizer = make([p])

    @mg.no_grad()
    def train():
        return optimizer.step(closure)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()  # gradients are recorded here, whatever the caller does
        return loss

    assert train().item() == 5
    assert np.all(p.numpy() < [1, 2])
    assert optimizer.step() is None


def test_gradients_are_forgotten_or_made_zero():
    p, q = parameter([1.0, 2.0]), parameter([1.0])
    optimizer = SGD([p, q])
    p.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0, 0]
    assert q.grad is None
    optimizer.zero_grad()
    assert p.grad is None


# Groups and state


def test_groups_have_settings_of_their_own():
    first, second = parameter([1.0]), parameter([1.0])
    optimizer = SGD([{"params": first, "lr": 0.5}, {"params": [second]}], lr=0.25)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.25]
    (first + second).sum().backward()
    optimizer.step()
    assert (first.item(), second.item()) == (0.5, 0.75)
    optimizer.param_groups[1]["lr"] = 1.0
    optimizer.step()
    assert (first.item(), second.item()) == (0.0, -0.25)


def test_groups_can_be_added():
    optimizer = SGD([parameter([1.0])], lr=0.5)
    optimizer.add_param_group({"params": [parameter([2.0])], "momentum": 0.9})
    assert [group["momentum"] for group in optimizer.param_groups] == [0.0, 0.9]
    assert repr(optimizer).startswith("SGD(1 parameters, lr=0.5, momentum=0.0,")


@every
def test_a_run_continues_from_a_state(make):
    p, q = parameter(start), parameter(start)
    first = make([p])
    for gradient in gradients[:3]:
        p.grad = mg.tensor(gradient)
        first.step()

    second = make([q], lr=0.3)
    q.data = p
    second.load_state_dict(first.state_dict())
    assert second.param_groups[0]["lr"] == 0.1
    for gradient in gradients[3:]:
        p.grad = q.grad = mg.tensor(gradient)
        first.step()
        second.step()
    np.testing.assert_array_equal(p.numpy(), q.numpy())


@every
def test_a_state_is_a_copy(make):
    p = parameter(start)
    optimizer = make([p])
    p.grad = mg.tensor(gradients[0])
    optimizer.step()
    state = optimizer.state_dict()
    kept = copy.deepcopy(state)
    optimizer.step()
    np.testing.assert_equal(state, kept)
    optimizer.load_state_dict(state)
    optimizer.step()
    np.testing.assert_equal(state, kept)


def is_plain(value):
    if isinstance(value, dict):
        return all(isinstance(key, str | int) and is_plain(value[key]) for key in value)
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    # NumPy's float64 is a float to isinstance.
    return value is None or type(value) in {bool, int, float, str, np.ndarray}


@every
def test_a_state_is_plain_data(make):
    p = parameter(start)
    optimizer = make([p], lr=np.float64(0.1))
    p.grad = mg.tensor(gradients[0])
    optimizer.step()
    assert is_plain(optimizer.state_dict())


def test_what_a_schedule_noted_is_kept():
    optimizer = SGD([parameter(1.0)], lr=0.5)
    optim.lr_scheduler.StepLR(optimizer, 1)
    other = SGD([parameter(1.0)], lr=0.1)
    other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["initial_lr"] == 0.5


def test_a_state_has_the_dtype_of_the_parameter():
    p = parameter(start)
    optimizer = Adam([p])
    p.grad = mg.tensor(start)
    optimizer.step()
    other = Adam([parameter(start, np.float32)])
    other.load_state_dict(optimizer.state_dict())
    assert {a.dtype for a in other.state_dict()["state"][0].values() if np.ndim(a)} == {
        np.dtype(np.float32)
    }


def test_a_setting_may_be_switched_on_later():
    p = parameter(start)
    optimizer = SGD([p], lr=0.1)
    for settings in ({}, {"momentum": 0.9}):
        optimizer.param_groups[0] |= settings
        p.grad = mg.tensor(gradients[0])
        optimizer.step()
    np.testing.assert_array_equal(optimizer.state[p]["momentum_buffer"], gradients[0])


def test_a_state_that_does_not_fit_is_refused():
    optimizer = Adam([parameter(start)])
    optimizer.param_groups[0]["params"][0].grad = mg.tensor(start)
    optimizer.step()
    state = optimizer.state_dict()
    with pytest.raises(ValueError, match=r"groups of \[1\] parameters, but this one has \[2\]"):
        Adam([parameter(1.0), parameter(2.0)]).load_state_dict(state)
    with pytest.raises(ValueError, match=r"SGD\.load_state_dict: settings \['amsgrad', 'betas'"):
        SGD([parameter(1.0)], lr=1).load_state_dict(state)
    with pytest.raises(ValueError, match=r"'exp_avg' of parameter 0 has shape \(3, 2\)"):
        Adam([parameter(1.0)]).load_state_dict(state)


def test_an_optimiser_and_its_parameters_are_copied_together():
    model = nn.Linear(2, 2)
    optimizer = Adam(model.parameters())
    model(np.ones((1, 2))).sum().backward()
    optimizer.step()
    model, optimizer = copy.deepcopy((model, optimizer))
    assert optimizer.param_groups[0]["params"][0] is model.weight
    before = model.weight.numpy().copy()
    optimizer.step()
    assert np.all(model.weight.numpy() < before)
    assert optimizer.state[model.weight]["step"] == 2


def test_an_optimiser_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        p = parameter([1.0])
        optimizer = Adam([p])
        p.sum().backward()
        optimizer.step()
        dead = weakref.ref(p), weakref.ref(optimizer)
        del p, optimizer
        assert [reference() for reference in dead] == [None, None]
    finally:
        gc.enable()


def test_an_optimiser_of_ones_own_defines_change():
    class Signed(Optimizer):
        def change(self, gradient, value, state, settings):
            state["last"] = np.sign(gradient)
            return max(settings["lr"], settings["min_lr"]) * state["last"]

    p = parameter([1.0, 2.0])
    optimizer = Signed([p], lr=0.5, min_lr=0.1)
    p.grad = mg.tensor([-7.0, 3.0])
    optimizer.step()
    assert p.tolist() == [1.5, 1.5]
    other = Signed([p], lr=0.2, min_lr=0.0)
    other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["min_lr"] == 0.1
    assert other.state[p]["last"].tolist() == [-1, 1]
    without = Optimizer([p])
    with pytest.raises(NotImplementedError, match="Optimizer has no change"):
        without.step()


# Misuse


def used_up():
    parameters = nn.Linear(2, 2).parameters()
    SGD(parameters, lr=0.1)
    return SGD(parameters, lr=0.1)


shared = parameter([1.0])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SGD([], lr=0.1), ValueError, "SGD: there are no parameters"),
        (used_up, ValueError, "can be used only once"),
        (lambda: SGD(nn.Linear(1, 1), lr=0.1), TypeError, r"a Linear.*model\.parameters\(\)"),
        (lambda: SGD(shared, lr=0.1), TypeError, r"pass a list of it, \[tensor\]"),
        (lambda: SGD([np.ones(2)], lr=0.1), TypeError, "parameter 0 is a ndarray"),
        (lambda: SGD([shared * 2], lr=0.1), ValueError, r"parameter 0, of shape \(1,\), was comp"),
        (lambda: SGD([shared, shared], lr=0.1), ValueError, "parameter 1.* was given before"),
        (
            lambda: SGD([{"params": shared}, {"params": [shared]}], lr=0.1),
            ValueError,
            "parameter 0.* was given before",
        ),
        (lambda: SGD([{"lr": 1}], lr=0.1), TypeError, "needs the entry 'params'"),
        (lambda: SGD([{"params": shared}, shared], lr=0.1), TypeError, "among groups"),
        (lambda: SGD([{"params": shared, "rate": 1}], lr=0.1), TypeError, "setting 'rate'"),
        (lambda: SGD([{"params": shared, "lr": -1}], lr=0.1), ValueError, "lr must be at least 0"),
        (lambda: SGD([shared], lr=-0.1), ValueError, "SGD: lr must be at least 0, got -0.1"),
        (lambda: SGD([shared], lr=float("nan")), ValueError, "lr must be at least 0"),
        (lambda: SGD([shared], lr=1, momentum=-1), ValueError, "momentum must be at least 0"),
        (lambda: SGD([shared], lr=1, weight_decay=-1), ValueError, "weight_decay must be"),
        (lambda: SGD([shared], lr=1, nesterov=True), ValueError, "nesterov needs a momentum"),
        (
            lambda: SGD([shared], 1, momentum=0.9, dampening=0.1, nesterov=True),
            ValueError,
            "no dampening",
        ),
        (lambda: SGD([("weight", shared)]), TypeError, r"tuple; pass model\.parameters\(\)"),
        (lambda: SGD([shared], lr=mg.tensor(0.1)), TypeError, r"lr must be a number, got a Tensor"),
        (lambda: SGD([shared], lr="0.1"), TypeError, "lr must be a number, got a str"),
        (lambda: SGD([shared], dampening=None), TypeError, "dampening must be a number"),
        (lambda: SGD([shared], foreach=True), TypeError, "SGD: foreach chooses among PyTorch"),
        (lambda: Adam([shared], fused=None), TypeError, "Adam: fused .* leave it out"),
        (lambda: Adam([shared], betas=0.9), TypeError, "Adam: betas must be two numbers, got 0.9"),
        (lambda: optim.AdamW([shared], lr=-1), ValueError, "AdamW: lr must be at least 0"),
        (lambda: optim.Adagrad([shared], lr_decay=-1), ValueError, "lr_decay must be at least 0"),
        (lambda: optim.Adadelta([shared], rho=1), ValueError, "rho must be at least 0 and below 1"),
        (lambda: optim.RMSprop([shared], alpha=2), ValueError, "alpha .* below 1, got 2"),
        (lambda: optim.Adamax([shared], betas=(1, 0)), ValueError, r"betas\[0\] must be"),
        (lambda: optim.NAdam([shared], momentum_decay=-1), ValueError, "momentum_decay must be"),
        (lambda: optim.RAdam([shared], betas=(0, 1)), ValueError, r"betas\[1\] must be"),
        (lambda: optim.Rprop([shared], etas=(1.2, 0.5)), ValueError, "etas must be below 1 and"),
        (lambda: optim.ASGD([shared], t0=-1), ValueError, "t0 must be at least 0"),
        (lambda: SGD([shared]).step(mg.tensor(1.0)), TypeError, "closure is a Tensor, expected a"),
        (lambda: SGD([shared]).load_state_dict({"lr": 1}), ValueError, "entries 'state' and"),
        (lambda: Adam([shared], lr=-1), ValueError, "Adam: lr must be at least 0"),
        (lambda: Adam([shared], eps=-1), ValueError, "eps must be at least 0"),
        (lambda: Adam([shared], betas=(1.0, 0.9)), ValueError, r"betas\[0\] .* below 1, got 1.0"),
        (lambda: Adam([shared], betas=(0.9, -1)), ValueError, r"betas\[1\] must be at least 0"),
    ],
)
def test_misuse_is_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    "name", [name for name in vars(optim) if name[0].isupper() and name != "Optimizer"]
)
def test_the_signature_is_that_of_the_constructor(name):
    first, second, *_ = inspect.signature(getattr(optim, name)).parameters
    assert (first, second) == ("params", "lr")
