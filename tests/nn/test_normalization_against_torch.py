import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

ROWS = [
    (lambda nn, **kind: nn.BatchNorm1d(4, **kind), (6, 4)),
    (lambda nn, **kind: nn.BatchNorm1d(4, eps=0.1, momentum=0.3, **kind), (3, 4, 5)),
    (lambda nn, **kind: nn.BatchNorm1d(1, **kind), (5, 1)),
    (lambda nn, **kind: nn.BatchNorm2d(4, **kind), (6, 4, 3, 2)),
    (lambda nn, **kind: nn.BatchNorm2d(4, momentum=None, **kind), (1, 4, 3, 2)),
    (lambda nn, **kind: nn.BatchNorm2d(4, affine=False, **kind), (6, 4, 3, 2)),
    (lambda nn, **kind: nn.BatchNorm2d(4, track_running_stats=False, **kind), (6, 4, 3, 2)),
    (lambda nn, **kind: nn.BatchNorm3d(2, **kind), (2, 2, 3, 2, 2)),
    (lambda nn, **kind: nn.InstanceNorm1d(4, **kind), (3, 4, 5)),
    (lambda nn, **kind: nn.InstanceNorm1d(4, affine=True, **kind), (4, 5)),
    (lambda nn, **kind: nn.InstanceNorm2d(4, affine=True, **kind), (3, 4, 2, 5)),
    (lambda nn, **kind: nn.InstanceNorm2d(4, track_running_stats=True, **kind), (3, 4, 2, 5)),
    (lambda nn, **kind: nn.InstanceNorm3d(2, affine=True, **kind), (2, 2, 3, 2, 2)),
    (lambda nn, **kind: nn.GroupNorm(2, 6, **kind), (3, 6, 4, 2)),
    (lambda nn, **kind: nn.GroupNorm(1, 6, eps=0.2, **kind), (3, 6)),
    (lambda nn, **kind: nn.GroupNorm(3, 6, affine=False, **kind), (3, 6, 5)),
    (lambda nn, **kind: nn.LayerNorm(5, **kind), (3, 4, 5)),
    (lambda nn, **kind: nn.LayerNorm((4, 5), bias=False, **kind), (3, 4, 5)),
    (lambda nn, **kind: nn.LayerNorm(5, elementwise_affine=False, **kind), (5,)),
    (lambda nn, **kind: nn.RMSNorm(5, **kind), (3, 4, 5)),
    (lambda nn, **kind: nn.RMSNorm((4, 5), eps=0.1, elementwise_affine=False, **kind), (3, 4, 5)),
    (lambda nn, **_: nn.LocalResponseNorm(2), (3, 4, 5)),
    (lambda nn, **_: nn.LocalResponseNorm(3, alpha=0.5, beta=0.6, k=2.0), (3, 4, 5, 2)),
]
every_row = pytest.mark.parametrize(
    ("make", "shape"), ROWS, ids=[f"{make(nn)!r} of {shape}" for make, shape in ROWS]
)


def draw(*shape):
    return np.random.default_rng(0).normal(1.0, 2.0, shape)


def pair(make):
    """The same layer here and there in float64, with drawn weights."""
    ours, theirs = make(nn, dtype=np.float64), make(torch.nn, dtype=torch.float64)
    rng = np.random.default_rng(1)
    for parameter in ours.parameters():
        parameter.data = rng.normal(size=parameter.shape)
    theirs.load_state_dict({k: torch.tensor(v) for k, v in ours.state_dict().items()})
    return ours, theirs


def assert_same(ours, theirs, x, rng, **close):
    one = mg.tensor(x, requires_grad=True)
    other = torch.tensor(x, requires_grad=True)
    y, expected = ours(one), theirs(other)
    np.testing.assert_allclose(y.detach(), expected.detach().numpy(), **close)
    g = rng.normal(size=y.shape).astype(x.dtype)
    inputs = [one, *ours.parameters()]
    found = mg.grad(y, inputs, g)
    wanted = torch.autograd.grad(expected, [other, *theirs.parameters()], torch.tensor(g))
    for gradient, reference in zip(found, wanted, strict=True):
        np.testing.assert_allclose(gradient, reference.numpy(), **close)


@every_row
def test_values_gradients_and_statistics_over_several_batches(make, shape):
    ours, theirs = pair(make)
    rng = np.random.default_rng(2)
    for batch in range(3):
        assert_same(ours, theirs, draw(*shape) * (batch + 1) + batch, rng, rtol=1e-9, atol=1e-11)
    for name, array in ours.state_dict().items():
        np.testing.assert_allclose(array, theirs.state_dict()[name], rtol=1e-12, err_msg=name)
    assert_same(ours.eval(), theirs.eval(), draw(*shape), rng, rtol=1e-9, atol=1e-11)
    for name, array in ours.state_dict().items():
        np.testing.assert_allclose(array, theirs.state_dict()[name], rtol=1e-12, err_msg=name)


@every_row
def test_single_precision(make, shape):
    ours, theirs = make(nn), make(torch.nn)
    x = draw(*shape).astype(np.float32)
    assert_same(ours, theirs, x, np.random.default_rng(2), rtol=1e-4, atol=1e-4)


@every_row
def test_states_are_exchanged_both_ways(make, shape):
    ours, theirs = make(nn), make(torch.nn)
    there = theirs.state_dict()
    here = ours.state_dict()
    assert list(here) == list(there)
    for name, array in here.items():
        np.testing.assert_array_equal(array, there[name].numpy())
        assert str(there[name].dtype) == f"torch.{array.dtype}"
    x = draw(*shape).astype(np.float32)
    ours(x), theirs(torch.tensor(x) + 1)
    trained = copy.deepcopy(theirs.state_dict())
    theirs.load_state_dict({name: torch.tensor(a) for name, a in ours.state_dict().items()})
    for name, array in ours.state_dict().items():
        np.testing.assert_array_equal(array, theirs.state_dict()[name].numpy())
    ours.load_state_dict(trained)
    for name, array in ours.state_dict().items():
        np.testing.assert_array_equal(array, trained[name].numpy())


@every_row
def test_repr_is_the_same(make, shape):
    assert repr(make(nn)) == repr(make(torch.nn))


@pytest.mark.parametrize("mean", [1e2, 1e4])
def test_far_from_0_single_precision_is_as_good_as_there(mean):
    x = (draw(16, 4, 8, 8) + mean).astype(np.float32)
    exact = torch.nn.BatchNorm2d(4, dtype=torch.float64)(torch.tensor(x).double())
    here = nn.BatchNorm2d(4)(x).detach().numpy() - exact.detach().numpy()
    there = torch.nn.BatchNorm2d(4)(torch.tensor(x)).detach().numpy() - exact.detach().numpy()
    assert np.abs(here).max() <= np.abs(there).max() + 1e-6


def test_functions_take_the_arguments_of_pytorch():
    x, w, b = draw(3, 4, 5), draw(4), draw(4) + 1
    theirs = torch.nn.functional
    calls = [
        lambda F, x, w, b, m, v: F.batch_norm(x, m, v, w, b, True, 0.2, 1e-3),
        lambda F, x, w, b, m, v: F.batch_norm(x, m, v, weight=w, training=True),
        lambda F, x, w, b, m, v: F.batch_norm(x, m, v, bias=b),
        lambda F, x, w, b, m, v: F.batch_norm(x, None, None, None, b, training=True),
        lambda F, x, w, b, m, v: F.instance_norm(x, m, v, w, b, True, 0.2, 1e-3),
        lambda F, x, w, b, m, v: F.instance_norm(x, m, v, use_input_stats=False),
        lambda F, x, w, b, m, v: F.instance_norm(x),
        lambda F, x, w, b, m, v: F.group_norm(x, 2, w, b, 1e-3),
        lambda F, x, w, b, m, v: F.group_norm(x, 2, bias=b),
        lambda F, x, w, b, m, v: F.layer_norm(x, (5,), eps=1e-3),
        lambda F, x, w, b, m, v: F.layer_norm(x.swapaxes(1, 2), (4,), w, b),
        lambda F, x, w, b, m, v: F.rms_norm(x.swapaxes(1, 2), (4,), w, 1e-3),
        lambda F, x, w, b, m, v: F.local_response_norm(x, 3, 0.1, 0.5, 2.0),
        lambda F, x, w, b, m, v: F.normalize(x),
        lambda F, x, w, b, m, v: F.normalize(x, p=3.0, dim=-1, eps=1e-6),
        lambda F, x, w, b, m, v: F.normalize(x, dim=(0, 2)),
        lambda F, x, w, b, m, v: F.dropout(x, 0.5, False),
        lambda F, x, w, b, m, v: F.dropout(x, 1.0),
        lambda F, x, w, b, m, v: F.alpha_dropout(x, 1.0, training=True),
    ]
    for call in calls:
        statistics = [mg.tensor(np.zeros(4)), mg.tensor(np.ones(4))]
        references = [torch.zeros(4).double(), torch.ones(4).double()]
        ours = call(F, *map(mg.tensor, (x, w, b)), *statistics)
        other = call(theirs, *map(torch.tensor, (x, w, b)), *references)
        np.testing.assert_allclose(ours, other.numpy(), rtol=1e-9, atol=1e-12)
        for one, reference in zip(statistics, references, strict=True):
            np.testing.assert_allclose(one, reference.numpy(), rtol=1e-12)


def test_what_is_refused_there_is_refused_here():
    for kind, shape in [
        ("BatchNorm1d", (1, 4)),
        ("BatchNorm1d", (2, 3)),
        ("BatchNorm1d", (2, 4, 2, 2)),
        ("BatchNorm2d", (1, 4, 1, 1)),
        ("BatchNorm2d", (2, 4, 3)),
        ("BatchNorm3d", (2, 4, 3, 3)),
        ("InstanceNorm1d", (2, 4, 1)),
        ("InstanceNorm2d", (2, 4)),
        ("LayerNorm", (2, 3)),
        ("RMSNorm", (2, 3)),
    ]:
        x = draw(*shape).astype(np.float32)
        with pytest.raises((ValueError, RuntimeError)):
            getattr(torch.nn, kind)(4)(torch.tensor(x))
        with pytest.raises(ValueError, match=str(shape[0])):
            getattr(nn, kind)(4)(x)
