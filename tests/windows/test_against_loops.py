"""Convolutions, pools and columns against nested loops: values, first and second derivatives."""

import contextlib
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg

# By their paths: a folder of tests is no package.
here = Path(__file__)
draws = SimpleNamespace(**runpy.run_path(str(here.with_name("configurations.py"))))
loops = SimpleNamespace(**draws.loops)

DTYPES = st.sampled_from([np.float64, np.float64, np.float32])
ORDERS = st.sampled_from(sorted(draws.ORDERS))
RNGS = st.integers(0, 2**32 - 1).map(np.random.default_rng)
KINDS = ["convolution", "transposed_convolution"]
BUDGETS = [0, 1, 100, 1000, 10_000, 1 << 30]


@contextlib.contextmanager
def resources(budget=None, threads=None):
    before = mg.get_column_budget(), mg.get_num_threads()
    try:
        if budget is not None:
            mg.set_column_budget(budget)
        if threads is not None:
            mg.set_num_threads(threads)
        yield
    finally:
        mg.set_column_budget(before[0])
        mg.set_num_threads(before[1])


def pick_with(data):
    return lambda least, most: data.draw(st.integers(least, most))


def assert_close(found, expected, dtype, what):
    found = found.numpy() if isinstance(found, mg.Tensor) else found
    assert found.shape == expected.shape, what
    assert found.dtype == dtype, what
    near = 1e-11 if dtype == np.float64 else 2e-4
    np.testing.assert_allclose(found, expected, rtol=near, atol=near, err_msg=what)


def op_of(kind, x):
    return getattr(mg, f"{'conv' if kind == 'convolution' else 'conv_transpose'}{x.ndim - 2}d")


def drawn_convolution(data, kind):
    """Images, filters and perhaps a bias in some order of memory, settings, and the reference."""
    x_shape, weight_shape, settings = getattr(draws, kind)(pick_with(data))
    rng, dtype = data.draw(RNGS), data.draw(DTYPES)
    x, weight = (
        draws.in_order(data.draw(ORDERS), rng.normal(size=shape).astype(dtype))
        for shape in (x_shape, weight_shape)
    )
    reference = getattr(loops, kind)(x_shape, weight_shape, **settings)
    arrays = [x, weight]
    if data.draw(st.booleans()):
        arrays.append(rng.normal(size=reference.shape[1]).astype(dtype))
    return arrays, settings, reference, rng, dtype


def check_convolution(data, kind):
    """Compare values, gradients, and gradients of gradients."""
    arrays, settings, reference, rng, dtype = drawn_convolution(data, kind)
    (x, weight, *bias), op = arrays, op_of(kind, arrays[0])
    expected = reference.value(x, weight, *bias)
    assert_close(op(*arrays, **settings), expected, dtype, "value of arrays")

    inputs = [mg.tensor(array, requires_grad=True) for array in arrays]
    out = op(*inputs, **settings)
    assert_close(out, expected, dtype, "value")
    g = draws.in_order(data.draw(ORDERS), rng.normal(size=reference.shape).astype(dtype))
    first = [reference.by_x(g, weight), reference.by_weight(g, x)]
    first += [reference.by_bias(g) for _ in bias]
    for found, wanted in zip(mg.grad(out, inputs, g, retain_graph=True), first, strict=True):
        assert_close(found, wanted, dtype, "first derivative")

    cotangent = mg.tensor(g, requires_grad=True)
    found = mg.grad(out, inputs, cotangent, create_graph=True)
    for one, wanted in zip(found, first, strict=True):
        assert_close(one, wanted, dtype, "first derivative, recorded")
    u, v, *t = directions = [rng.normal(size=array.shape).astype(dtype) for array in arrays]
    second = list(reference.second(x, weight, g, u, v))
    for slope in t:
        second[2] = second[2] + slope.reshape(-1, *[1] * (x.ndim - 2))
    for one, wanted in zip(
        mg.grad(found, [*inputs[:2], cotangent], directions), second, strict=True
    ):
        assert_close(one, wanted, dtype, "second derivative")


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=100)
def test_convolution(kind, data):
    check_convolution(data, kind)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=20)
def test_convolution_in_blocks(kind, budget, data):
    with resources(budget):
        check_convolution(data, kind)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=15)
def test_a_budget_that_shrinks_before_the_gradient(kind, data):
    arrays, settings, reference, rng, dtype = drawn_convolution(data, kind)
    inputs = [mg.tensor(array, requires_grad=True) for array in arrays[:2]]
    g = rng.normal(size=reference.shape).astype(dtype)
    with resources(1 << 30):
        out = op_of(kind, arrays[0])(*inputs, **settings)
    with resources(0):
        dx, dweight = mg.grad(out, inputs, g)
    assert_close(dx, reference.by_x(g, arrays[1]), dtype, "by x")
    assert_close(dweight, reference.by_weight(g, arrays[0]), dtype, "by weight")


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=5)
def test_convolution_against_finite_differences(kind, data):
    arrays, settings, *_ = drawn_convolution(data, kind)
    arrays = [array[:1].astype(float) if i == 0 else array for i, array in enumerate(arrays)]
    assert mg.gradcheck(lambda *a: op_of(kind, arrays[0])(*a, **settings), *arrays, order=2)


# Pools


def drawn_pool(data, name):
    shape, settings = draws.pool(pick_with(data), name)
    rng, dtype = data.draw(RNGS), data.draw(DTYPES)
    # Which of equal values is the median is not defined.
    ties = [] if "median" in name else [draws.tied, draws.negative]
    x = data.draw(st.sampled_from([draws.separated, *ties]))(rng, shape).astype(dtype)
    order = data.draw(ORDERS)
    if "median" in name and order.startswith("one"):
        order = "gaps"
    return draws.in_order(order, x), settings, rng, dtype


@pytest.mark.parametrize("name", loops.TESTED)
@given(data=st.data())
@settings(max_examples=60)
def test_pool(name, data):
    x, settings, rng, dtype = drawn_pool(data, name)
    op, reference = getattr(mg, name), loops.pool(name, x, **settings)
    assert_close(op(x, **settings), reference.value, dtype, "value of an array")
    tracked = mg.tensor(x, requires_grad=True)
    out = op(tracked, **settings)
    assert_close(out, reference.value, dtype, "value")
    g = draws.in_order(data.draw(ORDERS), rng.normal(size=reference.value.shape).astype(dtype))
    (dx,) = mg.grad(out, [tracked], g, retain_graph=True)
    assert_close(dx, reference.by_x(g), dtype, "first derivative")
    cotangent = mg.tensor(g, requires_grad=True)
    (dx,) = mg.grad(out, [tracked], cotangent, create_graph=True)
    assert_close(dx, reference.by_x(g), dtype, "first derivative, recorded")
    u = rng.normal(size=x.shape).astype(dtype)
    (second,) = mg.grad(dx, [cotangent], u)
    assert_close(second, reference.second(u), dtype, "second derivative")


@pytest.mark.parametrize("name", loops.TESTED)
@given(data=st.data())
@settings(max_examples=5)
def test_pool_against_finite_differences(name, data):
    x, settings, rng, _ = drawn_pool(data, name)
    # With a norm's values away from 0, where it has a kink.
    x = draws.separated(rng, x.shape)[:1]
    assert mg.gradcheck(lambda x: getattr(mg, name)(x, **settings), x, order=2)


@pytest.mark.parametrize("name", [name for name in loops.TESTED if name.startswith(("max", "min"))])
@given(data=st.data())
@settings(max_examples=40)
def test_pool_with_more_padding(name, data):
    shape, settings = draws.pool(pick_with(data), name, beyond_half=True)
    rng = data.draw(RNGS)
    x, reference = draws.tied(rng, shape), None
    reference = loops.pool(name, x, **settings)
    tracked = mg.tensor(x, requires_grad=True)
    out = getattr(mg, name)(tracked, **settings)
    assert_close(out, reference.value, x.dtype, "value")
    g = rng.normal(size=out.shape)
    assert_close(mg.grad(out, [tracked], g)[0], reference.by_x(g), x.dtype, "gradient")


@pytest.mark.parametrize("name", [name for name in loops.TESTED if name.startswith(("max", "min"))])
@given(data=st.data())
@settings(max_examples=40)
def test_pool_of_infinities_and_zeros(name, data):
    shape, settings = draws.pool(pick_with(data), name)
    rng = data.draw(RNGS)
    x = rng.choice([-np.inf, np.inf, 0.0, -0.0, 1.0], shape, p=[0.6, 0.1, 0.1, 0.1, 0.1])
    reference = loops.pool(name, x, **settings)
    tracked = mg.tensor(x, requires_grad=True)
    out = getattr(mg, name)(tracked, **settings)
    assert_close(out, reference.value, x.dtype, "value")
    g = rng.normal(size=out.shape)
    assert_close(mg.grad(out, [tracked], g)[0], reference.by_x(g), x.dtype, "gradient")


@pytest.mark.parametrize("name", [name for name in loops.TESTED if name.startswith(("max", "min"))])
@given(data=st.data())
@settings(max_examples=30)
def test_pool_of_integers(name, data):
    shape, settings = draws.pool(pick_with(data), name)
    dtype = data.draw(st.sampled_from([np.int8, np.uint8, np.int32, np.int64, np.float16]))
    low, high = (-9, 9) if dtype is np.float16 else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    x = data.draw(RNGS).choice(np.array([low, 0, 1, high], dtype), shape)
    out = getattr(mg, name)(x, **settings)
    assert out.dtype == dtype
    # Ends of a range of 64 bits are rounded by the loops, which count in doubles.
    np.testing.assert_array_equal(out.astype(float), loops.pool(name, x, **settings).value)


@pytest.mark.parametrize("name", ["max_pool1d", "max_pool2d", "max_pool3d"])
@given(data=st.data())
def test_indices_and_unpooling(name, data):
    x, settings, _, dtype = drawn_pool(data, name)
    reference = loops.pool(name, x, **settings)
    out, indices = getattr(mg, name)(mg.tensor(x), **settings, return_indices=True)
    np.testing.assert_array_equal(indices, reference.indices)
    assert_close(out, reference.value, dtype, "value")
    # Back in their places, values of windows that overlap are the same value.
    images = np.zeros(x.shape, dtype)
    for n, c, *at in np.ndindex(reference.value.shape):
        place = np.unravel_index(reference.indices[n, c, *at], x.shape[2:])
        images[n, c, *place] = reference.value[n, c, *at]
    shared = {"stride", "padding"} & set(settings)
    if settings.get("dilation", 1) in (1, (1,) * (x.ndim - 2)):
        unpooled = getattr(mg, name.replace("pool", "unpool"))(
            out,
            indices,
            settings["kernel_size"],
            **{key: settings[key] for key in shared},
            output_size=x.shape[2:],
        )
        assert_close(unpooled, images, dtype, "unpooled")


# Columns


@pytest.mark.parametrize("layout", ["columns", "rows"])
@given(data=st.data())
@settings(max_examples=60)
def test_im2col_and_col2im(layout, data):
    shape, settings = draws.columns(pick_with(data))
    rng = data.draw(RNGS)
    dtype = data.draw(st.sampled_from([np.float64, np.float32, np.int64, np.uint8]))
    x = draws.in_order(data.draw(ORDERS), rng.integers(0, 99, shape).astype(dtype))
    settings["layout"] = layout
    columns = mg.im2col(x, **settings)
    np.testing.assert_array_equal(columns, loops.im2col(x, **settings), strict=True)
    g = rng.integers(0, 9, columns.shape).astype(dtype)
    images = loops.col2im(g, shape, **settings)
    np.testing.assert_array_equal(mg.col2im(g, shape, **settings), images, strict=True)
    if columns.dtype.kind != "f":
        return
    tracked = mg.tensor(x, requires_grad=True)
    cotangent = mg.tensor(g, requires_grad=True)
    (dx,) = mg.grad(mg.im2col(tracked, **settings), [tracked], cotangent, create_graph=True)
    assert_close(dx, images, dtype, "gradient of im2col")
    assert_close(mg.grad(dx, [cotangent], x)[0], columns, dtype, "second derivative of im2col")
    folded = mg.col2im(cotangent, shape, **settings)
    (dg,) = mg.grad(folded, [cotangent], tracked, create_graph=True)
    assert_close(dg, columns, dtype, "gradient of col2im")
    assert_close(mg.grad(dg, [tracked], g)[0], images, dtype, "second derivative of col2im")


@given(data=st.data())
@settings(max_examples=60)
def test_unfold_and_fold(data):
    shape, settings = draws.columns(pick_with(data))
    rng, dtype = data.draw(RNGS), data.draw(DTYPES)
    x = draws.in_order(data.draw(ORDERS), rng.integers(0, 99, shape).astype(dtype))
    columns = loops.unfold(x, **settings)
    tracked = mg.tensor(x, requires_grad=True)
    unfolded = mg.unfold(tracked, **settings)
    assert_close(unfolded, columns, dtype, "unfold")
    g = rng.integers(0, 9, columns.shape).astype(dtype)
    images = loops.fold(g, shape[2:], **settings)
    cotangent = mg.tensor(g, requires_grad=True)
    (dx,) = mg.grad(unfolded, [tracked], cotangent, create_graph=True)
    assert_close(dx, images, dtype, "gradient of unfold")
    assert_close(mg.grad(dx, [cotangent], x)[0], columns, dtype, "second derivative of unfold")
    folded = mg.fold(cotangent, shape[2:], **settings)
    assert_close(folded, images, dtype, "fold")
    assert_close(mg.grad(folded, [cotangent], x)[0], columns, dtype, "gradient of fold")


# Threads: images that are large enough to be shared


def convolved(op, **settings):
    rank = int(op[-2])
    images = [(5, 6, 40_000), (5, 6, 90, 91), (3, 6, 17, 32, 33)][rank - 1]
    filters = (6, 6 // settings.get("groups", 1), *(3, 2, 2)[:rank])

    def run(rng, dtype):
        x, weight = (
            mg.tensor(rng.normal(size=shape).astype(dtype), requires_grad=True)
            for shape in (images, filters)
        )
        out = getattr(mg, op)(x, weight, **settings)
        g = rng.normal(size=out.shape).astype(dtype)
        return out, *mg.grad(out, [x, weight], g)

    return run


def pooled(op, **settings):
    def run(rng, dtype):
        lengths = [(40_000,), (90, 91), (17, 32, 33)][int(op[-2]) - 1]
        x = mg.tensor(draws.tied(rng, (5, 7, *lengths)).astype(dtype), requires_grad=True)
        out = getattr(mg, op)(x, **settings)
        return out, *mg.grad(out, [x], rng.normal(size=out.shape).astype(dtype))

    return run


LARGE = {
    "conv1d": convolved("conv1d", padding=1),
    "conv2d": convolved("conv2d", padding=1),
    "conv2d in groups": convolved("conv2d", stride=(2, 1), groups=3),
    "conv3d": convolved("conv3d", padding=1),
    "conv_transpose2d": convolved("conv_transpose2d", groups=2),
    **{
        name: pooled(
            name, kernel_size=3, stride=2, **({"norm_type": 2} if name.startswith("lp") else {})
        )
        for name in loops.TESTED
    },
}


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("case", LARGE)
def test_results_do_not_depend_on_the_number_of_threads(case, dtype):
    results = []
    for threads in (1, 2, 3, 2, 1):
        with resources(threads=threads):
            found = LARGE[case](np.random.default_rng(0), dtype)
        results.append([part.numpy().tobytes() for part in found])
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("budget", [1 << 16, 1 << 30])
def test_threads_and_blocks_together(budget):
    run = convolved("conv2d", padding=1)
    plain = run(np.random.default_rng(0), "f8")
    results = []
    for threads in (1, 2, 3):
        with resources(budget, threads):
            results.append(run(np.random.default_rng(0), "f8"))
    for result in results:
        for one, first, wanted in zip(result, results[0], plain, strict=True):
            assert one.numpy().tobytes() == first.numpy().tobytes()
            np.testing.assert_allclose(one.numpy(), wanted.numpy(), rtol=1e-9, atol=1e-9)


# The suite itself


def test_every_pool_that_exists_is_tested():
    pools = {name for name in dir(mg) if "_pool" in name and name[-2:] in ("1d", "2d", "3d")}
    assert {name for name in pools if not name.startswith("adaptive")} == set(loops.TESTED)
    assert all(hasattr(mg, name) for name in loops.TESTED)
