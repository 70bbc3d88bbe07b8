"""Tensors from a shape or a few numbers."""

import numpy as np
import pytest

import minigrad as mg


def same(result, expected):
    assert type(result) is mg.Tensor
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result.numpy(), expected)


@pytest.mark.parametrize(
    "create",
    [
        lambda f: f.zeros((2, 3)),
        lambda f: f.zeros(3, np.float32),
        lambda f: f.zeros((), int),
        lambda f: f.ones((2, 0)),
        lambda f: f.ones(2, bool),
        lambda f: f.full((2, 3), 1.5),
        lambda f: f.full(2, 3),
        lambda f: f.full((2, 2), [1, 2], dtype=float),
        lambda f: f.arange(3),
        lambda f: f.arange(1, 7, 2),
        lambda f: f.arange(1.0, stop=2.0, step=0.25),
        lambda f: f.arange(3, dtype=np.float32),
        lambda f: f.arange(3, 0, -1),
        lambda f: f.arange(0),
        lambda f: f.arange(stop=3.0),
        lambda f: f.arange(start=0.0, stop=3),
        lambda f: f.linspace(0, 1, 5),
        lambda f: f.linspace(0, 1, 5, False),
        lambda f: f.linspace(0, -1, 3, dtype=int),
        lambda f: f.linspace([0, 1], 1, 3, axis=1),
        lambda f: f.linspace(0, 1, 0),
        lambda f: f.eye(3),
        lambda f: f.eye(2, 3, 1, np.float32),
        lambda f: f.identity(2, int),
        lambda f: f.tri(2, 3, -1),
        lambda f: f.indices((2, 3)),
        lambda f: f.asarray([1, 2]),
        lambda f: f.asarray(1.0, dtype="f4"),
        lambda f: f.array([[1.0]], "f4"),
    ],
)
def test_equals_numpy(create):
    same(create(mg), create(np))


@pytest.mark.parametrize(
    "create",
    [
        lambda f: f.logspace(0, 2, 3),
        lambda f: f.logspace(0, 2, 3, base=2.0, dtype=np.float32),
        lambda f: f.logspace([0, 1], 2, 3, base=[2, 3], axis=-1),
        lambda f: f.geomspace(1, 1000, 4),
        lambda f: f.geomspace(-1, -8, 3, endpoint=False),
        lambda f: f.geomspace([1, 2], 1000, 4, axis=1),
        lambda f: f.geomspace(1e-200, 1e200, 5),
    ],
)
def test_powers_equal_numpy(create):
    result, expected = create(mg), create(np)
    assert type(result) is mg.Tensor
    assert result.dtype == expected.dtype
    np.testing.assert_allclose(result.numpy(), expected, rtol=100 * np.finfo(result.dtype).eps)


def test_the_ends_of_a_geomspace_are_exact():
    ends = mg.geomspace(0.1, 0.7, 5)
    assert (ends[0].item(), ends[-1].item()) == (0.1, 0.7)


def test_what_has_no_values_is_zero():
    same(mg.empty((2, 2)), np.zeros((2, 2)))
    same(mg.empty_like(mg.ones(3, "f4")), np.zeros(3, "f4"))


def test_sparse_indices_broadcast():
    for result, expected in zip(
        mg.indices((2, 3), sparse=True), np.indices((2, 3), sparse=True), strict=True
    ):
        same(result, expected)


@pytest.mark.parametrize(
    "create",
    [
        lambda **r: mg.zeros(2, **r),
        lambda **r: mg.ones(2, **r),
        lambda **r: mg.empty(2, **r),
        lambda **r: mg.full(2, 1.0, **r),
        lambda **r: mg.full(2, mg.tensor(1.0), **r),
        lambda **r: mg.arange(2.0, **r),
        lambda **r: mg.linspace(0, 1, 3, **r),
        lambda **r: mg.linspace(mg.tensor(0.0), 1, 3, **r),
        lambda **r: mg.logspace(0, 1, 3, **r),
        lambda **r: mg.geomspace(1, 2, 3, **r),
        lambda **r: mg.eye(2, **r),
        lambda **r: mg.identity(2, **r),
        lambda **r: mg.tri(2, **r),
        lambda **r: mg.array([1.0], **r),
        lambda **r: mg.random.normal(size=2, **r),
        lambda **r: mg.random.uniform(size=2, **r),
        lambda **r: mg.random.standard_normal(2, **r),
    ],
)
def test_requires_grad(create):
    assert not create().requires_grad
    leaf = create(requires_grad=True)
    assert leaf.requires_grad
    assert leaf.is_leaf
    leaf.sum().backward()
    assert leaf.grad.tolist() == [1.0] * leaf.size if leaf.ndim == 1 else leaf.grad is not None


def test_integers_cannot_require_grad():
    with pytest.raises(TypeError, match="only floating tensors have gradients, got int64"):
        mg.zeros(2, np.int64, requires_grad=True)


def test_tensors_are_of_numbers():
    with pytest.raises(TypeError, match="data must be numbers, got dtype <U3"):
        mg.zeros(2, "U3")


@pytest.mark.parametrize(
    "create",
    [
        lambda value: mg.full((2, 3), value),
        lambda value: mg.full((2,), value, dtype=np.longdouble),
        lambda value: mg.linspace(value, 3.0, 4),
        lambda value: mg.linspace(0, value, 4, retstep=True)[1],
        lambda value: mg.linspace(value, 2 * value, 4, False, True)[1],
        lambda value: mg.logspace(value, 1.0, 3),
        lambda value: mg.logspace(0.0, 1.0, 3, base=value),
        lambda value: mg.geomspace(value, 5.0, 3),
        lambda value: mg.random.normal(value, value * value, 5, rng=0),
        lambda value: mg.random.uniform(-value, value, (2, 2), rng=0),
        lambda value: mg.random.permutation(mg.stack([value, 2 * value]), rng=0) ** 2,
        lambda value: mg.random.choice(mg.stack([value, 3 * value]), 5, rng=0),
    ],
)
def test_gradients_flow_to_what_they_are_made_of(create):
    assert mg.gradcheck(create, np.array(1.3), order=2)


def test_full_keeps_the_history_of_its_value():
    value = mg.tensor([1.0, 2.0], requires_grad=True)
    mg.full((3, 2), value).sum().backward()
    assert value.grad.tolist() == [3.0, 3.0]


def test_a_step_of_linspace_without_steps_is_nan():
    assert np.isnan(mg.linspace(0, 1, 1, retstep=True)[1].item())


def test_asarray_keeps_a_tensor_and_its_history():
    x = mg.tensor([1.0], requires_grad=True)
    y = 2 * x
    assert mg.asarray(y) is y
    assert mg.asarray(y, np.float64) is y
    single = mg.asarray(y, np.float32)
    single.sum().backward()
    assert single.dtype == np.float32
    assert x.grad.tolist() == [2.0]


def test_asarray_copies_an_array():
    array = np.zeros(2)
    x = mg.asarray(array)
    array[0] = 1
    assert x.tolist() == [0, 0]


def test_broadcast_arrays_does_not_share_an_array_with_its_owner():
    array = np.zeros(2)
    x, _ = mg.broadcast_arrays(array, mg.zeros((3, 1)))
    array[0] = 1
    assert x.sum().item() == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: mg.arange(t), TypeError, "^arange: start is tracked, .* mg.linspace"),
        (lambda t: mg.arange(0, 1, t), TypeError, "^arange: step is tracked"),
        (
            lambda t: mg.full_like(mg.zeros(2), t),
            TypeError,
            "^full_like: 'fill_value' is a",
        ),
        (lambda t: mg.full_like(np.zeros(2), t), TypeError, "history would be lost"),
        (
            lambda t: mg.zeros(2, 3),
            TypeError,
            r"^zeros: dtype is 3; a shape is one tuple.*mg\.zeros\(\(2, 3\)\)",
        ),
        (lambda t: mg.ones(2, 3), TypeError, "^ones: dtype is 3"),
        (lambda t: mg.empty(2, 3), TypeError, r"^empty: dtype is 3; .*mg\.empty\(\(2, 3\)\)"),
        (lambda t: mg.arange(), TypeError, "^arange: needs a stop"),
        (lambda t: mg.geomspace(0, t), ValueError, "^geomspace: neither end may be 0"),
        (lambda t: mg.zeros(-1), ValueError, "negative dimensions"),
    ],
)
def test_a_mistake_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(mg.tensor(2.0, requires_grad=True))
