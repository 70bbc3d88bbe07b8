"""Functions on parameters: clipping, vectors, calls with other values, computed weights."""

import copy
import math
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import utils


def graded(*gradients, dtype=np.float64):
    """Parameters that have these gradients."""
    parameters = [nn.Parameter(np.zeros(np.shape(g)), dtype) for g in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = mg.tensor(gradient, dtype)
    return parameters


# Clipping


@pytest.mark.parametrize(
    ("norm_type", "total"),
    [(2, 13.0), (1, 19.0), (math.inf, 12.0), (3, (27 + 64 + 1728) ** (1 / 3)), ("inf", 12.0)],
)
def test_norms_are_of_all_gradients_as_one_vector(norm_type, total):
    parameters = [*graded([3.0, -4.0], [[12.0]]), nn.Parameter([1.0])]
    found = utils.clip_grad_norm_(parameters, 1.0, norm_type)
    assert found.item() == pytest.approx(total)
    np.testing.assert_allclose(
        parameters[0].grad, np.array([3.0, -4.0]) / (total + 1e-6), rtol=1e-12
    )
    assert parameters[2].grad is None
    assert utils.get_total_norm([p.grad for p in parameters[:2]], norm_type).item() < 1 + 1e-9


def test_small_gradients_stay_as_they_are():
    (parameter,) = graded([0.3, 0.4])
    assert utils.clip_grad_norm_(parameter, 1.0).item() == 0.5
    np.testing.assert_array_equal(parameter.grad, [0.3, 0.4])


def test_a_parameter_that_comes_twice_is_clipped_once():
    (parameter,) = graded([3.0, 4.0])
    assert utils.clip_grad_norm_([parameter, parameter], 1.0).item() == 5
    assert utils.get_total_norm(parameter.grad).item() == pytest.approx(1)


def test_no_array_of_a_gradient_is_written_to():
    (parameter,) = graded([3.0, 4.0])
    kept, handle = parameter.grad.numpy(), parameter.grad
    utils.clip_grad_norm_([parameter], 1.0)
    utils.clip_grad_value_([parameter], 0.1)
    np.testing.assert_array_equal(kept, [3, 4])
    assert parameter.grad is handle
    np.testing.assert_array_equal(parameter.grad, [0.1, 0.1])


def test_large_float32_gradients_do_not_overflow():
    (parameter,) = graded([3e30, 4e30], dtype=np.float32)
    assert utils.clip_grad_norm_([parameter], 1.0).item() == pytest.approx(5e30)
    assert parameter.grad.dtype == np.float32
    np.testing.assert_allclose(parameter.grad, [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_norms_that_are_not_finite(bad):
    parameters = graded([1.0, bad])
    with pytest.raises(RuntimeError, match=r"the 2.0-norm of the gradients is (inf|nan)"):
        utils.clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)
    np.testing.assert_array_equal(parameters[0].grad, [1.0, bad])
    utils.clip_grad_norm_(parameters, 1.0)
    np.testing.assert_array_equal(parameters[0].grad, [0 if bad == math.inf else bad, math.nan])


def test_without_gradients_the_norm_is_zero():
    assert utils.clip_grad_norm_([nn.Parameter(1.0)], 1.0).item() == 0
    assert utils.clip_grad_norm_([], 1.0).item() == 0


def test_a_norm_that_is_known_is_used():
    parameters = graded([3.0, 4.0])
    utils.clip_grads_with_norm_(parameters, 1.0, 10.0)
    np.testing.assert_allclose(parameters[0].grad, [0.3, 0.4], rtol=1e-6)


def test_values_are_clipped():
    parameters = graded([3.0, -4.0, 0.5])
    utils.clip_grad_value_(iter(parameters), 1)
    np.testing.assert_array_equal(parameters[0].grad, [1, -1, 0.5])
    with pytest.raises(ValueError, match="clip_value must be at least 0"):
        utils.clip_grad_value_(parameters, -1)
    for wrong, kind in ((["weight"], "str"), (nn.Linear(2, 3), "Linear")):
        with pytest.raises(
            TypeError, match=rf"takes parameters, such as model.parameters\(\), got a {kind}"
        ):
            utils.clip_grad_value_(wrong, 1)


# Vectors


def test_parameters_become_a_vector_and_back():
    layer, other = nn.Linear(3, 2), nn.Linear(3, 2)
    vector = utils.parameters_to_vector(layer.parameters())
    assert vector.shape == (8,)
    utils.vector_to_parameters(vector, other.parameters())
    for mine, theirs in zip(layer.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    (vector * np.arange(8)).sum().backward()
    np.testing.assert_array_equal(layer.weight.grad, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(layer.bias.grad, [6, 7])


def test_a_vector_of_another_length():
    with pytest.raises(ValueError, match=r"has shape \(7,\), the parameters 8 elements"):
        utils.vector_to_parameters(np.zeros(7), nn.Linear(3, 2).parameters())
    with pytest.raises(ValueError, match="there are no parameters"):
        utils.parameters_to_vector([])


# Calls with other values


class Net(nn.Module):
    def __init__(self):
        self.layers = [nn.Linear(3, 4, dtype=np.float64)]
        self.scales = (nn.Parameter(2.0, np.float64),)
        self.norm = nn.BatchNorm1d(4, dtype=np.float64)
        self.tied = self.layers[0]

    def forward(self, x, power=1):
        if power < 0:
            raise ZeroDivisionError
        return self.norm(self.scales[0] * self.layers[0](x)) ** power


X = np.random.default_rng(0).standard_normal((5, 3))


def test_other_values_are_used_and_the_module_stays_as_it_was():
    net, other = Net(), Net()
    before = net.state_dict()
    other.scales[0].data = np.array(-3.0)
    state = other.state_dict()
    out = utils.functional_call(net, state, X)
    np.testing.assert_array_equal(out, other(X).detach())
    assert not out.requires_grad
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    with pytest.raises(ZeroDivisionError):
        utils.functional_call(net, state, (X,), {"power": -1})
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    assert all(p.requires_grad and p.is_leaf for p in net.parameters())


def test_gradients_of_any_order_flow_to_the_values():
    net = Net().eval()
    values = [p.detach().numpy() for p in net.parameters()]
    keys = [name for name, _ in net.named_parameters()]

    def f(*values):
        return utils.functional_call(net, dict(zip(keys, values, strict=True)), (X,), {"power": 2})

    mg.testing.assert_gradients(f, *values)
    assert mg.gradgradcheck(f, *values)
    assert all(p.grad is None for p in net.parameters())


def test_parameters_may_change_places():
    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    first, second = net.parameters()
    x = np.ones((1, 2), np.float32)
    out = utils.functional_call(net, {"0.weight": second, "1.weight": first}, x)
    np.testing.assert_array_equal(out.detach(), x @ second.numpy().T @ first.numpy().T)
    assert net[0].weight is first


def test_a_buffer_that_changes_does_so_in_the_mapping():
    net = Net()
    mean = mg.tensor(np.zeros(4))
    utils.functional_call(net, {"norm.running_mean": mean}, X)
    assert mean.numpy().any()
    assert not net.norm.running_mean.numpy().any()
    utils.functional_call(net, dict(net.named_buffers()), X)
    assert net.norm.running_mean.numpy().any()


@pytest.mark.parametrize(
    ("values", "settings", "message"),
    [
        ({"weight": 1.0}, {}, "Net has no parameter or buffer 'weight'; there are: scales.0"),
        ({"scales.0": [1.0]}, {}, r"'scales.0' has shape \(1,\), the module \(\)"),
        ({"scales.0": 1.0}, {"strict": True}, "missing: 'layers.0.weight'"),
        (
            {"layers.0.bias": np.ones(4), "tied.bias": np.zeros(4)},
            {},
            "'tied.bias' has another name with another value",
        ),
    ],
)
def test_values_that_do_not_fit(values, settings, message):
    with pytest.raises(ValueError, match=message):
        utils.functional_call(Net(), values, X, **settings)


# Computed weights

COMPUTED = [
    utils.weight_norm,
    utils.spectral_norm,
    utils.parametrizations.weight_norm,
    utils.parametrizations.spectral_norm,
]


@pytest.mark.parametrize("wrap", COMPUTED)
def test_gradients_flow_to_what_a_weight_is_computed_from(wrap):
    layer = wrap(nn.Conv1d(2, 3, 2, dtype=np.float64)).eval()
    keys = [name for name, _ in layer.named_parameters()]
    x = np.random.default_rng(1).standard_normal((1, 2, 3))

    def f(x, *values):
        return utils.functional_call(layer, dict(zip(keys, values, strict=True)), x)

    values = [p.detach().numpy() for p in layer.parameters()]
    assert len(values) == 2 + ("weight_norm" in wrap.__name__)
    mg.testing.assert_gradients(f, x, *values)
    assert mg.gradgradcheck(f, x, *values)


@pytest.mark.parametrize("wrap", COMPUTED)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_computes_its_own_weight(wrap, copied):
    layer = wrap(nn.Linear(3, 2))
    layer(np.ones((1, 3))).sum().backward()
    other = copied(layer)
    before = layer.weight.detach().numpy()
    for parameter in other.parameters():
        parameter.data = parameter.numpy() ** 2 + 1
    other(np.ones((1, 3)))
    np.testing.assert_array_equal(layer.weight.detach(), before)
    assert (other.weight.detach().numpy() != before).any()


def unparametrize(layer):
    return utils.parametrize.remove_parametrizations(layer, "weight")


REMOVED = [utils.remove_weight_norm, utils.remove_spectral_norm, unparametrize, unparametrize]


@pytest.mark.parametrize(("wrap", "unwrap"), list(zip(COMPUTED, REMOVED, strict=True)))
def test_a_weight_becomes_a_parameter_again(wrap, unwrap):
    layer = nn.Linear(3, 2)
    names = sorted(layer.state_dict())
    weight = wrap(layer).weight.detach().numpy()
    assert sorted(layer.state_dict()) != names
    assert "weight" in dir(layer)
    assert unwrap(layer) is layer
    assert sorted(layer.state_dict()) == names
    np.testing.assert_array_equal(layer.weight.detach(), weight)
    layer(np.ones((1, 3)))
    np.testing.assert_array_equal(layer.weight.detach(), weight)  # no hook is left
    with pytest.raises(ValueError, match="'weight' of this Linear is not"):
        unwrap(layer)


@pytest.mark.parametrize("wrap", COMPUTED)
def test_a_computed_weight_is_not_assigned_to(wrap):
    layer = wrap(nn.Linear(3, 2))
    with pytest.raises(AttributeError, match=r"Linear.weight is computed from other parameters"):
        layer.weight = nn.Parameter(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="'weight' of this Linear is computed from other"):
        wrap(layer)


@pytest.mark.parametrize("wrap", COMPUTED)
def test_what_has_no_such_weight(wrap):
    with pytest.raises(ValueError, match="'scale' of this Linear is no parameter; its parameters"):
        wrap(nn.Linear(3, 2), "scale")
    with pytest.raises(ValueError, match="'weight' has 2 axes, none of them is dim=2"):
        wrap(nn.Linear(3, 2), dim=2)
    with pytest.raises(TypeError, match="takes a module, got a Parameter"):
        wrap(nn.Parameter(1.0))


@pytest.mark.parametrize("wrap", COMPUTED)
def test_what_is_frozen_stays_frozen(wrap):
    layer = wrap(nn.Linear(3, 2, bias=False).requires_grad_(False))
    assert not any(p.requires_grad for p in layer.parameters())
    assert layer.double().weight.dtype == np.float64


def test_two_weights_of_one_module():
    layer = nn.Linear(3, 2)
    for name in ("weight", "bias"):
        utils.parametrizations.weight_norm(layer, name, dim=None)
    assert len(layer.state_dict()) == 4
    assert utils.parametrize.is_parametrized(layer)
    utils.parametrize.remove_parametrizations(layer, "weight")
    assert utils.parametrize.is_parametrized(layer, "bias")
    assert not utils.parametrize.is_parametrized(layer, "weight")


def test_power_iterations_take_place_in_training_alone():
    layer = utils.spectral_norm(nn.Linear(4, 3), rng=0)
    before = layer.weight_u.numpy()
    layer.eval()(np.ones((1, 4)))
    np.testing.assert_array_equal(layer.weight_u, before)
    layer.train()
    for _ in range(100):
        layer(np.ones((1, 4)))
    assert np.linalg.norm(layer.weight.detach().numpy(), 2) == pytest.approx(1, rel=1e-4)
    with pytest.raises(ValueError, match="n_power_iterations must be at least 1"):
        utils.spectral_norm(nn.Linear(4, 3), n_power_iterations=0)
