"""NumPy functions and operators on tensors, and tensors where NumPy wants arrays."""

import numpy as np
import pytest

import minigrad as mg

VALUES = np.array([1.0, 2.0, 3.0])


def leaf():
    return mg.tensor(VALUES, requires_grad=True)


@pytest.mark.parametrize(
    "compute",
    [
        lambda t: np.multiply(VALUES, t),
        lambda t: np.multiply(t, VALUES),
        lambda t: VALUES * t,
        lambda t: t * VALUES,
        lambda t: VALUES + t,
        lambda t: VALUES - t,
        lambda t: VALUES / t,
        lambda t: VALUES**t,
        lambda t: np.ones((2, 3)) @ t,
        lambda t: np.float64(2) * t,
        lambda t: np.float64(2) - t,
        lambda t: np.float64(2) / t,
        lambda t: np.float64(2) ** t,
        lambda t: np.array(2) * t,
        np.negative,
        np.exp,
        np.log,
        np.sqrt,
        np.tanh,
        lambda t: np.power(t, 2),
        lambda t: np.maximum(t, 1.5),
        lambda t: np.minimum(1.5, t),
        lambda t: np.matmul(t, VALUES),
        lambda t: np.sum(t, axis=0),
        np.sum,
        lambda t: np.mean(t, 0, keepdims=True),
        np.max,
        lambda t: np.min(t, axis=-1),
        lambda t: np.where(t > 1.5, t, 0.0),
        lambda t: np.where(VALUES > 1.5, VALUES, t),
        lambda t: np.reshape(t, (3, 1)),
        lambda t: np.transpose(np.reshape(t, (1, 3))),
        lambda t: np.squeeze(np.reshape(t, (1, 3))),
        lambda t: np.broadcast_to(t, (2, 3)),
        lambda t: np.concatenate([VALUES, t]),
        lambda t: np.concatenate((t, t), axis=None),
        lambda t: np.pad(t, 1),
    ],
)
def test_a_numpy_function_is_recorded_like_its_op(compute):
    result = compute(leaf())
    assert isinstance(result, mg.Tensor)
    assert result.requires_grad
    np.testing.assert_allclose(result.numpy(), compute(VALUES), rtol=1e-15)
    assert mg.gradcheck(compute, VALUES)


@pytest.mark.parametrize(
    "compute",
    [
        np.isnan,
        np.isfinite,
        np.argmax,
        np.shape,
        np.ndim,
        np.size,
        np.zeros_like,
        np.ones_like,
        lambda t: np.allclose(t, VALUES),
        lambda t: np.array_equal(t, VALUES),
        lambda t: np.less(t, 2),
        lambda t: np.arange(3) == t,
        lambda t: np.float64(2) < t,
        lambda t: np.any(t > 2),
    ],
)
def test_a_function_without_derivative_gives_an_untracked_result(compute):
    result = compute(leaf())
    assert not getattr(result, "requires_grad", False)
    assert np.array_equal(np.asarray(result), compute(VALUES))


@pytest.mark.parametrize("tracked", [True, False])
def test_a_function_without_an_op_is_named(tracked):
    """Every public one of NumPy is known, so this is one of another library that asks."""

    def smooth(x):
        return x.__array_function__(smooth, (type(x),), (x,), {})

    smooth.__module__ = "elsewhere"
    with pytest.raises(TypeError, match=r"^elsewhere\.smooth has no op.*@mg\.op.*t\.detach"):
        smooth(mg.tensor(VALUES, requires_grad=tracked))


def test_a_ufunc_of_another_library_is_named():
    special = pytest.importorskip("scipy.special", reason="SciPy is not installed")
    with pytest.raises(TypeError, match=r"^the ufunc j0 has no op"):
        special.j0(leaf())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: np.multiply(t, 2, out=np.zeros(3)), r"^np\.multiply: .*out=.*array \+ tensor"),
        (lambda t: np.add(VALUES, VALUES, out=t), r"^np\.add: .*cannot be written"),
        (lambda t: np.multiply(t, 2, where=VALUES > 1), r"^np\.multiply: where= .*mg\.where"),
        (lambda t: np.exp(t, dtype="f4"), r"^np\.exp: dtype= is not .* t\.astype"),
        (lambda t: np.sum(t, where=VALUES > 1), r"^np\.sum: where= .*mg\.where"),
        (lambda t: np.max(t, initial=0), r"^np\.max: initial= .* are x, axis, keepdims$"),
        (lambda t: np.concatenate([t, t], out=np.zeros(6)), r"^np\.concatenate: out= is not"),
        (np.divide.reduce, r"^np\.divide\.reduce has no op; .*mg\.sum.*t\.detach\(\)"),
        (lambda t: np.add.reduce(t, out=np.zeros(())), r"^np\.sum: out= is not supported"),
        (lambda t: np.add.reduceat(t, [0, 1]), r"^np\.add\.reduceat has no op"),
        (lambda t: np.add.at(np.zeros(3), [0, 1, 2], t), r"^np\.add\.at .* use mg\.scatter_add"),
        (lambda t: np.maximum.accumulate(t, out=np.zeros(3)), r"^cummax: .*'out'"),
        (lambda t: np.ravel(t, order="F"), r"^np\.ravel: order= .*mg\.ravel\(t\.T"),
        (lambda t: np.einsum("i->", t, casting="no"), r"^np\.einsum: casting= is not supported"),
        (lambda t: np.pad(t, 1, mode="mean"), r"^pad: "),
    ],
)
def test_an_argument_that_is_not_supported_is_named(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(leaf())


@pytest.mark.parametrize(
    "compute",
    [
        lambda t: np.sum(a=t, axis=0),
        lambda t: np.sum(t, 0, None, None, True),
        lambda t: np.mean(t, dtype=None, out=None),
        lambda t: np.transpose(a=t, axes=None),
        lambda t: np.apply_along_axis(func1d=lambda row: row * row, axis=0, arr=t),
        lambda t: np.piecewise(x=t, condlist=[VALUES > 1], funclist=[lambda part: part * part, 3]),
    ],
)
def test_numpys_own_names_and_defaults_are_known(compute):
    assert mg.gradcheck(compute, VALUES)
    np.testing.assert_array_equal(compute(leaf()).numpy(), compute(VALUES))


def test_an_array_does_not_take_a_tensor_in_place():
    array = VALUES.copy()
    with pytest.raises(TypeError, match=r"^np\.add: .*in place as in `array \+= tensor`"):
        array += mg.tensor(VALUES)
    assert array.tolist() == VALUES.tolist()


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        np.array,
        lambda t: np.array([t, t]),
        lambda t: np.asarray([t[0], t[1]]),
        mg.tensor,
        lambda t: mg.tensor([t, t]),
        lambda t: mg.add(mg.tensor(VALUES), [t[0], t[1], t[2]]),
        lambda t: mg.tensor(VALUES)[t],
        lambda t: np.random.default_rng(0).permutation(t),
    ],
)
def test_a_tracked_tensor_does_not_become_an_array_unasked(convert):
    with pytest.raises(TypeError, match="history"):
        convert(leaf())


def test_a_list_of_tracked_tensors_is_stacked_by_numpy():
    t = leaf()
    with pytest.raises(TypeError, match=r"np\.stack makes one tensor of a list"):
        np.sum([t[0], t[1], 2.0])
    assert mg.gradcheck(lambda t: np.sum(np.stack([t[0], t[1], 2.0])), VALUES)


def test_the_refusal_names_the_remedy():
    with pytest.raises(TypeError, match=r"tracked tensor .*history.*t\.detach\(\)\.numpy\(\)"):
        np.asarray(leaf())


def test_an_untracked_tensor_becomes_a_read_only_array_without_a_copy():
    t = mg.tensor(VALUES)
    array = np.asarray(t)
    assert type(array) is np.ndarray
    assert np.shares_memory(array, t.numpy())
    assert not array.flags.writeable


@pytest.mark.parametrize("convert", [np.array, lambda t: np.asarray(t, copy=True)])
def test_a_copy_of_an_untracked_tensor_is_a_new_array(convert):
    t = mg.tensor(VALUES)
    array = convert(t)
    array[0] = 9.0
    assert t.tolist() == VALUES.tolist()


def test_an_array_of_untracked_tensors():
    t = mg.tensor(VALUES)
    assert np.array([t, t]).tolist() == [VALUES.tolist()] * 2


def test_an_untracked_tensor_is_converted_to_another_dtype():
    t = mg.tensor(VALUES)
    assert np.asarray(t, dtype="f4").dtype == np.float32
    with pytest.raises(ValueError, match="copy is needed to convert float64 to float32"):
        np.asarray(t, dtype="f4", copy=False)


def test_the_assertions_of_numpy_work_on_untracked_tensors():
    np.testing.assert_allclose(mg.tensor(VALUES), VALUES)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(mg.tensor(VALUES), VALUES + 1)


def test_numpy_scalars_promote_as_in_numpy():
    single = mg.tensor([1.0], dtype=np.float32)
    assert (np.float64(2) * single).dtype == np.float64
    assert (np.float32(2) * single).dtype == np.float32
    assert (2.0 * single).dtype == np.float32


@pytest.mark.parametrize(
    "compute",
    [
        np.add.reduce,
        lambda t: np.add.reduce(t, axis=1, keepdims=True),
        lambda t: np.add.reduce(t, axis=(0, 1)),
        lambda t: np.multiply.reduce(t, 1),
        np.maximum.reduce,
        lambda t: np.minimum.reduce(t, axis=-1),
        np.add.accumulate,
        lambda t: np.multiply.accumulate(t, axis=1),
        np.maximum.accumulate,
        lambda t: np.minimum.accumulate(t, 1),
        lambda t: np.multiply.outer(t, VALUES),
        lambda t: np.subtract.outer(VALUES, t),
    ],
)
def test_methods_of_ufuncs(compute):
    table = np.array([[1.0, 2.5, 3.25], [4.0, 5.5, 0.5]])
    np.testing.assert_allclose(compute(mg.tensor(table)).numpy(), compute(table), rtol=1e-15)
    assert mg.gradcheck(compute, table)


def test_reduce_over_all_axes_by_none():
    t = mg.tensor([[1.0, 2.0]], requires_grad=True)
    assert np.add.reduce(t, axis=None).shape == ()


def test_arguments_by_position_mean_what_they_mean_in_numpy():
    t = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert np.take(t, [5], 0, None, "clip").tolist() == [[3.0, 4.0]]
    assert np.max(t, 0, None, True).tolist() == [[3.0, 4.0]]
    assert np.reshape(t, (4,), "C").tolist() == [1.0, 2.0, 3.0, 4.0]
    with pytest.raises(TypeError, match=r"^np\.sum: dtype= is not supported"):
        np.sum(t, 0, "f4")


def test_dividing_by_a_polynomial_of_higher_degree():
    u = mg.tensor([1.0, 2.0], requires_grad=True)
    quotient, rest = np.polydiv(u, [1.0, 2.0, 3.0])
    assert (quotient.tolist(), rest.tolist()) == ([0.0], [1.0, 2.0])
    assert mg.grad(rest.sum(), u)[0].tolist() == [1.0, 1.0]
