import inspect
import math

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as hst

import minigrad as mg
from minigrad.testing import strategies as st
from minigrad.testing.strategies.values import DOMAINS, MANY

QUIET = settings(database=None, max_examples=2000, deadline=None)


def simplest(strategy, condition=lambda value: True):
    return find(strategy, condition, settings=QUIET)


def there_is(strategy, condition):
    """Find an example that need not be the simplest."""
    find(strategy, condition, settings=settings(QUIET, phases=[Phase.generate]))


def inside(values, domain):
    intervals = DOMAINS[domain] if isinstance(domain, str) else [domain]
    return np.any([(low < values) & (values < high) for low, high in intervals], axis=0)


DOMAINS_AND_SIMPLEST = {
    "real": 0.0,
    "positive": 1.0,
    "nonzero": 1.0,
    "unit": 0.5,
    (-3.0, -1.0): -2.0,
    (2, 2.5): 2.25,
    (-math.inf, -5): -6.0,
    (100.0, math.inf): 101.0,
}


@pytest.mark.parametrize("domain", DOMAINS_AND_SIMPLEST, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(data=hst.data())
def test_arrays_are_inside_of_their_domain_and_away_from_its_ends(domain, dtype, data):
    x = data.draw(st.arrays(dtype=dtype, domain=domain))
    assert type(x) is np.ndarray
    assert x.dtype == dtype
    assert x.ndim <= 3
    assert x.size > 0
    assert inside(x, domain).all()
    ends = np.array(DOMAINS[domain] if isinstance(domain, str) else [domain]).ravel()
    ends = ends[np.isfinite(ends)]
    assert np.all(np.abs(x[..., None] - ends) >= 0.02)


@pytest.mark.parametrize("domain", DOMAINS_AND_SIMPLEST, ids=str)
def test_arrays_shrink_to_the_smallest_shape_and_the_simplest_number(domain):
    x = simplest(st.arrays(domain=domain))
    assert x.shape == ()
    assert x == DOMAINS_AND_SIMPLEST[domain]


def test_arrays_shrink_element_by_element():
    strategy = st.arrays(shape=st.shapes(min_dims=1, max_dims=1, max_side=5))
    np.testing.assert_array_equal(simplest(strategy, lambda x: x.max() > 0.7), [1.0])
    np.testing.assert_array_equal(simplest(strategy, lambda x: x.min() < -0.7), [-1.0])
    np.testing.assert_array_equal(simplest(strategy, lambda x: x.size > 2), [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(simplest(strategy, lambda x: (x % 1).any()), [0.5])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [(3, (3,)), ((2, 0), (2, 0)), ([1, 2], (1, 2)), ((), ()), (hst.just((4,)), (4,))],
)
def test_a_shape_is_a_number_a_sequence_or_a_strategy(shape, expected):
    for strategy in (st.arrays, st.tensors, st.separated, st.tied):
        assert simplest(strategy(shape)).shape == expected
    assert simplest(st.near(shape=shape)).shape == expected


@given(
    st.arrays(shape=5, dtype=np.int32, domain=(-1, 10)),
    st.arrays(shape=5, dtype=np.uint8),
    st.arrays(shape=5, dtype=int, domain="nonzero"),
)
def test_arrays_of_integers_are_inside_of_an_interval(labels, small, nonzero):
    assert labels.dtype == np.int32
    assert np.all((labels >= 0) & (labels <= 9))
    assert small.dtype == np.uint8
    assert np.all(nonzero != 0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, int])
@pytest.mark.parametrize("domain", ["real", "nonzero", (0, 10)], ids=str)
def test_large_arrays_are_drawn_by_a_seed(dtype, domain):
    shape = (MANY + 1, 2)
    x = simplest(st.arrays(shape, dtype, domain))
    assert x.shape == shape
    assert x.dtype == dtype
    assert inside(x, domain).all()
    assert len(np.unique(x)) > 2


@given(
    st.tensors(),
    st.tensors(requires_grad=False, dtype=np.float32),
    st.tensors(3, dtype=int, requires_grad=False),
)
def test_tensors_require_grad_if_asked(tracked, untracked, integers):
    assert isinstance(tracked, mg.Tensor)
    assert tracked.requires_grad
    assert tracked.is_leaf
    assert not untracked.requires_grad
    assert untracked.dtype == np.float32
    assert integers.dtype.kind == "i"


@given(st.shapes(min_dims=1, max_dims=2, min_side=2, max_side=4))
def test_shapes_are_within_their_bounds(shape):
    assert 1 <= len(shape) <= 2
    assert all(2 <= length <= 4 for length in shape)


@given(st.broadcastable(3), st.broadcastable_arrays(2, np.float32, ["positive", (5, 6)]))
def test_broadcastable_ones_broadcast(shapes, arrays):
    np.broadcast_shapes(*shapes)
    assert len(shapes) == 3
    assert all(0 not in shape for shape in shapes)
    x, y = arrays
    np.broadcast_arrays(x, y)
    assert x.dtype == y.dtype == np.float32
    assert np.all(x > 0)
    assert np.all((y > 5) & (y < 6))


@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 3), (1, 3, 2), (2, 0, 3), (2, 1, 3, 1)])
@given(data=hst.data())
@settings(max_examples=300)  # an item may be valid for the wrong axis
def test_indices_are_valid_for_arrays_and_for_tensors(shape, data):
    x = np.arange(float(math.prod(shape))).reshape(shape)
    index = data.draw(st.indices(shape))
    np.testing.assert_array_equal(mg.tensor(x)[index].numpy(), x[index])


KINDS = {
    "a number": lambda index: isinstance(index, int),
    "None": lambda index: None in index,
    "Ellipsis": lambda index: Ellipsis in index,
    "a negative step": lambda index: any(
        isinstance(item, slice) and (item.step or 1) < -1 for item in index
    ),
    "a negative number": lambda index: any(isinstance(item, int) and item < 0 for item in index),
    "two arrays": lambda index: sum(isinstance(i, np.ndarray) for i in index) == 2,
    "repeated rows": lambda index: any(
        isinstance(i, np.ndarray) and i.dtype.kind == "i" and len(np.unique(i)) < i.size
        for i in index
    ),
    "a mask of an axis": lambda index: any(
        isinstance(i, np.ndarray) and i.dtype == bool for i in index
    ),
    "a mask of all": lambda index: isinstance(index, np.ndarray) and index.shape == (2, 3),
    "an array beside a slice and None": lambda index: (
        {np.ndarray, slice, type(None)} <= {type(item) for item in index}
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_indices_are_of_every_kind(kind):
    def is_one(index):
        try:
            # An array among others is compared by what it is, not by its elements.
            return bool(KINDS[kind](Items(index) if isinstance(index, tuple) else index))
        except TypeError:
            return False

    there_is(st.indices((2, 3)), is_one)


class Items(tuple):
    __slots__ = ()

    def __contains__(self, item):
        return any(own is item for own in self)


@pytest.mark.parametrize("ndim", [0, 1, 3])
@given(data=hst.data())
def test_axes_are_valid(ndim, data):
    np.zeros((1, 2, 3)[:ndim]).sum(axis=data.draw(st.axes(ndim)))
    if ndim:
        assert isinstance(data.draw(st.axes(ndim, none=False, tuples=False)), int)
        assert data.draw(st.axes(ndim, none=False, min_size=1)) != ()


@pytest.mark.parametrize("ndim", [1, 2, 3])
@given(data=hst.data())
def test_convolutions_are_valid_calls(ndim, data):
    call = data.draw(st.convolutions(ndim))
    arrays = data.draw(call.arrays())
    assert tuple(array.shape for array in arrays) == call.shapes
    assert len(arrays) == 2 + call.has_bias
    out = getattr(mg, f"conv{ndim}d")(*arrays, **call.settings)
    assert out.shape == call.out_shape
    assert out.size > 0


def test_convolutions_have_every_setting():
    for condition in (
        lambda call: call.groups > 1,
        lambda call: call.padding == "same",
        lambda call: call.padding == "valid",
        lambda call: isinstance(call.padding, tuple) and isinstance(call.padding[0], tuple),
        lambda call: isinstance(call.stride, tuple),
        lambda call: call.dilation == 2,
        lambda call: call.has_bias,
    ):
        there_is(st.convolutions(), condition)


def test_convolutions_shrink_to_one_pixel():
    call = simplest(st.convolutions())
    assert call == st.Convolution((1, 1, 1, 1), (1, 1, 1, 1), False, 1, 0, 1, 1)
    assert hash(call) == hash(simplest(st.convolutions()))


@pytest.mark.parametrize("ndim", [1, 2, 3])
@given(data=hst.data())
def test_pools_are_valid_calls(ndim, data):
    call = data.draw(st.pools(ndim))
    x = data.draw(call.arrays())
    assert len(np.unique(x)) == x.size
    out = getattr(mg, f"max_pool{ndim}d")(x, **call.settings)
    assert out.shape == call.out_shape
    assert np.all(np.isfinite(out))

    call = data.draw(st.pools(ndim, padded=False, dilated=False))
    assert not call.settings.keys() & {"padding", "dilation"}
    x = data.draw(call.arrays(st.tied))
    out = getattr(mg, f"lp_pool{ndim}d")(x, 2, **call.settings)
    assert out.shape == call.out_shape


def test_pools_shrink_to_one_pixel():
    assert simplest(st.pools()) == st.Pooling((1, 1, 1, 1), 1, 1, 0, 1, False)


@given(st.separated(gap=0.5, kinks=(0.0, 1.0)), st.separated(offset=0.25, kinks=()))
def test_separated_values_are_not_close(x, y):
    for values in (x, y):
        gaps = np.diff(np.sort(values.ravel()))
        assert np.all(gaps > 0.49)
    assert np.all(np.abs(x[..., None] - [0.0, 1.0]) > 0.249)
    assert np.all(np.abs(np.subtract.outer(x.ravel() * 0.999, y.ravel())) > 0.2)


def test_separated_values_shrink_in_order():
    np.testing.assert_array_equal(simplest(st.separated(shape=3)), [1.0, -1.0, 2.0])
    np.testing.assert_array_equal(simplest(st.separated(1), lambda x: x[0] < 0), [-1.0])
    x = simplest(st.separated(shape=(MANY, 2)))
    assert len(np.unique(x)) == x.size


@given(st.tied(st.shapes(min_side=0)))
def test_tied_values_have_a_tie(x):
    if x.size > 1:
        assert len(np.unique(x)) < x.size


def test_tied_values_shrink_to_zeros():
    np.testing.assert_array_equal(simplest(st.tied(shape=3)), np.zeros(3))
    np.testing.assert_array_equal(simplest(st.tied(shape=2), lambda x: x[0] != 0), [1.0, 1.0])
    assert len(np.unique(simplest(st.tied(shape=MANY + 1)))) <= 5


@given(st.near(kinks=(0.0, 6.0), distance=0.01))
def test_near_values_are_near_a_kink(x):
    assert np.all(np.abs(x[..., None] - [0.0, 6.0]).min(-1) < 0.0101)


def test_near_values_shrink_to_the_kink():
    assert simplest(st.near(kinks=[6.0])) == 6.0
    assert simplest(st.near([1.0], 0.5, ()), lambda x: x < 1) == 0.5
    assert np.isin(
        simplest(st.near(shape=MANY + 1)), np.outer([0, 1, -1, 0.5, -0.5, 0.125, -0.125], 1e-3)
    ).all()


PROGRAMS = settings(max_examples=100, deadline=None)


@given(st.programs())
@PROGRAMS
def test_programs_have_right_gradients(program):
    # Where it saturates, values do not tell the derivative.
    assert mg.gradcheck(program, *program.inputs).verdict in ("ok", "imprecise")


@given(st.programs(piecewise=True))
@PROGRAMS
def test_programs_are_the_same_on_tensors_and_every_time(program):
    inputs = [value.copy() for value in program.inputs]
    expected = program(*program.inputs)
    np.testing.assert_array_equal(program(*program.inputs), expected)
    on_tensors = program(*(mg.tensor(value) for value in program.inputs))
    assert isinstance(on_tensors, mg.Tensor)
    np.testing.assert_allclose(on_tensors.numpy(), expected, rtol=1e-12, atol=1e-12)
    for before, after in zip(inputs, program.inputs, strict=True):
        np.testing.assert_array_equal(before, after)


@given(st.programs(piecewise=True, max_statements=12))
def test_the_text_of_a_program_is_a_script(program):
    script: dict = {}
    exec(compile(repr(program), "program.py", "exec"), script)
    np.testing.assert_array_equal(script["program"](*script["inputs"]), program(*program.inputs))
    names = inspect.signature(program).parameters
    assert len(names) == len(program.inputs)
    assert all(f"{name}" in program.source for name in names)
    assert np.all(np.isfinite(program(*program.inputs)))


@pytest.mark.parametrize(
    "part",
    ["np.sum", "np.concatenate", " @ ", "[0] = ", "+= ", "*= ", "[::-1]", "np.tanh", "** 2", "/ (1",
     "np.copy", "axis=1", "[[0, -1, 0]]", "[None]", "broadcast_to"],
)  # fmt: skip
def test_programs_have_all_sorts_of_statements(part):
    there_is(st.programs(), lambda program: part in program.source)


def test_programs_have_kinks_only_if_asked():
    kinks = ("np.maximum", "np.abs", "np.where", "np.sort", "np.max(", "np.minimum")

    @given(st.programs())
    def smooth(program):
        assert not any(kink in program.source for kink in kinks)

    smooth()
    for kink in kinks:
        there_is(st.programs(piecewise=True), lambda program, kink=kink: kink in program.source)


def test_programs_shrink_to_one_statement():
    program = simplest(st.programs(), lambda program: "np.exp" in program.source)
    assert program.source == ("def program(a):\n    x1 = np.exp(-a * a)\n    return x1\n")
    np.testing.assert_array_equal(program.inputs, [[0.0]])


BAD_ARGUMENTS = {
    "arrays: domain must be one of 'real', .* got 'postive'": lambda: st.arrays(domain="postive"),
    "arrays: domain must be one of .* an interval": lambda: st.arrays(domain=3),
    r"arrays: domain \(2, 1\) has no numbers": lambda: st.arrays(domain=(2, 1)),
    r"arrays: domain \(0, 1\) has no numbers of int64": lambda: st.arrays(dtype=int, domain=(0, 1)),
    "arrays: dtype must be floating or integer, got complex": lambda: st.arrays(dtype=complex),
    "arrays: shape must be an integer, a tuple": lambda: st.arrays(shape="ab"),
    "arrays: shape has a negative length": lambda: st.arrays(shape=(2, -1)),
    "tensors: dtype int64 cannot require grad; pass": lambda: st.tensors(dtype=int),
    "shapes: min_dims and max_dims must be": lambda: st.shapes(min_dims=4),
    "broadcastable: min_side and max_side must be": lambda: st.broadcastable(2, min_side=9),
    "broadcastable: n is at least 1": lambda: st.broadcastable(0),
    "broadcastable_arrays: domain has 1 entries for 2": (
        lambda: st.broadcastable_arrays(2, domain=["real"])
    ),
    "axes: ndim is at least 0": lambda: st.axes(-1),
    "axes: without axes": lambda: st.axes(0, none=False, tuples=False),
    "indices: shape must be": lambda: st.indices(None),
    "separated: gap must be positive": lambda: st.separated(gap=0),
    "separated: dtype must be floating": lambda: st.separated(dtype=int),
    "tied: dtype must be floating": lambda: st.tied(dtype=int),
    "near: kinks is empty": lambda: st.near(kinks=[]),
    "near: distance must be positive": lambda: st.near(distance=-1),
    "convolutions: ndim must be 1, 2 or 3, got 4": lambda: st.convolutions(4),
    "pools: ndim must be 1, 2 or 3, got 0": lambda: st.pools(0),
    "programs: inputs must be between 1 and 8": lambda: st.programs(inputs=9),
    "programs: max_statements is at least 1": lambda: st.programs(max_statements=0),
}


@pytest.mark.parametrize("message", BAD_ARGUMENTS)
def test_a_bad_argument_is_named_at_once(message):
    with pytest.raises((ValueError, TypeError), match=message):
        BAD_ARGUMENTS[message]()


def test_every_strategy_is_documented_with_an_example():
    for name in dir(st):
        value = getattr(st, name)
        if inspect.isfunction(value):
            assert ">>>" in inspect.getdoc(value), name
