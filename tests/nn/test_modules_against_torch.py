"""Containers, hooks, initialisation and functions on parameters do what PyTorch's do."""

import math
import warnings
from collections import OrderedDict

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

rng = np.random.default_rng(0)
X = rng.standard_normal((5, 3))
G = rng.standard_normal((5, 3))


def double(nn):
    """What makes a layer float64."""
    return {"dtype": torch.float64 if nn is torch.nn else np.float64}


def linear(nn, size=3, **settings):
    return nn.Linear(3, size, **double(nn), **settings)


# The tree


def build(nn):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(linear(nn), nn.ReLU(), linear(nn, bias=False))
            self.heads = nn.ModuleDict({"b": linear(nn), "a": nn.Identity()})
            self.layers = nn.ModuleList([linear(nn), linear(nn), nn.ReLU()])
            self.scale = nn.Parameter(1.0 if nn is not torch.nn else torch.ones(()))
            self.register_buffer("mean", np.zeros(3) if nn is not torch.nn else torch.zeros(3))
            self.register_buffer(
                "table", np.zeros(3) if nn is not torch.nn else torch.zeros(3), persistent=False
            )
            self.register_parameter("off", None)
            self.body.append(self.layers[0])

    return Net()


def both(function):
    return function(build(nn)), function(build(torch.nn))


@pytest.mark.parametrize(
    "read",
    [
        lambda net: [n for n, _ in net.named_parameters()],
        lambda net: [n for n, _ in net.named_parameters("p", remove_duplicate=False)],
        lambda net: [n for n, _ in net.named_parameters(recurse=False)],
        lambda net: [n for n, _ in net.named_buffers()],
        lambda net: [n for n, _ in net.named_modules(prefix="m")],
        lambda net: [n for n, _ in net.named_modules(remove_duplicate=False)],
        lambda net: [n for n, _ in net.named_children()],
        lambda net: [n for n in net.state_dict(prefix="net.") if n != "net.off"],
        lambda net: repr(net),
        lambda net: repr(net.layers),
        lambda net: (net.get_submodule("heads.b").in_features, len(net.body), len(net.heads)),
    ],
)
def test_names_are_the_same(read):
    ours, theirs = both(read)
    assert ours == theirs


CHANGES = [
    lambda nn, row: row.append(linear(nn, 4)),
    lambda nn, row: row.insert(1, linear(nn, 4)),
    lambda nn, row: row.extend([linear(nn, 4), nn.ReLU()]),
    lambda nn, row: row.__delitem__(0),
    lambda nn, row: row.__delitem__(slice(None, 2)),
    lambda nn, row: row.__setitem__(-1, linear(nn, 4)),
    lambda nn, row: row.pop(1),
    lambda nn, row: row.__iadd__([nn.ReLU()]),
]


# PyTorch inserts into numbered layers only.
ROWS = [(change, kind) for change in CHANGES for kind in ("Sequential", "ModuleList")]
ROWS += [(change, "Named") for change in (CHANGES[0], *CHANGES[3:7])]


@pytest.mark.parametrize(("change", "kind"), ROWS)
def test_rows_change_in_the_same_way(change, kind):
    shown = []
    for lib in (nn, torch.nn):
        layers = [linear(lib), lib.ReLU(), linear(lib, 2)]
        if kind == "Sequential":
            row = lib.Sequential(*layers)
        elif kind == "ModuleList":
            row = lib.ModuleList(layers)
        else:
            row = lib.Sequential(OrderedDict(zip("abc", layers, strict=True)))
        if kind != "ModuleList" and change is CHANGES[7]:
            row += lib.Sequential(lib.ReLU())
        else:
            change(lib, row)
        shown.append((repr(row), list(row.state_dict())))
    assert shown[0] == shown[1]


def test_parameter_containers_have_the_same_names():
    keys = []
    for lib, make in ((nn, np.ones), (torch.nn, torch.ones)):
        net = lib.Sequential()
        net.add_module("a", lib.ParameterList([lib.Parameter(make(2)), make(3)]))
        named = OrderedDict(z=lib.Parameter(make(2)), y=make(1))
        net.add_module("b", lib.ParameterDict(named))
        keys.append(list(net.state_dict()))
    assert keys[0] == keys[1] == ["a.0", "a.1", "b.z", "b.y"]


# Hooks


def hooked(lib, tensor, register):
    """Outputs and gradients of a net with hooks, and what they saw."""
    net = lib.Sequential(linear(lib), lib.ReLU(), linear(lib))
    state = {
        f"{i}.{n}": np.random.default_rng(i).standard_normal((3, 3) if n == "weight" else 3)
        for i in (0, 2)
        for n in ("weight", "bias")
    }
    if lib is torch.nn:
        state = {name: torch.tensor(value) for name, value in state.items()}
    net.load_state_dict(state)
    seen = []
    register(net, seen)
    x = tensor(X)
    out = net(x)
    out.backward(tensor(G).detach())
    gradients = [x.grad, *(p.grad for p in net.parameters())]
    values = [out.detach(), *gradients, *(s for s in seen if s is not None)]
    return [np.asarray(value) for value in values] + [np.array(len(seen))]


def note(seen):
    def hook(module, inputs, outputs):
        seen.extend([*inputs, *outputs])

    return hook


REGISTERED = {
    "pre": lambda net, seen: net[1].register_forward_pre_hook(lambda m, args: (2 * args[0],)),
    "value": lambda net, seen: net[1].register_forward_pre_hook(lambda m, args: 2 * args[0]),
    "kwargs": lambda net, seen: net[1].register_forward_pre_hook(
        lambda m, args, kwargs: ((3 * args[0],), kwargs), with_kwargs=True
    ),
    "forward": lambda net, seen: net[1].register_forward_hook(lambda m, args, out: out * args[0]),
    "order": lambda net, seen: [
        net.register_forward_hook(lambda m, args, out: out + 1),
        net.register_forward_hook(lambda m, args, out: out * 2, prepend=True),
    ],
    "full": lambda net, seen: [part.register_full_backward_hook(note(seen)) for part in net],
    "whole": lambda net, seen: net.register_full_backward_hook(note(seen)),
    "replaced": lambda net, seen: net[1].register_full_backward_hook(
        lambda m, inputs, outputs: (3 * inputs[0],)
    ),
    "output": lambda net, seen: [
        net[2].register_full_backward_pre_hook(lambda m, outputs: (2 * outputs[0],)),
        net[2].register_full_backward_hook(note(seen)),
    ],
}


@pytest.mark.parametrize("register", REGISTERED.values(), ids=REGISTERED)
def test_hooks_see_and_change_the_same(register):
    ours = hooked(nn, lambda x: mg.tensor(x, requires_grad=True), register)
    theirs = hooked(torch.nn, lambda x: torch.tensor(x, requires_grad=True), register)
    assert len(ours) == len(theirs)
    for mine, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-10, atol=1e-12)


# Initialisation


@pytest.mark.parametrize(
    "shape", [(3, 4), (4, 3), (5, 2, 3), (4, 3, 2, 2), (6, 2, 3, 3, 3)], ids=str
)
def test_what_is_not_random_is_equal(shape):
    ours, theirs = nn.Parameter(np.ones(shape)), torch.ones(shape)
    fans = torch.nn.init._calculate_fan_in_and_fan_out(theirs)
    assert nn.init.fan_in_and_fan_out(ours) == fans
    if len(shape) == 2:
        np.testing.assert_array_equal(nn.init.eye_(ours).numpy(), torch.nn.init.eye_(theirs))
        return
    for groups in {1, shape[0] // 2, shape[0]}:
        if shape[0] % groups == 0:
            np.testing.assert_array_equal(
                nn.init.dirac_(ours, groups).numpy(), torch.nn.init.dirac_(theirs, groups)
            )


@pytest.mark.parametrize(
    ("name", "param"),
    [
        *((name, None) for name in ("linear", "conv1d", "conv_transpose3d", "sigmoid", "tanh")),
        *((name, None) for name in ("relu", "selu", "leaky_relu")),
        ("leaky_relu", 0.2),
        ("leaky_relu", 1),
    ],
)
def test_gains_are_equal(name, param):
    expected = torch.nn.init.calculate_gain(name, param)
    assert nn.init.calculate_gain(name, param) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("xavier_uniform_", {"gain": 2.0}),
        ("xavier_normal_", {}),
        ("kaiming_uniform_", {"a": math.sqrt(5)}),
        ("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}),
        ("kaiming_normal_", {"nonlinearity": "tanh"}),
        ("uniform_", {"a": -2, "b": 5}),
        ("trunc_normal_", {"mean": 0.5, "std": 2}),
        ("orthogonal_", {"gain": 3}),
        ("sparse_", {"sparsity": 0.3, "std": 2}),
    ],
)
def test_random_values_have_the_same_moments(name, settings):
    shape = (400, 300)
    ours = getattr(nn.init, name)(nn.Parameter(np.zeros(shape)), **settings, rng=0).numpy()
    torch.manual_seed(0)
    theirs = getattr(torch.nn.init, name)(torch.zeros(shape), **settings).numpy()
    assert ours.std() == pytest.approx(theirs.std(), rel=0.02)
    assert ours.mean() == pytest.approx(theirs.mean(), abs=0.02 * float(theirs.std()))
    assert (ours == 0).mean() == (theirs == 0).mean()
    if name in {"uniform_", "trunc_normal_"} or "uniform" in name:
        assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=1e-3)


# Functions on parameters


@pytest.mark.parametrize("norm_type", [2, 1, 3, math.inf, "inf"])
@pytest.mark.parametrize("max_norm", [0.5, 1000])
def test_clipping_by_norm(norm_type, max_norm):
    gradients = [rng.standard_normal(shape) for shape in ((3, 2), (), (4,))]
    ours = [nn.Parameter(np.zeros(g.shape)) for g in gradients]
    theirs = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in gradients]
    for mine, other, g in zip(ours, theirs, gradients, strict=True):
        mine.grad, other.grad = mg.tensor(g), torch.tensor(g)
    total = nn.utils.clip_grad_norm_(ours, max_norm, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    assert total.item() == pytest.approx(expected.item())
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.grad, other.grad, rtol=1e-12)
    nn.utils.clip_grad_value_(ours, 0.1)
    torch.nn.utils.clip_grad_value_(theirs, 0.1)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.grad, other.grad, rtol=1e-12)


def test_parameters_are_in_the_same_order_in_a_vector():
    ours, theirs = build(nn), build(torch.nn)
    theirs.load_state_dict({n: torch.tensor(v) for n, v in ours.state_dict().items()})
    theirs_vector = torch.nn.utils.parameters_to_vector(theirs.parameters())
    ours_vector = nn.utils.parameters_to_vector(ours.parameters())
    np.testing.assert_array_equal(ours_vector.detach(), theirs_vector.detach())


WRAPPED = {
    "weight_norm": lambda lib: lib.utils.weight_norm(linear(lib, 4)),
    "weight_norm of all": lambda lib: lib.utils.weight_norm(linear(lib, 4), dim=None),
    "weight_norm along 1": lambda lib: lib.utils.weight_norm(linear(lib, 4), "weight", 1),
    "new weight_norm": lambda lib: lib.utils.parametrizations.weight_norm(linear(lib, 4)),
    "new weight_norm of all": lambda lib: lib.utils.parametrizations.weight_norm(
        linear(lib, 4), dim=None
    ),
    "spectral_norm": lambda lib: lib.utils.spectral_norm(linear(lib, 4)),
    "spectral_norm along 1": lambda lib: lib.utils.spectral_norm(
        linear(lib, 4), n_power_iterations=3, dim=1
    ),
    "new spectral_norm": lambda lib: lib.utils.parametrizations.spectral_norm(linear(lib, 4)),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED)
def test_computed_weights_are_the_same(wrap, training):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PyTorch has newer functions
        ours, theirs = wrap(nn).train(training), wrap(torch.nn).train(training)
    state = theirs.state_dict()
    assert {n: v.shape for n, v in ours.state_dict().items()} == {
        n: tuple(v.shape) for n, v in state.items()
    }
    ours.load_state_dict(state)
    x, seen = mg.tensor(X, requires_grad=True), torch.tensor(X, requires_grad=True)
    for _ in range(2):
        out, expected = ours(x), theirs(seen)
        np.testing.assert_allclose(out.detach(), expected.detach(), rtol=1e-10)
        g = rng.standard_normal(out.shape)
        out.backward(g)
        expected.backward(torch.tensor(g))
    np.testing.assert_allclose(x.grad, seen.grad, rtol=1e-9)
    known = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        np.testing.assert_allclose(
            parameter.grad, known[name].grad, rtol=1e-9, atol=1e-13, err_msg=name
        )
    for name, value in ours.state_dict().items():
        np.testing.assert_allclose(value, theirs.state_dict()[name], rtol=1e-10, err_msg=name)


def test_a_functional_call_is_the_same():
    ours, theirs = linear(nn), linear(torch.nn)
    values = {name: rng.standard_normal(p.shape) for name, p in ours.named_parameters()}
    out = nn.utils.functional_call(ours, values, X)
    expected = torch.func.functional_call(
        theirs, {name: torch.tensor(value) for name, value in values.items()}, torch.tensor(X)
    )
    np.testing.assert_allclose(out, expected.detach(), rtol=1e-12)


@pytest.mark.parametrize(("dim", "lengths"), [(1, (2, 3)), (-1, (3, -1)), (0, (1, 5, 1))])
def test_unflatten_is_the_same(dim, lengths):
    x = rng.standard_normal((5, 6))
    ours, theirs = nn.Unflatten(dim, lengths), torch.nn.Unflatten(dim, lengths)
    np.testing.assert_array_equal(ours(x), theirs(torch.tensor(x)))
    assert repr(ours) == repr(theirs)
