import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


class Block(nn.Module):
    def __init__(self):
        self.first = nn.Linear(3, 4)
        self.scale = nn.Parameter([1.0])
        self.mean = nn.Buffer(np.zeros(4))
        self.layers = [nn.Linear(4, 4), {"out": nn.Linear(4, 2, bias=False)}]

    def forward(self, x):
        x = self.first(x) - self.mean
        return self.scale * self.layers[1]["out"](self.layers[0](x))


NAMES = [
    "scale",
    "mean",
    "first.weight",
    "first.bias",
    "layers.0.weight",
    "layers.0.bias",
    "layers.1.out.weight",
]


def names(named):
    return [name for name, _ in named]


# Parameters


@pytest.mark.parametrize(
    ("data", "dtype", "expected"),
    [
        ([1.0, 2.0], None, "float32"),
        (3, None, "float32"),
        (np.arange(3), None, "float32"),
        (np.zeros(2), None, "float64"),
        (np.zeros(2, np.float16), None, "float16"),
        (mg.tensor([1.0]), None, "float64"),
        (np.zeros(2), np.float32, "float32"),
        ([1.0], np.float64, "float64"),
    ],
)
def test_a_parameter_is_float32_unless_its_data_or_dtype_say_otherwise(data, dtype, expected):
    assert nn.Parameter(data, dtype).dtype == expected


def test_a_parameter_requires_grad_and_its_results_are_plain_tensors():
    parameter = nn.Parameter([1.0, 2.0])
    assert parameter.requires_grad
    assert isinstance(parameter, mg.Tensor)
    assert type(parameter * 2) is mg.Tensor
    assert not isinstance(parameter.data, nn.Parameter)


def test_a_parameter_copies_its_data():
    data = np.zeros(2)
    parameter = nn.Parameter(data)
    data[:] = 1
    np.testing.assert_array_equal(parameter.numpy(), [0, 0])


def test_a_parameter_stays_one_when_it_is_changed():
    layer = nn.Linear(2, 2)
    with mg.no_grad():
        layer.weight -= 1.0
    layer.weight.data -= 1.0
    assert type(layer.weight) is nn.Parameter
    assert layer.weight.dtype == np.float32
    assert len(list(layer.parameters())) == 2


def test_an_integer_parameter_is_refused():
    with pytest.raises(TypeError, match="only floating tensors have gradients, got int64"):
        nn.Parameter([1, 2], dtype=np.int64)


def test_parameters_and_buffers_say_what_they_are():
    assert repr(nn.Parameter([1.0])).startswith("Parameter containing:\ntensor([1.]")
    assert repr(nn.Buffer([1.0])).startswith("Buffer containing:\ntensor([1.]")


# The tree


def test_names_are_the_paths_of_attributes():
    block = Block()
    assert names(block.named_parameters()) == [name for name in NAMES if name != "mean"]
    assert names(block.named_buffers()) == ["mean"]
    assert names(block.named_children()) == ["first", "layers.0", "layers.1.out"]
    assert names(block.named_modules()) == ["", "first", "layers.0", "layers.1.out"]
    assert next(iter(block.modules())) is block
    assert next(iter(block.children())) is block.first
    assert list(block.buffers()) == [block.mean]


def test_a_module_needs_no_init():
    class Plain(nn.Module):
        def forward(self, x):
            return 2 * x

    assert Plain()(3) == 6
    assert list(Plain().parameters()) == []


def test_it_does_not_matter_when_super_init_is_called():
    class Late(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(2, 2)
            super().__init__()

    assert names(Late().named_parameters()) == ["layer.weight", "layer.bias"]


def test_a_shared_module_counts_once_but_is_saved_under_both_names():
    shared = nn.Linear(2, 2, bias=False)
    model = nn.Sequential(shared, nn.ReLU(), shared)
    assert names(model.named_parameters()) == ["0.weight"]
    assert names(model.named_children()) == ["0", "1"]
    assert list(model.state_dict()) == ["0.weight", "2.weight"]
    model(np.ones((1, 2))).sum().backward()
    assert shared.weight.grad is not None


def test_a_shared_parameter_counts_once():
    tied = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    tied[1].weight = tied[0].weight
    assert names(tied.named_parameters()) == ["0.weight", "0.bias", "1.bias"]


def test_a_child_may_know_its_parent():
    parent = Block()
    parent.first.parent = parent
    assert list(parent.state_dict()) == NAMES
    assert names(parent.named_modules()) == ["", "first", "layers.0", "layers.1.out"]
    assert "..." in repr(parent)


def test_train_and_eval_reach_the_whole_tree():
    block = Block()
    assert all(module.training for module in block.modules())
    assert block.eval() is block
    assert not any(module.training for module in block.modules())
    assert block.train() is block
    assert all(module.training for module in block.modules())


def test_zero_grad_forgets_gradients():
    block = Block()
    block(np.ones((2, 3))).sum().backward()
    assert all(parameter.grad is not None for parameter in block.parameters())
    block.zero_grad()
    assert all(parameter.grad is None for parameter in block.parameters())


def test_a_frozen_parameter_has_no_gradient_but_stays_in_the_module():
    block = Block()
    block.first.requires_grad_(False)
    block(np.ones((2, 3))).sum().backward()
    assert block.first.weight.grad is None
    assert block.layers[0].weight.grad is not None
    assert list(block.state_dict()) == NAMES
    assert "first.weight" in names(block.named_parameters())
    block.requires_grad_(True)
    assert all(parameter.requires_grad for parameter in block.parameters())


def test_a_parameter_is_not_replaced_by_a_tensor_unnoticed():
    layer = nn.Linear(2, 2)
    for other in (layer.weight * 2, mg.tensor([1.0]), np.zeros((2, 2))):
        with pytest.raises(TypeError, match=r"Linear\.weight is a Parameter.*weight\.data"):
            layer.weight = other
    layer.weight = nn.Parameter(np.zeros((2, 2)))
    layer.bias = None
    assert names(layer.named_parameters()) == ["weight"]


def test_a_buffer_is_given_values_through_data():
    block = Block()
    with pytest.raises(TypeError, match=r"Block\.mean is a Buffer.*mean\.data"):
        block.mean = block.mean + 1
    block.mean.data = block.mean + 1
    np.testing.assert_array_equal(block.state_dict()["mean"], np.ones(4))
    block.register_buffer("count", 0)
    assert names(block.named_buffers()) == ["mean", "count"]
    assert not block.count.requires_grad


def test_without_forward_a_call_says_so():
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no forward"):
        Empty()(1)


def test_repr_is_a_tree():
    assert repr(nn.Sequential(Block(), nn.ReLU())) == (
        "Sequential(\n"
        "  (0): Block(\n"
        "    (first): Linear(in_features=3, out_features=4, bias=True)\n"
        "    (layers.0): Linear(in_features=4, out_features=4, bias=True)\n"
        "    (layers.1.out): Linear(in_features=4, out_features=2, bias=False)\n"
        "  )\n"
        "  (1): ReLU()\n"
        ")"
    )


def test_a_module_is_freed_without_the_garbage_collector():
    gc.disable()
    try:
        block = Block()
        block(np.ones((2, 3))).sum().backward()
        dead = weakref.ref(block)
        del block
        assert dead() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_shares_nothing(copied):
    block = Block().eval()
    before = block.state_dict()
    other = copied(block)
    assert not other.training
    assert list(other.state_dict()) == NAMES
    for tensor in other.parameters():
        assert type(tensor) is nn.Parameter
        assert tensor.requires_grad
        tensor.data = tensor + 1
    for name, array in block.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


# Saving and loading


def test_a_state_is_a_copy():
    layer = nn.Linear(2, 2)
    state = layer.state_dict()
    before = layer.weight.numpy().copy()
    state["weight"][:] = 0
    np.testing.assert_array_equal(layer.weight.numpy(), before)
    layer.load_state_dict(state)
    state["weight"][:] = 1
    np.testing.assert_array_equal(layer.weight.numpy(), np.zeros((2, 2)))


def test_a_state_goes_through_a_file(tmp_path):
    block, other = Block(), Block()
    block.mean.data = np.arange(4.0)
    np.savez(tmp_path / "block.npz", **block.state_dict())
    with np.load(tmp_path / "block.npz") as state:
        assert other.load_state_dict(state) == ([], [])
    x = np.ones((2, 3))
    np.testing.assert_array_equal(other(x).detach().numpy(), block(x).detach().numpy())


def test_loading_keeps_dtype_and_identity():
    layer = nn.Linear(2, 2)
    weight = layer.weight
    layer.load_state_dict({"weight": np.ones((2, 2)), "bias": [1, 2]})
    assert layer.weight is weight
    assert weight.requires_grad
    assert weight.dtype == layer.bias.dtype == np.float32


def test_loading_leaves_earlier_results_alone():
    layer = nn.Linear(2, 1, bias=False)
    x = mg.tensor([[1.0, 2.0]], requires_grad=True)
    before = layer.weight.numpy().copy()
    y = layer(x)
    layer.load_state_dict({"weight": np.zeros((1, 2))})
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), before)


def test_a_state_that_does_not_fit_names_everything_and_loads_nothing():
    block = Block()
    state = block.state_dict()
    del state["scale"]
    state["first.weight"] = np.zeros((3, 4))
    state["last.weight"] = np.zeros(1)
    before = block.state_dict()
    with pytest.raises(ValueError, match=r"Block\.load_state_dict") as caught:
        block.load_state_dict(state)
    message = str(caught.value)
    assert "'first.weight' has shape (3, 4), the module (4, 3)" in message
    assert "missing keys: 'scale'" in message
    assert "unexpected keys: 'last.weight'" in message
    for name, array in block.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_not_strict_ignores_names_but_not_shapes():
    layer = nn.Linear(2, 2)
    keys = layer.load_state_dict({"weight": np.ones((2, 2)), "other": 1}, strict=False)
    assert keys.missing_keys == ["bias"]
    assert keys.unexpected_keys == ["other"]
    np.testing.assert_array_equal(layer.weight.numpy(), np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"'weight' has shape \(2,\)"):
        layer.load_state_dict({"weight": np.ones(2)}, strict=False)


def test_complex_weights_are_refused():
    with pytest.raises(TypeError, match="'bias' is complex128, which does not become float32"):
        nn.Linear(1, 1).load_state_dict({"bias": np.zeros(1, complex)}, strict=False)
