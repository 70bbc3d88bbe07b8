"""Indexing, selecting and ordering: what single samples do not show."""

import numpy as np
import pytest

import minigrad as mg

X = np.random.default_rng(0).normal(size=(3, 4, 2))


def leaf(value):
    return mg.tensor(value, dtype=float, requires_grad=True)


INDICES = [
    0,
    -1,
    np.int64(1),
    True,
    (),
    None,
    ...,
    slice(None, None, -1),
    (slice(2, None, -2), slice(3, 0, -1)),
    (slice(5, 9), 0),
    (..., 0),
    (0, ..., None, 1),
    (1, 2, 0),
    [0, 0, 2],
    [[0, 1], [1, 0]],
    [],
    np.array([], dtype=int),
    ([0, 2, 0], [3, 3, 3]),
    ([[0], [2]], [1, 1, 3]),
    (slice(None), [1, 1], slice(None)),
    ([0, 2], slice(None), [1, 1]),  # the axes of the integers come first
    (0, slice(None), [1, 0, 1]),
    X[:, 0, 0] > 0,
    X > 0,
    [True, False, True],
    (X[:, 0, 0] > 0, slice(1, 3)),
    (X[:, 0, 0] > 0, 1, [1]),
    np.ix_([0, 2, 0], [1, 3]),
    np.ix_([True, False, True], [0, 0], [1]),
    mg.tensor([2, 2, 0]),
    mg.tensor(1),
    mg.tensor(X > 0),
    (mg.tensor([0, 0]), slice(None), mg.tensor([1, 0])),
    [mg.tensor(0), mg.tensor(2)],
]


@pytest.mark.parametrize("index", INDICES, ids=lambda index: repr(index)[:40])
def test_every_kind_of_index(index):
    plain = index
    if isinstance(index, mg.Tensor):
        plain = index.numpy()
    elif isinstance(index, (tuple, list)):
        plain = type(index)(i.numpy() if isinstance(i, mg.Tensor) else i for i in index)
    np.testing.assert_array_equal(leaf(X)[index].numpy(), X[plain])
    assert mg.gradcheck(lambda x: x[index], X, order=2)
    if X[plain].size:
        assert mg.gradcheck(lambda x, v: mg.setitem(x, v, index), X, 2.0 * X[plain], order=2)
    assert mg.gradcheck(lambda x, v: mg.scatter_add(x, v, index), X, 2.0 * X[plain], order=2)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (3, "index 3 is out of bounds for axis 0 with size 3"),
        ([0, -4], "index -4 is out of bounds"),
        (1.0, "only integers"),
        ([0.5], "integers"),
        (mg.tensor([0.5]), "must be of integer"),
        ((0, 0, 0, 0), "too many indices"),
        ([True, False], "boolean index did not match"),
        ("row", "only integers"),
        (([0, 1], [0, 1, 2]), "shape mismatch"),
    ],
)
def test_a_wrong_index_is_an_index_error_that_names_the_op_and_the_shape(index, message):
    with pytest.raises(IndexError, match=rf"^getitem: .*{message}.*x: float64 \(3, 4, 2\)"):
        leaf(X)[index]


def test_a_tracked_index_is_refused():
    with pytest.raises(TypeError, match=r"^getitem: 'index' .*tracked.*t\.detach\(\)"):
        leaf(X)[leaf(1)]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.int64])
@pytest.mark.parametrize(
    "index",
    [
        lambda i: i % 50,
        lambda i: (slice(None), i % 8),
        lambda i: (i % 50, i % 8),
        lambda i: (slice(None, None, -1), -1 - i[:30] % 8, None),
        lambda i: (i % 2 == 0)[:50].tolist(),
    ],
)
def test_many_repeated_elements_add_up_as_few_do(dtype, index):
    index = index(np.random.default_rng(0).integers(0, 400, 2000))
    part = np.zeros((50, 8))[index].shape
    values = np.random.default_rng(1).integers(-9, 9, part).astype(dtype)
    expected = np.zeros((50, 8), dtype)
    np.add.at(expected, index, values)
    for layout in (values, values[::-1].copy()[::-1], np.asfortranarray(values)):
        actual = mg.scatter(layout, index, (50, 8))
        assert actual.dtype == dtype
        np.testing.assert_array_equal(actual, expected)


def test_many_floats_add_up_in_the_order_of_the_index():
    rng = np.random.default_rng(0)
    index, values = rng.integers(0, 5, 3000), rng.normal(size=3000).astype(np.float32)
    expected = np.zeros(5, np.float32)
    for i, value in zip(index, values, strict=True):
        expected[i] += value
    np.testing.assert_array_equal(mg.scatter(values, index, (5,)), expected)


def test_the_places_of_few_elements_of_a_large_array_need_no_array_of_its_size():
    virtual = np.broadcast_to(np.float32(0), (10**6, 10**6))
    index = (np.arange(2000) * 7, slice(5))
    places = mg.ops.indexing._places(virtual.shape, index)
    assert places.shape == (2000, 5)
    assert places[-1, -1] == 1999 * 7 * 10**6 + 4


def test_an_empty_list_is_an_index():
    assert mg.take(X, [], 1).shape == (3, 0, 2)
    assert leaf(X)[[]].shape == (0, 4, 2)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_index_add_adds_slices_up(axis):
    source = np.take(X, [1, 0, 1], axis)
    actual = leaf(X).index_add(axis, [1, 0, 1], source)
    expected = np.moveaxis(X.copy(), axis, 0)
    np.add.at(expected, [1, 0, 1], np.moveaxis(source, axis, 0))
    np.testing.assert_array_equal(np.moveaxis(actual.numpy(), axis, 0), expected)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: mg.take(t, [24]), IndexError, r"^take: indices .*from -24 to 23"),
        (lambda t: mg.take(t, [0], 1, "warp"), ValueError, r"^take: mode .*'warp'"),
        (lambda t: mg.take(t, [0.0]), TypeError, r"^take: indices is float64.*astype"),
        (lambda t: mg.take(t[:0], [0], 0, "wrap"), IndexError, r"^take: indices .*to -1"),
        (lambda t: mg.take(t, [0], 3), ValueError, r"^take: axis 3 is out of bounds"),
        (lambda t: mg.take_along_axis(t, [0]), ValueError, r"\(1,\) .*axes as x .*\(3, 4, 2\)"),
        (lambda t: mg.compress(X > 0, t), ValueError, r"^compress: .*\(3, 4, 2\).*x\[condition"),
        (lambda t: mg.choose([2, -1], [t, t]), IndexError, r"^choose: a .*-1 to 2.* 0 to 1"),
        (lambda t: mg.select([t > 0], [t, t]), ValueError, r"^select: .*1 conditions and 2"),
        (lambda t: mg.select([], []), ValueError, r"^select: .*0 conditions"),
        (lambda t: mg.select([t], [t]), TypeError, r"^select: .*booleans, got float64"),
        (lambda t: mg.piecewise(t, [t > 0], [1, 2, 3]), ValueError, r"^piecewise: 1 cond.*got 3"),
        (lambda t: mg.topk(t, 3), ValueError, r"^topk: k is 3, .*\(3, 4, 2\) is 2"),
        (lambda t: np.where(t > 0, t), ValueError, r"^where: takes the condition alone"),
        (lambda t: mg.interp(t, [0, 1], [0]), ValueError, r"^interp: .*\(2,\) and \(1,\)"),
        (lambda t: mg.interp(t, [], []), ValueError, r"^interp: .*\(0,\)"),
        (lambda t: mg.interp(t, [0], [0], period=0), ValueError, r"^interp: period is 0"),
        (lambda t: mg.bincount(t), TypeError, r"^bincount: .*integers.*float64 \(3, 4, 2\)"),
        (lambda t: mg.bincount([-1]), ValueError, r"^bincount: .*negative"),
        (lambda t: mg.bincount([1], t), ValueError, r"^bincount: weights .*\(3, 4, 2\).*\(1,\)"),
        (lambda t: np.histogram(X, weights=t), TypeError, r"^histogram: 'weights' .*tracked"),
        (lambda t: mg.histogram(X, bins=t), TypeError, r"^histogram: 'bins' .*tracked"),
    ],
)
def test_a_mistake_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(leaf(X))


def test_a_tensor_may_be_a_setting_of_a_function_of_arrays():
    counts, edges = np.histogram([0.5, 1.5, 1.7], bins=mg.tensor([0.0, 1.0, 2.0]))
    assert (counts.tolist(), edges.tolist()) == ([1, 2], [0, 1, 2])
    counts, _ = mg.histogram([0.5, 1.5], bins=[0.0, 1.0, 2.0], weights=mg.tensor([3.0, 4.0]))
    assert counts.tolist() == [3, 4]


# Selecting


@pytest.mark.parametrize("where", [mg.where, np.where])
def test_where_of_a_condition_alone_gives_indices(where):
    rows, columns = where(leaf([[1, -1], [-1, 1]]) > 0)
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [0, 1])
    assert not rows.requires_grad


def test_a_piece_is_all_that_its_function_sees():
    x, seen = leaf([-1, 0, 4]), []

    def root(part):
        seen.append(part.tolist())
        return mg.sqrt(part)

    y = mg.piecewise(x, [x > 0, x > 9], [root, root, lambda part: -part])
    y.sum().backward()
    assert (seen, y.tolist(), x.grad.tolist()) == ([[4]], [1, 0, 2], [-1, -1, 0.25])


@pytest.mark.parametrize("condlist", [X > 0, [X > 0], np.array([X > 0]), mg.tensor(X > 0)])
def test_conditions_of_pieces_come_in_several_forms(condlist):
    actual = mg.piecewise(X, condlist, [lambda x, a, *, b: a * x + b, -1.0], 2.0, b=3.0)
    np.testing.assert_array_equal(actual, np.where(X > 0, 2 * X + 3, -1))


def test_settings_of_pieces_may_be_numbers_alone():
    y = mg.piecewise(leaf(2.0), [True], [7.0])
    assert y.item() == 7
    y.backward()


@pytest.mark.parametrize("function", [np.fmax, np.fmin])
def test_of_a_number_and_nan_the_number_gets_the_gradient(function):
    x, y = leaf([np.nan, 1, np.nan, 2]), leaf([1, np.nan, np.nan, 2])
    out = function(x, y)
    np.testing.assert_array_equal(out.numpy(), [1, 1, np.nan, 2])
    found = mg.grad(out, [x, y], np.ones(4))
    assert [g.tolist() for g in found] == [[0, 1, 0, 0.5], [1, 0, 0, 0.5]]


# Ordering


@pytest.mark.parametrize("kind", [None, "quicksort", "stable"])
def test_equal_elements_are_sorted_stably(kind):
    x = leaf(np.zeros(100))
    (g,) = mg.grad(mg.sort(x, kind=kind), x, np.arange(100.0))
    assert g.tolist() == list(range(100))


@pytest.mark.parametrize("kth", [0, 7, -1, (3, 20)])
def test_a_partition_has_an_element_in_its_place(kth):
    x = np.random.default_rng(0).permutation(40)
    out = np.partition(mg.tensor(x), kth).tolist()
    assert sorted(out) == list(range(40))
    for place in np.atleast_1d(kth) % 40:
        assert out[place] == place
        assert max(out[:place], default=-1) < place


@pytest.mark.parametrize("largest", [True, False])
def test_the_top_of_many_equal_elements_are_the_first(largest):
    values, indices = leaf(np.ones((2, 50))).topk(3, largest=largest)
    assert values.tolist() == [[1, 1, 1]] * 2
    assert indices.tolist() == [[0, 1, 2]] * 2


def test_a_sorted_tensor_is_a_new_one():
    t = mg.tensor([3.0, 1.0])
    assert t.sort().tolist() == [1, 3]
    assert t.tolist() == [3, 1]


def test_methods_that_numpy_orders_otherwise():
    t = leaf([[1, 2], [3, 4]])
    assert t.compress([False, True], axis=1).tolist() == [[2], [4]]
    assert t.argsort(axis=None).choose([5.0, 6.0, 7.0, 8.0]).tolist() == [5, 6, 7, 8]
    assert leaf([1, 2, 3]).searchsorted([2.0, 9.0]).tolist() == [1, 3]
    assert 4.0 in t
    assert 5.0 not in t


@pytest.mark.parametrize("order", [1, 2, 3])
def test_interpolation_by_everything(order):
    xp, fp = np.array([0.0, 1.0, 2.5]), np.array([1.0, -1.0, 2.0])
    x = np.array([-0.5, 0.3, 1.2, 2.0, 3.0])
    assert mg.gradcheck(lambda *a: mg.interp(*a) ** 2, x, xp, fp, order=order)


def test_interpolation_beyond_the_ends_stays_finite():
    x, fp = leaf([-np.inf, np.inf]), leaf([1.0, 2.0])
    y = mg.interp(x, [0.0, 1.0], fp, right=leaf(5.0))
    found = mg.grad(y, [x, fp], np.ones(2))
    assert y.tolist() == [1, 5]
    assert [g.tolist() for g in found] == [[0, 0], [1, 0]]


# Results without derivative


def test_values_of_a_tracked_tensor_come_out_untracked():
    t = leaf([2, 1, 2])
    values, counts = np.unique(t, return_counts=True)
    assert (values.tolist(), counts.tolist()) == ([1, 2], [1, 2])
    assert not values.requires_grad
    assert np.unique_counts(t).values.tolist() == [1, 2]
    assert not np.union1d(t, [5.0]).requires_grad


def test_counts_without_weights():
    assert np.bincount(mg.tensor([0, 2, 2]), minlength=4).tolist() == [1, 0, 2, 0]
    assert mg.bincount(np.array([1, 1])).dtype == np.intp
    assert mg.bincount([]).tolist() == []
    assert mg.bincount([0, 0], [1, 2]).dtype == np.float64


def test_keys_are_sorted_by_the_last():
    names, ages = mg.tensor([1, 2, 1]), mg.tensor([7, 7, 5])
    assert np.lexsort((names, ages)).tolist() == [2, 0, 1]
    assert mg.lexsort([names, ages]).tolist() == [2, 0, 1]


def test_facts_about_dtypes_and_memory():
    t = leaf([1.0])
    assert np.result_type(t, np.complex64) == np.complex128
    assert np.result_type(t.astype("f4"), 1.0) == np.float32
    assert np.common_type(mg.tensor([1], dtype="f4"), np.ones(1, "f4")) is np.float32
    assert np.shares_memory(t, t.numpy())
    assert not np.may_share_memory(t, t + 1)
    assert np.array_str(t) == "[1.]"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: mg.compress([1, 0, 0, 1], t, 0), r"^compress: condition holds at 3, .*only 3"),
        (lambda t: mg.extract(np.ones(25), t), r"^extract: condition holds at 24, .*only 24"),
        (lambda t: mg.scatter_add(t, 1.0, 5), r"^scatter_add: .*; x has shape \(3, 4, 2\), value"),
        (lambda t: t.index_add(0, [0], np.ones(3)), r"^scatter_add: .*value \(3,\), which must"),
    ],
)
@pytest.mark.parametrize("tracked", [True, False])
def test_what_is_out_of_range_is_named(call, message, tracked):
    with pytest.raises((IndexError, ValueError), match=message):
        call(mg.tensor(X, requires_grad=tracked))


def test_index_add_names_an_index_out_of_range():
    with pytest.raises(IndexError, match=r"^index_add: index has numbers from 0 to 5, .* to 1$"):
        mg.zeros((2, 3)).index_add(0, [0, 5], 1.0)


@pytest.mark.parametrize("apply", [mg.apply_along_axis, mg.apply_over_axes])
def test_an_axis_that_is_not_there(apply):
    name = apply.__name__
    arguments = (mg.sum, 5, leaf(X)) if apply is mg.apply_along_axis else (mg.sum, leaf(X), 5)
    with pytest.raises(IndexError, match=rf"^{name}: axis 5 is out of bounds"):
        apply(*arguments)
