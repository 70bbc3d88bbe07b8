import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

torch = pytest.importorskip("torch", reason="PyTorch is the reference here")

CLOSE = {np.float32: {"rtol": 1e-5, "atol": 1e-5}, np.float64: {"rtol": 1e-9, "atol": 1e-11}}
DTYPES = {np.float32: torch.float32, np.float64: torch.float64}
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def pair(name, dtype, *args, **settings):
    ours = getattr(nn, name)(*args, dtype=dtype, rng=0, **settings)
    theirs = getattr(torch.nn, name)(*args, dtype=DTYPES[dtype], **settings)
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])
    theirs.load_state_dict({key: torch.tensor(value) for key, value in ours.state_dict().items()})
    assert repr(ours) == repr(theirs)
    return ours, theirs


def assert_same(ours, theirs, arrays, dtype):
    """Compare outputs and gradients, of the floating arguments, too, for a random cotangent."""
    own, other = [], []
    for a in arrays:
        tracked = a is not None and a.dtype.kind == "f"
        own.append(mg.tensor(a, requires_grad=True) if tracked else a)
        other.append(None if a is None else torch.tensor(a, requires_grad=tracked))
    y, expected = ours(*own), theirs(*other)
    assert y.dtype == dtype
    np.testing.assert_allclose(y.detach(), expected.detach(), **CLOSE[dtype])
    g = np.random.default_rng(0).normal(size=y.shape).astype(dtype)
    inputs = [x for x in own if isinstance(x, mg.Tensor)]
    wanted = [x for x in other if x is not None and x.requires_grad]
    found = mg.grad(y, [*inputs, *ours.parameters()], g)
    reference = torch.autograd.grad(expected, [*wanted, *theirs.parameters()], torch.tensor(g))
    for gradient, one in zip(found, reference, strict=True):
        assert gradient.dtype == dtype
        np.testing.assert_allclose(gradient, one.numpy(), **CLOSE[dtype])
    for name, value in ours.state_dict().items():  # max_norm changes it
        np.testing.assert_allclose(value, theirs.state_dict()[name], **CLOSE[dtype])


@dtypes
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"padding_idx": 0},
        {"padding_idx": -2},
        {"max_norm": 1.0},
        {"max_norm": 2.0, "norm_type": 1.0, "padding_idx": 3},
    ],
)
@pytest.mark.parametrize(("shape", "width"), [((3, 50), 20), ((), 3), ((7,), 1), ((0, 2), 3)])
def test_embedding(settings, shape, width, dtype):
    ours, theirs = pair("Embedding", dtype, 9, width, **settings)
    assert_same(ours, theirs, [np.random.default_rng(0).integers(0, 9, shape)], dtype)


BAG_ROWS = [
    ({}, (4, 6), None),
    ({"mode": "sum"}, (4, 6), None),
    ({"mode": "max"}, (4, 6), None),
    ({"mode": "max", "padding_idx": 2}, (4, 6), None),
    ({"padding_idx": -1, "max_norm": 1.5}, (5, 3), None),
    ({}, (7,), [0, 3, 3]),
    ({"mode": "sum"}, (7,), [0, 0, 6]),
    ({"mode": "max"}, (7,), [0, 2, 2, 7]),
    ({"mode": "sum", "include_last_offset": True}, (7,), [0, 2, 2, 7]),
    ({"include_last_offset": True, "padding_idx": 0}, (7,), [0, 4, 7]),
]


@dtypes
@pytest.mark.parametrize(("settings", "shape", "offsets"), BAG_ROWS)
def test_embedding_bag(settings, shape, offsets, dtype):
    ours, theirs = pair("EmbeddingBag", dtype, 9, 3, **settings)
    rng = np.random.default_rng(1)
    arrays = [rng.integers(0, 9, shape), None if offsets is None else np.array(offsets)]
    assert_same(ours, theirs, arrays, dtype)
    if settings.get("mode") == "sum":
        assert_same(ours, theirs, [*arrays, rng.normal(size=shape).astype(dtype)], dtype)


@dtypes
@pytest.mark.parametrize("settings", [{}, {"bias": False}])
@pytest.mark.parametrize("lead", [(6,), (), (2, 3)])
def test_bilinear(settings, lead, dtype):
    ours, theirs = pair("Bilinear", dtype, 4, 5, 3, **settings)
    rng = np.random.default_rng(2)
    arrays = [rng.normal(size=(*lead, size)).astype(dtype) for size in (4, 5)]
    assert_same(ours, theirs, arrays, dtype)


@pytest.mark.parametrize("kind", ["Embedding", "EmbeddingBag"])
def test_a_table_that_is_given(kind):
    table = np.random.default_rng(3).normal(size=(5, 2)).astype(np.float32)
    theirs = getattr(torch.nn, kind).from_pretrained(torch.tensor(table), padding_idx=1)
    ours = getattr(nn, kind).from_pretrained(table, padding_idx=1)
    assert repr(ours) == repr(theirs)
    indices = np.array([[0, 1, 4]])
    np.testing.assert_allclose(ours(indices), theirs(torch.tensor(indices)), rtol=1e-6)


@pytest.mark.parametrize("count", [-1, 3, 5])
def test_one_hot(count):
    classes = np.array([[0, 2], [1, 1]])
    expected = torch.nn.functional.one_hot(torch.tensor(classes), count)
    np.testing.assert_array_equal(F.one_hot(classes, count), expected)
    assert F.one_hot(classes, count).dtype == np.int64
