"""Names, dtypes and states of modules; what would be lost is an error."""

import copy
import pickle
from collections import deque

import numpy as np
import pytest

import minigrad as mg
from minigrad import names, nn


class Net(nn.Module):
    def __init__(self):
        self.first = nn.Linear(3, 4)
        self.layers = [nn.Linear(4, 4), {"out": nn.Linear(4, 2, bias=False)}]
        self.count = nn.Buffer(0)
        self.table = nn.Buffer(np.zeros(2), persistent=False)

    def forward(self, x):
        return self.layers[1]["out"](self.layers[0](self.first(x)))


# Names


def test_prefix_recurse_and_duplicates():
    net = Net()
    net.again = net.first
    assert [n for n, _ in net.named_parameters("net", recurse=False)] == []
    assert [n for n, _ in net.named_parameters("net")][:2] == ["net.first.weight", "net.first.bias"]
    assert [n for n, _ in net.named_buffers()] == ["count", "table"]
    assert [n for n, _ in net.first.named_parameters(recurse=False)] == ["weight", "bias"]
    assert "again.weight" not in dict(net.named_parameters())
    assert "again.weight" in dict(net.named_parameters(remove_duplicate=False))
    assert [n for n, _ in net.named_modules("m")] == [
        "m",
        "m.first",
        "m.layers.0",
        "m.layers.1.out",
    ]
    assert [n for n, _ in net.named_modules(remove_duplicate=False)][-1] == "again"
    assert len(list(net.parameters(recurse=False))) == 0
    assert len(list(net.buffers(recurse=False))) == 2


def test_what_has_a_name_is_found_by_it():
    net = Net()
    net.again = net.first
    assert net.get_submodule("") is net
    assert net.get_submodule("layers.1.out") is net.layers[1]["out"]
    assert net.get_parameter("layers.0.bias") is net.layers[0].bias
    assert net.get_parameter("again.bias") is net.first.bias
    assert net.get_buffer("table") is net.table
    with pytest.raises(
        AttributeError, match=r"Net has no module 'layers.2'; there are: '', 'first'"
    ):
        net.get_submodule("layers.2")
    with pytest.raises(AttributeError, match="Net has no parameter 'count'"):
        net.get_parameter("count")
    with pytest.raises(AttributeError, match=r"Net has no buffer 'first.weight'"):
        net.get_buffer("first.weight")


def test_names_made_by_a_program():
    net = nn.Module()
    net.add_module("a", nn.Linear(2, 2))
    net.register_module("b", None)
    net.register_parameter("scale", nn.Parameter(1.0))
    net.register_parameter("bias", None)
    net.register_buffer("mean", np.zeros(2))
    net.register_buffer("none", None)
    assert list(net.state_dict()) == ["scale", "mean", "a.weight", "a.bias"]
    assert net.b is net.bias is net.none is None


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("a.b", nn.Identity(), ValueError, "add_module: a name has at least one character and no"),
        ("", nn.Identity(), ValueError, "add_module: a name has at least one"),
        ("train", nn.Identity(), ValueError, "something else that is called 'train'"),
        ("training", nn.Identity(), ValueError, "something else that is called 'training'"),
        (3, nn.Identity(), TypeError, "add_module: a name is a string, got 3"),
        ("a", mg.relu, TypeError, "add_module: 'a' must be a Module, got a function"),
    ],
)
def test_a_name_or_module_that_does_not_fit(name, value, error, message):
    with pytest.raises(error, match=message):
        nn.Module().eval().add_module(name, value)


def test_apply_meets_every_module_once_children_first():
    net, seen = Net(), []
    net.again = net.first
    net.first.parent = net
    assert net.apply(seen.append) is net
    assert seen == [net.first, net.layers[0], net.layers[1]["out"], net]


# Nothing is lost in silence


@pytest.mark.parametrize("kind", [set, frozenset])
def test_modules_without_a_name_are_an_error(kind):
    net = nn.Module()
    with pytest.raises(TypeError, match=f"Module.layers is a {kind.__name__} with a Linear in it"):
        net.layers = kind([nn.Linear(2, 2)])
    net.layers = [kind()]  # changed later, or deeper
    assert list(net.parameters()) == []
    net.layers = [kind([nn.Parameter(1.0)])]
    with pytest.raises(TypeError, match=f"Module.layers.0 is a {kind.__name__} with a Parameter"):
        net.parameters().__next__()
    net.layers = {1, "two"}
    assert list(net.parameters()) == []


def test_an_array_of_modules_is_an_error():
    with pytest.raises(TypeError, match="is a ndarray with a Linear in it"):
        nn.Module().layers = np.array([nn.Linear(2, 2), None], dtype=object)


@pytest.mark.parametrize(
    "value",
    [
        (nn.Linear(2, 2) for _ in range(2)),
        map(nn.ReLU, []),
        {"a": nn.Linear(2, 2)}.values(),
        zip([], [], strict=True),
    ],
)
def test_what_is_used_up_by_looking_is_an_error(value):
    with pytest.raises(TypeError, match=f"Module.layers would be a {type(value).__name__}, into"):
        nn.Module().layers = value


def test_a_deque_is_looked_into():
    net = nn.Module()
    net.layers = deque([nn.Linear(2, 2)])
    assert list(net.state_dict()) == ["layers.0.weight", "layers.0.bias"]


def test_a_module_is_not_replaced_by_what_is_none():
    net = Net()
    with pytest.raises(TypeError, match=r"Net.first is a module, and a function in its place"):
        net.first = mg.relu
    net.first = [nn.Identity()]
    net.layers[0] = nn.ReLU()
    net.first = None
    assert [n for n, _ in net.named_children()] == ["layers.0", "layers.1.out"]


def test_two_tensors_of_one_name_are_an_error():
    net = nn.Module()
    net.held = {1: nn.Parameter(1.0), "1": nn.Parameter(2.0)}
    with pytest.raises(ValueError, match=r"two tensors are called 'held\.1'"):
        net.state_dict()


# Attributes


@pytest.mark.parametrize("name", names.MODULE_ATTRIBUTES)
def test_a_name_of_other_libraries_has_a_remedy(name):
    with pytest.raises(AttributeError, match=f"'Linear' object has no attribute '{name}'; use "):
        getattr(nn.Linear(2, 2), name)
    assert not hasattr(nn.Module, name)


def test_an_unknown_attribute_is_left_to_python():
    layer = nn.Linear(2, 2)
    with pytest.raises(AttributeError, match=r"^'Linear' object has no attribute 'wieght'$") as e:
        layer.wieght  # noqa: B018  # the look-up is what is tested
    assert e.value.name == "wieght"
    assert e.value.obj is layer  # so Python can say "Did you mean: 'weight'?"


def test_attributes_are_deleted_and_listed():
    layer = nn.Linear(2, 2)
    assert {"weight", "bias", "forward"} <= set(dir(layer))
    del layer.bias
    assert "bias" not in dir(layer)
    assert list(layer.state_dict()) == ["weight"]
    assert "0" not in dir(nn.Sequential(layer))


# What is done for the whole tree


def test_a_mode_is_true_or_false():
    with pytest.raises(TypeError, match=r"Net.train: mode must be True or False, got a ndarray"):
        Net().train(np.zeros(3))


def test_gradients_are_forgotten_or_set_to_zero():
    net = Net()
    net(np.ones((1, 3))).sum().backward()
    net.first.bias.grad = None
    net.zero_grad(set_to_none=False)
    assert net.first.bias.grad is None
    assert net.first.weight.grad.dtype == np.float32
    np.testing.assert_array_equal(net.first.weight.grad, np.zeros((4, 3)))
    net.zero_grad()
    assert net.first.weight.grad is None


@pytest.mark.parametrize(
    ("convert", "dtype"),
    [
        (lambda net: net.double(), np.float64),
        (lambda net: net.half(), np.float16),
        (lambda net: net.double().float(), np.float32),
        (lambda net: net.to("float64"), np.float64),
    ],
)
def test_the_dtype_of_all_floating_tensors(convert, dtype):
    net = Net()
    net.again = net.first
    weight, hooked = net.first.weight, []
    net(np.ones((1, 3))).sum().backward()
    weight.register_hook(hooked.append)
    before = weight.numpy().copy()
    assert convert(net) is net
    assert net.first.weight is weight
    assert {p.dtype for p in net.parameters()} == {np.dtype(dtype)}
    assert weight.grad.dtype == net.table.dtype == dtype
    assert net.count.dtype == np.int64
    np.testing.assert_array_equal(weight.numpy(), before.astype(dtype))
    out = net(np.ones((1, 3)))
    assert out.dtype == dtype
    out.sum().backward()
    assert len(hooked) == 1


def test_a_frozen_parameter_stays_frozen_in_another_dtype():
    layer = nn.Linear(2, 2).requires_grad_(False).double()
    assert not layer.weight.requires_grad


@pytest.mark.parametrize("dtype", ["cuda", "cpu", int, None])
def test_what_is_no_floating_dtype(dtype):
    with pytest.raises(TypeError, match=r"Linear.to: takes a floating dtype.*all is on the CPU"):
        nn.Linear(2, 2).to(dtype)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copied_buffer_is_as_persistent_as_it_was(copied):
    net = copied(Net())
    assert "table" not in net.state_dict()
    assert not net.table.persistent
    assert net.count.persistent


# States


def test_a_state_has_a_prefix_and_no_passing_buffers():
    state = Net().state_dict(prefix="net.")
    assert next(iter(state)) == "net.count"
    assert "net.table" not in state


def test_assigned_values_keep_their_floating_dtype():
    layer = nn.Linear(2, 2)
    weight = layer.weight
    state = {"weight": np.ones((2, 2)), "bias": np.ones(2, np.float16)}
    layer.load_state_dict(state, assign=True)
    assert layer.weight is weight
    assert (layer.weight.dtype, layer.bias.dtype) == (np.float64, np.float16)
    assert weight.requires_grad
    state["weight"][:] = 0
    assert layer.weight.numpy().all()
    with pytest.raises(TypeError, match="'weight' is int64, which does not become float64"):
        layer.load_state_dict({"weight": np.ones((2, 2), int)}, strict=False, assign=True)


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ("weights.npz", TypeError, "takes a mapping from names to arrays, got a str; read the"),
        (nn.Linear(2, 2), TypeError, r"got a Linear; pass its state_dict\(\)"),
        ({"model": {"weight": 1}, "epoch": 3}, ValueError, r"pass state\['model'\]"),
        ({"module.weight": 1, "module.bias": 1}, ValueError, "begin with 'module.': take that"),
    ],
)
def test_a_state_that_is_something_else(state, error, message):
    with pytest.raises(error, match=f"Linear.load_state_dict: .*{message}"):
        nn.Linear(2, 2).load_state_dict(state)


def test_a_state_of_a_part():
    with pytest.raises(ValueError, match=r"lack '0\.': is it for a part of the module"):
        nn.Sequential(nn.Linear(2, 2)).load_state_dict(nn.Linear(2, 2).state_dict())
