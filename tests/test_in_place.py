"""In-place syntax: the name stands for new values, what was computed before keeps the old ones."""

import operator

import numpy as np
import pytest

import minigrad as mg

AUGMENTED = {
    "+=": (operator.iadd, operator.add),
    "-=": (operator.isub, operator.sub),
    "*=": (operator.imul, operator.mul),
    "/=": (operator.itruediv, operator.truediv),
    "**=": (operator.ipow, operator.pow),
}
augmented = pytest.mark.parametrize(("in_place", "plain"), AUGMENTED.values(), ids=AUGMENTED)

INDICES = [
    0,
    -1,
    slice(1, None),
    slice(None, None, -2),
    (..., None),
    [0, 2],
    [1, 1, 0],
    np.array([True, False, True]),
    mg.tensor([2, 0]),
    mg.tensor([False, True, True]),
]
indexed = pytest.mark.parametrize("index", INDICES, ids=str)


def leaf(value):
    return mg.tensor(value, dtype=float, requires_grad=True)


def from_(x):
    """A computed tensor with the values of a leaf."""
    return x * 1.0


# Earlier results


@augmented
def test_an_earlier_result_keeps_its_value_and_gradient(in_place, plain):
    x = leaf([1.0, 2.0, 3.0])
    t = from_(x)
    earlier = t * t
    t = in_place(t, 2.0)
    assert earlier.tolist() == [1.0, 4.0, 9.0]
    earlier.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


@indexed
def test_an_earlier_result_keeps_its_gradient_when_an_element_is_set(index):
    x = leaf([1.0, 2.0, 3.0])
    t = from_(x)
    earlier = t * t
    t[index] = 7.0
    earlier.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


def test_another_name_of_the_values_keeps_them():
    t = mg.tensor([1.0, 2.0])
    view, array, part = t.detach(), t.numpy(), t[:1]
    t += 1
    t[0] = 9.0
    assert t.tolist() == [9.0, 3.0]
    assert (view.tolist(), array.tolist(), part.tolist()) == ([1.0, 2.0], [1.0, 2.0], [1.0])


# Later results


@augmented
def test_a_later_result_is_that_of_the_plain_operator(in_place, plain):
    def by_name(x, y):
        t = from_(x)
        t = in_place(t, y)
        return t * t

    x, y = [1.0, 2.0, 3.0], [0.5, 1.5, 2.5]
    changed = plain(leaf(x), leaf(y))
    assert by_name(leaf(x), leaf(y)).tolist() == (changed * changed).tolist()
    assert mg.gradcheck(by_name, x, y, order=2)


def test_matrix_product_in_place():
    def product(x, y):
        t = from_(x)
        t @= y
        return t

    assert mg.gradcheck(product, np.ones((2, 2)), [[1.0, 2.0], [3.0, 4.0]], order=2)


@indexed
@pytest.mark.parametrize("value", ["of the place", "scalar"])
def test_setting_elements_is_differentiated(index, value):
    values = np.array([1.0, 2.0, 3.0])
    place = values[np.asarray(index)] if isinstance(index, mg.Tensor) else values[index]
    value = np.arange(4.0, 4.0 + place.size).reshape(place.shape) if value != "scalar" else 5.0

    def setting(x, value):
        t = from_(x)
        t[index] = value
        return t * t

    assert mg.gradcheck(setting, values, value, order=2)
    expected = values.copy()
    expected[np.asarray(index) if isinstance(index, mg.Tensor) else index] = value
    assert setting(leaf(values), leaf(value)).tolist() == (expected**2).tolist()


def test_of_a_place_that_is_set_twice_the_last_value_counts():
    value = leaf([1.0, 2.0, 3.0])
    t = mg.tensor([0.0, 0.0])
    t[[0, 1, 0]] = value
    assert t.tolist() == [3.0, 2.0]
    t.sum().backward()
    assert value.grad.tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("shape", [(1, 2), (1, 1, 2), (1,), (1, 1)])
def test_a_value_may_have_more_axes_than_its_place(shape):
    value = leaf(np.ones(shape))
    t = mg.tensor([0.0, 0.0, 0.0])
    t[:2] = value
    t.sum().backward()
    assert value.grad.tolist() == np.full(shape, 2.0 / value.size).tolist()


def test_an_untracked_tensor_becomes_tracked():
    total, x = mg.tensor(0.0), leaf([1.0, 2.0])
    for element in x:
        total += element * element
    total.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_the_same_values_on_both_sides():
    x = leaf([1.0, 2.0])
    t = from_(x)
    t *= t
    t[0] = t[1]
    t.sum().backward()
    assert t.tolist() == [4.0, 4.0]
    assert x.grad.tolist() == [0.0, 8.0]


def test_the_handle_stays_the_same_object():
    t = mg.tensor([1.0])
    before = t
    t += 1
    t[0] *= 3
    assert t is before
    assert before.tolist() == [6.0]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_dtype_stays(dtype):
    t = mg.tensor([1.0, 2.0], dtype=dtype)
    t += leaf([0.5, 0.5])
    t[0] = leaf(3.0)
    assert t.dtype == dtype
    assert t.tolist() == [3.0, 2.5]


# Leaves


def test_a_parameter_is_updated_under_no_grad():
    p = leaf([1.0, 2.0])
    held = [p]
    loss = (p * p).sum()
    loss.backward()
    with mg.no_grad():
        for q in held:
            q -= 0.5 * q.grad
    assert p.tolist() == [0.0, 0.0]
    assert (p.requires_grad, p.is_leaf, p.grad.tolist()) == (True, True, [2.0, 4.0])


def test_a_parameter_set_by_element_under_no_grad_stays_a_leaf():
    p = leaf([1.0, 2.0])
    with mg.no_grad():
        p[0] = 5.0
    assert p.is_leaf
    (p * p).sum().backward()
    assert p.grad.tolist() == [10.0, 4.0]


def test_a_parameter_is_updated_through_its_data():
    p = leaf([1.0, 2.0])
    (p * p).sum().backward()
    p.data -= 0.5 * p.grad
    assert p.tolist() == [0.0, 0.0]
    assert p.requires_grad


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_graph_of_before_the_update_has_the_gradients_of_before(create_graph):
    p = leaf(3.0)
    cube = p * p * p
    with mg.no_grad():
        p -= 3.0
    (found,) = mg.grad(cube, p, create_graph=create_graph)
    assert found.item() == 27.0


def test_single_precision_parameters_stay_single():
    p = mg.tensor([1.0], dtype=np.float32, requires_grad=True)
    with mg.no_grad():
        p -= np.float64(0.5) * mg.tensor([1.0])
    assert (p.dtype, p.item()) == (np.float32, 0.5)


def change_by_adding(p):
    p += 1


def change_by_setting(p):
    p[0] = 1.0


@pytest.mark.parametrize(
    ("change", "name"), [(change_by_adding, "add"), (change_by_setting, "setitem")]
)
def test_changing_a_leaf_that_requires_grad_is_an_error(change, name):
    p = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match=rf"^{name} in place: .*leaf .*with mg\.no_grad\(\)"):
        change(p)
    assert p.tolist() == [1.0, 2.0]


# Results that do not fit into the place


def test_a_result_of_another_shape_is_an_error():
    t = mg.tensor([1.0])
    with pytest.raises(ValueError, match=r"^add in place: .*\(2,\), the tensor \(1,\); write it"):
        t += np.ones(2)
    assert t.tolist() == [1.0]


@pytest.mark.parametrize("other", [0.5, 1j])
def test_a_result_of_another_kind_is_an_error(other):
    t = mg.tensor([1])
    with pytest.raises(TypeError, match=r"^add in place: .*, the tensor int64; write it as"):
        t += other
    assert t.tolist() == [1]


def test_a_value_that_does_not_broadcast_is_an_error():
    t = mg.tensor([1.0, 2.0])
    with pytest.raises(ValueError, match=r"^setitem: .*x: float64 \(2,\), value: float64 \(3,\)"):
        t[:] = np.ones(3)
    assert t.tolist() == [1.0, 2.0]


def test_a_computed_tensor_keeps_its_history():
    weight = mg.tensor([1.0, 2.0], requires_grad=True)
    hidden = weight * 2
    with mg.no_grad():
        with pytest.raises(RuntimeError, match=r"^setitem in place: .*'multiply'.*enable_grad"):
            hidden[hidden < 3] = 0.0
        with mg.enable_grad():
            hidden[hidden < 3] = 0.0
    hidden.sum().backward()
    assert weight.grad.tolist() == [0.0, 2.0]


# Arrays of the caller's


def read_only_view(array):
    view = array.view()
    view.flags.writeable = False
    return view


@pytest.mark.parametrize(
    "seen",
    [
        lambda array: array,
        lambda array: array[:],
        lambda array: np.broadcast_to(array, (3, 2)),
        read_only_view,
        lambda array: read_only_view(array)[::-1][::-1],
        lambda array: array.view(np.memmap),
    ],
)
def test_writing_to_an_array_afterwards_changes_no_gradient(seen):
    array = np.array([3.0, 4.0])
    t = mg.tensor([1.0, 2.0], requires_grad=True)
    y = t * seen(array)
    array[:] = 0.0
    y.backward(np.ones(y.shape))
    assert t.grad.tolist() == (np.array([3.0, 4.0]) * (y.size // 2)).tolist()


def test_a_matrix_is_an_array():
    t = mg.tensor(np.ones((2, 2)), requires_grad=True)
    mg.multiply(t, np.ones((2, 2)).view(np.matrix) * 2).sum().backward()
    assert t.grad.tolist() == [[2.0, 2.0], [2.0, 2.0]]


@pytest.mark.parametrize(
    "read", [mg.getitem, lambda t, index: t[index], lambda t, index: t[index, ...]]
)
@pytest.mark.parametrize("kind", [list, np.array])
def test_writing_to_an_index_afterwards_changes_no_gradient(read, kind):
    index = kind([0, 1])
    t = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = read(t, index).sum()
    index[0] = index[1] = 2
    y.backward()
    assert t.grad.tolist() == [1.0, 1.0, 0.0]


def test_writing_to_a_setting_of_a_users_op_afterwards_changes_no_gradient():
    @mg.op
    def scaled(x, /, by):
        return x * by, lambda g: g * by

    by = np.array([2.0, 3.0])
    t = mg.tensor([1.0, 1.0], requires_grad=True)
    y = scaled(t, by).sum()
    by[:] = 0.0
    y.backward()
    assert t.grad.tolist() == [2.0, 3.0]


@pytest.mark.parametrize(
    "write",
    [
        lambda a, v: np.put(a, [0, 5], v),
        lambda a, v: np.place(a, np.array([[True, False, False], [False, True, True]]), v),
        lambda a, v: np.putmask(a, np.array([[True, False, False], [False, True, True]]), v),
        lambda a, v: np.copyto(a, v[1], where=np.array([True, False, True])),
        lambda a, v: np.fill_diagonal(a, v),
    ],
)
def test_numpys_writing_functions_write_to_a_tensor(write):
    values, given = np.arange(6.0).reshape(2, 3), np.array([7.0, 8.0])

    def written(t, v):
        u = t * 2
        before = u * 1
        write(u, v)
        return u + before

    expected = values * 2
    write(expected, given)
    result = written(mg.tensor(values), mg.tensor(given))
    np.testing.assert_array_equal(result.numpy(), expected + values * 2)
    assert mg.gradcheck(written, values, given)


def test_a_writing_function_does_not_write_to_a_leaf_or_to_an_array():
    leaf = mg.tensor([[1.0]], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"^fill_diagonal in place: .*leaf that requires grad"):
        np.fill_diagonal(leaf, 2.0)
    with pytest.raises(TypeError, match=r"^np\.copyto: a tensor cannot be written into an array"):
        np.copyto(np.zeros((1, 1)), leaf)
