import copy
import inspect
import math
import pickle

import numpy as np
import pytest

import minigrad as mg


def leaf(value):
    return mg.tensor(value, dtype=float, requires_grad=True)


# Making one


def test_data_are_copied():
    data = np.array([1.0, 2.0])
    t = mg.tensor(data)
    data[0] = 9.0
    assert t.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.0, "float64"),
        ([1, 2], "int64"),
        ([True, False], "bool"),
        (np.float32(1), "float32"),
        (np.ones(2, np.float16), "float16"),
        (1j, "complex128"),
        ([mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0])], "float64"),
    ],
)
def test_the_dtype_is_what_numpy_gives(data, dtype):
    assert mg.tensor(data).dtype == dtype


def test_the_dtype_may_be_asked_for():
    assert mg.tensor([1, 2], dtype=np.float32, requires_grad=True).dtype == np.float32


def test_a_foreign_byte_order_becomes_native():
    t = mg.tensor(np.array([1.0, 2.0], dtype=">f4"), requires_grad=True)
    assert t.dtype == np.float32
    assert t.tolist() == [1.0, 2.0]
    (t * t).sum().backward()
    assert t.grad.dtype == np.float32


def test_attributes():
    t = mg.tensor(np.zeros((2, 3), np.float32))
    assert (t.shape, t.ndim, t.size, t.dtype, t.nbytes) == ((2, 3), 2, 6, np.float32, 24)
    assert t.T.shape == (3, 2)
    assert (t.requires_grad, t.is_leaf, t.grad) == (False, True, None)


def test_a_computed_tensor_is_no_leaf():
    x = leaf(2.0)
    y = x * x
    assert (x.is_leaf, y.is_leaf, y.requires_grad) == (True, False, True)


# Leaving the graph


@pytest.mark.parametrize("away", [lambda t: t.detach(), lambda t: t.data])
def test_a_detached_tensor_has_the_values_without_history(away):
    y = leaf([1.0, 2.0]) * 2
    assert not away(y).requires_grad
    assert away(y).tolist() == [2.0, 4.0]


def test_numpy_is_a_read_only_view():
    t = leaf([1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        t.numpy()[0] = 9.0
    assert np.shares_memory(t.numpy(), t.detach().numpy())


@pytest.mark.parametrize("copied", [np.array, lambda t: t.numpy().copy()])
def test_a_copy_as_an_array_can_be_written_to(copied):
    t = mg.tensor([1.0, 2.0])
    array = copied(t)
    array[0] = 9.0
    assert t.tolist() == [1.0, 2.0]


def test_item_and_tolist_give_python_numbers():
    assert type(leaf(2.0).item()) is float
    assert type(mg.tensor([[3]]).item()) is int
    assert leaf([[1.0], [2.0]]).tolist() == [[1.0], [2.0]]


def test_item_of_several_elements_is_an_error():
    with pytest.raises(ValueError, match=r"^item: .*shape \(2,\) has 2 elements.*t\.tolist\(\)"):
        leaf([1.0, 2.0]).item()


# requires_grad, grad and data


def test_requires_grad_can_be_switched():
    t = mg.tensor(2.0).requires_grad_()
    (t * t).backward()
    assert t.grad.item() == 4.0
    t.requires_grad = False
    assert (t.requires_grad, t.grad, (t * t).requires_grad) == (False, None, False)


def test_grad_can_be_reset_and_set():
    x = leaf([1.0, 2.0])
    (x * x).sum().backward()
    x.grad = None
    assert x.grad is None
    x.grad = mg.tensor([5.0, 6.0])
    (x * x).sum().backward()
    assert x.grad.tolist() == [7.0, 10.0]


def test_grad_is_an_untracked_tensor_like_its_leaf():
    x = mg.tensor(np.ones((2, 3)), dtype=np.float32, requires_grad=True)
    (x * np.ones((4, 2, 3))).sum().backward()
    assert isinstance(x.grad, mg.Tensor)
    assert (x.grad.shape, x.grad.dtype, x.grad.requires_grad) == ((2, 3), np.float32, False)


def test_grad_of_a_computed_tensor_warns_that_it_is_not_kept():
    with pytest.warns(UserWarning, match=r"'multiply' is not kept; .*mg\.grad"):
        assert (leaf(1.0) * 2).grad is None


def test_data_can_be_assigned_while_earlier_results_keep_theirs():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    x.data = [10.0, 20.0]
    assert x.tolist() == [10.0, 20.0]
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_data_takes_a_copy():
    x, data = leaf([1.0]), np.array([2.0])
    x.data = data
    data[0] = 3.0
    assert x.item() == 2.0


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_data_are_converted_to_the_dtype_of_the_tensor(dtype):
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    x.data = np.array([3, 4], dtype)
    assert (x.dtype, x.tolist()) == (np.float64, [3.0, 4.0])
    y.backward()  # by the values of before
    assert x.grad.tolist() == [2.0, 4.0]


# Operators


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (lambda t: t + 1, [3.0, 5.0]),
        (lambda t: 1 + t, [3.0, 5.0]),
        (lambda t: t - 1, [1.0, 3.0]),
        (lambda t: 1 - t, [-1.0, -3.0]),
        (lambda t: t * 2, [4.0, 8.0]),
        (lambda t: 2 * t, [4.0, 8.0]),
        (lambda t: t / 2, [1.0, 2.0]),
        (lambda t: 2 / t, [1.0, 0.5]),
        (lambda t: t**2, [4.0, 16.0]),
        (lambda t: 2**t, [4.0, 16.0]),
        (lambda t: t @ [1, 1], 6.0),
        (lambda t: [1, 1] @ t, 6.0),
        (lambda t: -t, [-2.0, -4.0]),
        (lambda t: +t, [2.0, 4.0]),
        (lambda t: [1, 2] + t, [3.0, 6.0]),  # a sum, elementwise
        (lambda t: t - (1, 2), [1.0, 2.0]),
    ],
)
def test_operators_are_recorded(result, expected):
    t = leaf([2.0, 4.0])
    assert result(t).tolist() == expected
    assert result(t).requires_grad
    assert mg.gradcheck(result, [2.0, 4.0], order=2)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (lambda t: t < 2, [True, False, False]),
        (lambda t: t <= 2, [True, True, False]),
        (lambda t: t > 2, [False, False, True]),
        (lambda t: 2 > t, [True, False, False]),  # reflected
        (lambda t: t >= 2, [False, True, True]),
        (lambda t: t == 2, [False, True, False]),
        (lambda t: t != 2, [True, False, True]),
        (lambda t: t == t, [True, True, True]),  # elementwise
        (lambda t: (t > 1) & (t < 3), [False, True, False]),
        (lambda t: (t < 2) | (t > 2), [True, False, True]),
        (lambda t: (t > 1) ^ (t > 2), [False, True, False]),
        (lambda t: ~(t > 1), [True, False, False]),
        (lambda t: t == None, [False, False, False]),  # noqa: E711  # elementwise, as in NumPy
    ],
)
def test_comparisons_are_elementwise_and_untracked(result, expected):
    compared = result(leaf([1.0, 2.0, 3.0]))
    assert isinstance(compared, mg.Tensor)
    assert not compared.requires_grad
    assert compared.dtype == bool
    assert compared.tolist() == expected


ARGUMENTS = {
    "argpartition": [0],
    "astype": ["f4"],
    "broadcast_to": [(2, 2)],
    "corrcoef": [None, False],
    "cov": [None, False],
    "moveaxis": [0, 1],
    "nanquantile": [0.5],
    "partition": [0],
    "quantile": [0.5],
    "repeat": [2],
    "reshape": [(1, 2)],
    "roll": [1],
    "swapaxes": [0, 1],
    "take": [[1, 0]],
    "tile": [(2, 1)],
    "topk": [1],
}
ARGUMENTS |= {"matmul": [[[2.0]]], "dot": [[[2.0]]], "inner": [[2.0]], "outer": [[2.0, 3.0]]}
ARGUMENTS |= {"vdot": [[2.0, 3.0]], "kron": [[2.0, 3.0]]}
# `np.compress` takes the array second; the others need integers, or one axis.
APART = {"choose", "compress", "searchsorted"}


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, value in vars(mg.Tensor).items()
        if name in vars(mg) and inspect.isfunction(value) and name not in APART
        # Most methods are the function itself.
        if value is not vars(mg)[name]
    ],
)
def test_a_method_is_the_function(name):
    t = mg.tensor([[0.5], [1.5]])
    arguments = ARGUMENTS.get(name, [])
    by_method, by_function = getattr(t, name)(*arguments), getattr(mg, name)(t, *arguments)
    assert repr(by_method) == repr(by_function)


@pytest.mark.parametrize(
    ("result", "shape"),
    [
        (lambda t: t.reshape(3, 2), (3, 2)),
        (lambda t: t.reshape((3, 2)), (3, 2)),
        (lambda t: t.reshape(-1), (6,)),
        (lambda t: t.transpose(), (3, 2)),
        (lambda t: t.transpose(1, 0), (3, 2)),
        (lambda t: t.transpose((0, 1)), (2, 3)),
        (lambda t: t.broadcast_to(4, 2, 3), (4, 2, 3)),
        (lambda t: t.broadcast_to((4, 2, 3)), (4, 2, 3)),
    ],
)
def test_shapes_and_axes_are_given_as_one_tuple_or_several_integers(result, shape):
    assert result(mg.tensor(np.ones((2, 3)))).shape == shape


# Indexing


@pytest.mark.parametrize(
    "index",
    [
        0,
        -1,
        slice(None, None, -1),
        (slice(1), 2),
        (..., None),
        [0, 0, 1],
        np.array([[0, 1], [1, 0]]),
        [True, False],
        np.array([[True, False, True], [False, True, False]]),
        ([0, 1, 1], [2, 0, 0]),
        (np.array([1, 0]), slice(2)),
        True,
    ],
    ids=str,
)
def test_an_index_is_whatever_numpy_takes(index):
    values = np.arange(6.0).reshape(2, 3)
    assert mg.tensor(values)[index].tolist() == values[index].tolist()
    assert mg.gradcheck(lambda x: x[index], values, order=2)


@pytest.mark.parametrize("index", [1, [1, 0], [True, False], [[0], [1]]])
def test_a_tensor_is_an_index_by_its_values(index):
    x = mg.tensor(np.arange(6.0).reshape(2, 3))
    assert x[mg.tensor(index)].tolist() == x[np.array(index)].tolist()
    assert x[mg.tensor(index), ..., 1:].tolist() == x[np.array(index), ..., 1:].tolist()


def test_indexing_gives_no_alias():
    x = mg.tensor([1.0, 2.0, 3.0])
    part = x[:2]
    part[0] = 9.0
    assert x.tolist() == [1.0, 2.0, 3.0]


def test_iteration_is_over_the_first_axis_and_recorded():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    first, second = x
    (first * second).sum().backward()
    assert x.grad.tolist() == [[3.0, 4.0], [1.0, 2.0]]


# Python's protocols


@pytest.mark.parametrize("function", [math.sin, float, int, complex])
def test_a_tracked_tensor_is_no_python_number(function):
    with pytest.raises(TypeError, match=r"of a tracked tensor would lose its history; use t\.item"):
        function(leaf(1.0))


@pytest.mark.parametrize(
    ("function", "expected"), [(math.sqrt, 2.0), (float, 4.0), (int, 4), (complex, 4 + 0j)]
)
def test_an_untracked_scalar_is_a_python_number(function, expected):
    assert function(mg.tensor(4.0)) == expected


def test_an_integer_tensor_is_an_index():
    assert "abc"[mg.tensor(1)] == "b"
    assert list(range(mg.tensor(2))) == [0, 1]


@pytest.mark.parametrize(("value", "truth"), [(1.0, True), (0, False), ([True], True)])
def test_truth_of_one_element(value, truth):
    assert bool(mg.tensor(value)) is truth


def test_truth_of_a_tracked_scalar_is_its_value():
    assert leaf(1.0)


def test_truth_of_several_elements_is_an_error():
    with pytest.raises(ValueError, match="ambiguous"):
        bool(mg.tensor([1.0, 2.0]))


def test_len_is_of_the_first_axis():
    assert len(mg.tensor(np.zeros((3, 2)))) == 3


@pytest.mark.parametrize("function", [len, iter, list])
def test_a_scalar_has_no_length(function):
    with pytest.raises(TypeError, match="tensor without axes"):
        function(mg.tensor(1.0))


def test_membership_compares_values():
    t = mg.tensor([1.0, 2.0])
    assert 2.0 in t
    assert 3.0 not in t


def test_tensors_are_keys_by_identity():
    x, y = leaf(1.0), leaf(1.0)
    names = {x: "x", y: "y"}
    x_hash = hash(x)
    with mg.no_grad():
        x += 1
    assert (names[x], names[y], hash(x)) == ("x", "y", x_hash)


def test_tensors_take_no_new_attributes():
    with pytest.raises(AttributeError):
        leaf(1.0).graad = None


@pytest.mark.parametrize(
    ("t", "expected"),
    [
        (mg.tensor(1.5), "tensor(1.5, dtype=float64)"),
        (mg.tensor([1, 2]), "tensor([1, 2], dtype=int64)"),
        (mg.tensor([True]), "tensor([ True], dtype=bool)"),
        (mg.tensor(np.ones(1, np.float32)), "tensor([1.], dtype=float32)"),
        (leaf(2.0), "tensor(2., dtype=float64, requires_grad=True)"),
        (leaf(2.0) * 3, "tensor(6., dtype=float64, op=multiply)"),
        (mg.tensor(np.zeros((0, 2))), "tensor([], shape=(0, 2), dtype=float64)"),
        (mg.tensor(np.eye(2)), "tensor([[1., 0.],\n        [0., 1.]], dtype=float64)"),
    ],
)
def test_repr(t, expected):
    assert repr(t) == str(t) == f"{t}" == expected


def test_repr_of_a_large_tensor_is_short_and_has_its_shape():
    text = repr(mg.tensor(np.zeros((1000, 1000))))
    assert len(text) < 500
    assert text.endswith(", shape=(1000, 1000), dtype=float64)")


def test_format_of_one_element():
    assert f"{leaf(1.23456):.2f}" == "1.23"
    assert f"{mg.tensor([3]):03d}" == "003"


# Copies


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_duplicate_of_a_leaf_is_independent(duplicate):
    x = leaf([1.0, 2.0])
    (x * x).sum().backward()
    y = duplicate(x)
    assert (y.requires_grad, y.is_leaf) == (True, True)
    assert y.grad.tolist() == [2.0, 4.0]
    (y * 3).sum().backward()
    with mg.no_grad():
        y += 1
    assert (y.tolist(), y.grad.tolist()) == ([2.0, 3.0], [5.0, 7.0])
    assert (x.tolist(), x.grad.tolist()) == ([1.0, 2.0], [2.0, 4.0])


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_computed_tensor_cannot_be_duplicated(duplicate):
    with pytest.raises(RuntimeError, match=r"computed by 'multiply' .*use t\.detach\(\)"):
        duplicate(leaf(1.0) * 2)


def test_a_duplicate_of_an_untracked_result_keeps_its_values():
    strided = mg.tensor(np.arange(6.0).reshape(2, 3)).T[::-1]
    again = pickle.loads(pickle.dumps(strided))
    assert again.tolist() == strided.tolist()
    assert not again.requires_grad


def test_copy_is_recorded():
    x = leaf([1.0, 2.0])
    y = x.copy()
    y *= 3
    y.sum().backward()
    assert x.tolist() == [1.0, 2.0]
    assert x.grad.tolist() == [3.0, 3.0]


# Integers


def test_integer_tensors_compute_as_in_numpy():
    t = mg.tensor([1, 2, 3])
    assert (t * 2).dtype == np.int64
    assert (t / 2).tolist() == [0.5, 1.0, 1.5]
    assert mg.mean(t).item() == 2.0


def test_an_integer_operand_does_not_truncate_gradients():
    x = leaf([0.5, 0.25])
    (mg.tensor([1, 2]) * x).sum().backward()
    assert x.grad.tolist() == [1.0, 2.0]


def test_an_integer_gradient_is_converted():
    x = leaf([0.5, 0.25])
    (x * 0.5).backward(np.array([1, 3]))
    assert x.grad.tolist() == [0.5, 1.5]
