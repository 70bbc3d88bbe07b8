"""What must hold for every op, on sampled calls."""

import functools
import importlib.util
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.registry import Op, registered
from minigrad.testing.samples import SAMPLES, Call

OPS = [op for op in registered() if op.function.__module__.startswith("minigrad.")]
DIFFERENTIABLE = [op for op in OPS if op.differentiable]
WITH_RULE = [op for op in DIFFERENTIABLE if op.run is not None]


NEEDS_SCIPY = pytest.mark.skipif(
    importlib.util.find_spec("scipy") is None, reason="special functions need SciPy"
)


def every(ops: list[Op]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "op",
        [
            pytest.param(op, marks=NEEDS_SCIPY if op.family == "special" else (), id=op.name)
            for op in ops
        ],
    )


def tracked(array: Any) -> mg.Tensor:
    floating = array.dtype.kind == "f"
    return mg.Tensor(array, requires_grad=floating)


def values(result: Any) -> Any:
    """The result with arrays in place of tensors."""
    if isinstance(result, (list, tuple)):
        return [values(part) for part in result]
    return result.numpy() if isinstance(result, mg.Tensor) else result


def parts(result: Any) -> list[Any]:
    """The outputs of an op that may have several."""
    return list(result) if isinstance(result, (list, tuple)) else [result]


def determined(op: Op, call: Call) -> Callable[..., Any]:
    """The call as a function of its arrays, of which derivatives are checked."""
    function = call.of(op.function)

    @functools.wraps(function)
    def of_arrays(*arrays: Any) -> Any:
        samples = SAMPLES[op.function]
        return samples.determined(function(*map(samples.domain, arrays)))

    return of_arrays


def cotangents(output: Any, layout: Callable[[Any], Any]) -> list[Any]:
    """A gradient for each output: random, and 0 for indices."""
    rng = np.random.default_rng(0)
    return [
        layout(rng.normal(size=np.shape(part)))
        if part.dtype.kind == "f"
        else np.zeros(np.shape(part))
        for part in parts(output)
    ]


def frozen(array: np.ndarray) -> np.ndarray:
    """A copy that raises when it is written to."""
    copy = array.copy(order="K")
    copy.flags.writeable = False
    return copy


def test_every_op_has_samples() -> None:
    assert {op.function for op in OPS} == set(SAMPLES)


@every(OPS)
@given(data=st.data())
def test_equals_the_reference(op: Op, data: st.DataObject) -> None:
    call = data.draw(SAMPLES[op.function].calls)
    expected = call.apply(SAMPLES[op.function].reference)
    actual = call.apply(op.function)
    on_tensors = call.map(mg.tensor).apply(op.function)
    for one, same, other in zip(parts(actual), parts(on_tensors), parts(expected), strict=True):
        assert not isinstance(one, mg.Tensor)
        assert np.shape(one) == np.shape(other)
        if isinstance(other, (str, type, np.dtype)):
            assert one == other == values(same)
            continue
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
        # On tensors the same, but for NumPy's kernels, which round scalars and arrays differently.
        np.testing.assert_allclose(values(same), one, rtol=1e-12, atol=1e-14)


@every(DIFFERENTIABLE)
@given(data=st.data())
@settings(max_examples=8)
def test_first_derivative(op: Op, data: st.DataObject) -> None:
    call = data.draw(SAMPLES[op.function].calls)
    assert mg.gradcheck(determined(op, call), *call.flat())


@every(DIFFERENTIABLE)
@given(data=st.data())
@settings(max_examples=4)
def test_second_derivative(op: Op, data: st.DataObject) -> None:
    call = data.draw(SAMPLES[op.function].calls)
    assume(sum(array.size for array in call.flat()) <= 60)
    assert mg.gradcheck(determined(op, call), *call.flat(), order=2)


@every(
    [
        op
        for op in DIFFERENTIABLE
        if (SAMPLES[op.function].floating or len(op.arrays)) > 1 or op.arrays[0][0] == "*"
    ]
)
@given(data=st.data())
@settings(max_examples=5)
def test_second_derivative_by_some_of_the_inputs(op: Op, data: st.DataObject) -> None:
    call = data.draw(SAMPLES[op.function].calls)
    flat = call.flat()
    floating = [i for i, array in enumerate(flat) if array.dtype.kind == "f"]
    assume(len(floating) > 1 and sum(array.size for array in flat) <= 60)
    chosen = data.draw(
        st.lists(st.sampled_from(floating), min_size=1, max_size=len(floating) - 1, unique=True)
    )

    def by_chosen(*tensors: Any) -> Any:
        arrays = [*flat]
        for position, tensor in zip(chosen, tensors, strict=True):
            arrays[position] = tensor
        return determined(op, call)(*arrays)

    assert mg.gradcheck(by_chosen, *(flat[position] for position in chosen), order=2)


@every(WITH_RULE)
@given(data=st.data())
@settings(max_examples=20)
def test_writes_to_no_input_and_to_no_gradient(op: Op, data: st.DataObject) -> None:
    call = data.draw(SAMPLES[op.function].calls)
    flat = call.map(frozen).flat()
    assert op.run is not None
    settings = call.settings
    output, closures = op.run(*flat, **{**dict.fromkeys(op.arrays[len(flat) :]), **settings})
    gradients = cotangents(output, frozen)
    for array, closure in zip(flat, [closures] if callable(closures) else closures, strict=False):
        if closure is not None and array.dtype.kind == "f":
            closure(*gradients)
    for one, expected in zip(parts(output), parts(call.apply(op.function)), strict=True):
        np.testing.assert_array_equal(one, expected)


# Two ops whose purpose is another dtype are left out.
@every([op for op in DIFFERENTIABLE if op.name not in ("astype", "float_power")])
@given(data=st.data())
@settings(max_examples=15)
def test_tracks_and_keeps_float32(op: Op, data: st.DataObject) -> None:
    call = data.draw(SAMPLES[op.function].calls)
    rounded = call.map(lambda a: a.astype(np.float32) if a.dtype == np.float64 else a)
    tensors = rounded.map(tracked)
    results = parts(tensors.apply(op.function))
    assert all(isinstance(output, mg.Tensor) for output in results)
    outputs = [output for output in results if output.dtype.kind == "f"]
    assert [output.dtype for output in outputs] == [np.float32] * len(outputs)
    assert all(output.requires_grad for output in outputs)
    inputs = [t for t in tensors.flat() if t.requires_grad]
    found = mg.grad(outputs, inputs, [np.ones(output.shape, np.float32) for output in outputs])
    assert [g.dtype for g in found] == [np.float32] * len(inputs)
    assert [g.shape for g in found] == [t.shape for t in inputs]
    # Rounding the inputs is all that may differ from the same call in double precision.
    double = call.map(
        lambda a: a.astype(np.float32).astype(np.float64) if a.dtype.kind == "f" else a
    )
    single = SAMPLES[op.function].single
    for output, expected in zip(results, parts(double.apply(op.function)), strict=True):
        np.testing.assert_allclose(output.numpy(), expected, rtol=single, atol=single)


@every([op for op in OPS if not op.differentiable])
@given(data=st.data())
@settings(max_examples=10)
def test_result_is_untracked(op: Op, data: st.DataObject) -> None:
    call = data.draw(SAMPLES[op.function].calls)
    for result in parts(call.map(tracked).apply(op.function)):
        assert not (isinstance(result, mg.Tensor) and result.requires_grad)


def fortran(array: np.ndarray) -> np.ndarray:
    return array.copy(order="F")


def backward_in_memory(array: np.ndarray) -> np.ndarray:
    flip = (slice(None, None, -1),) * array.ndim
    return array[flip].copy()[flip]


def every_second(array: np.ndarray) -> np.ndarray:
    wide = np.repeat(array[..., None], 2, axis=-1)
    return wide[..., 0]


def run_rule(op: Op, call: Call, layout: Callable[[Any], Any] = np.asarray) -> list[Any]:
    """The output of the rule and what each closure returns, with arrays in some layout."""
    assert op.run is not None
    flat = call.map(layout).flat()
    missing = dict.fromkeys(op.arrays[len(flat) :])
    output, closures = op.run(*flat, **missing, **call.settings)
    gradients = cotangents(output, layout)
    return parts(output) + [
        closure(*gradients)
        for array, closure in zip(
            flat, [closures] if callable(closures) else closures, strict=False
        )
        if closure is not None and array.dtype.kind == "f"
    ]


@every(WITH_RULE)
@pytest.mark.parametrize("layout", [fortran, backward_in_memory, every_second])
@given(data=st.data())
@settings(max_examples=8)
def test_memory_layout_does_not_matter(
    op: Op, layout: Callable[[np.ndarray], np.ndarray], data: st.DataObject
) -> None:
    call = data.draw(SAMPLES[op.function].calls)
    for actual, expected in zip(run_rule(op, call, layout), run_rule(op, call), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


@every(WITH_RULE)
@given(data=st.data())
@settings(max_examples=8)
def test_zero_strides_do_not_matter(op: Op, data: st.DataObject) -> None:
    """An array that repeats one row behaves as its copy does."""
    call = data.draw(SAMPLES[op.function].calls)
    assume(all(array.size for array in call.flat()))

    def repeated(array: np.ndarray) -> np.ndarray:
        return np.broadcast_to(array[:1], array.shape) if array.ndim and array.size else array

    def solid(array: np.ndarray) -> np.ndarray:
        return repeated(array).copy()

    try:
        solids = run_rule(op, call, solid)
    except np.linalg.LinAlgError:  # a matrix of equal rows has no inverse
        reject()
    for actual, expected in zip(run_rule(op, call, repeated), solids, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


def with_settings(op: Op, twin: Callable[..., Any], call: Call) -> Callable[..., Any] | None:
    """A function of NumPy's with the settings of a call; None if it lacks one of them.

    The first setting goes by position if it has another name: NumPy has changed one.
    """
    names, values = list(call.settings), list(call.settings.values())
    is_first = names[:1] == list(op.signature.parameters)[len(op.arrays) :][:1]
    split, taken = False, dict[str, Any].fromkeys(names)
    if not isinstance(twin, np.ufunc):
        try:
            parameters = inspect.signature(twin).parameters
        except ValueError:  # it is written in C
            split = is_first
        else:
            kinds = [parameter.kind for parameter in parameters.values()]
            if inspect.Parameter.VAR_KEYWORD not in kinds:
                most = len(kinds) - kinds.count(inspect.Parameter.KEYWORD_ONLY)
                taken = {n: p for n, p in parameters.items() if p.kind is not p.POSITIONAL_ONLY}
                split = is_first and most > len(call.arrays) and not taken.keys() >= {*names}
    named = dict(zip(names[split:], values[split:], strict=True))
    if not named.keys() <= taken.keys():
        return None
    return lambda *arrays: twin(*arrays, *values[:split], **named)


@every([op for op in OPS if op.twins])
@given(data=st.data())
@settings(max_examples=10)
def test_numpy_twin_arrives_at_the_op(op: Op, data: st.DataObject) -> None:
    call = data.draw(SAMPLES[op.function].calls)
    tensors = call.map(mg.tensor)
    for twin in op.twins:
        function = with_settings(op, twin, call)
        if function is None:
            continue
        result = function(*tensors.arrays)
        if op.in_place:
            assert result is None
            result, tensors = tensors.arrays[0], call.map(mg.tensor)
        expected = tensors.apply(op.function)
        assert type(result) is type(expected)
        for one, other in zip(parts(result), parts(expected), strict=True):
            assert type(one) is type(other)
            np.testing.assert_array_equal(values(one), values(other))


class Strict(np.lib.mixins.NDArrayOperatorsMixin):
    """An array type that implements NumPy's protocols, and refuses to become an ndarray."""

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)

    def __array__(self, *_: Any, **__: Any) -> None:
        raise TypeError("this array type does not become an ndarray")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return strict(getattr(ufunc, method)(*plain(inputs), **plain(kwargs)))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return strict(function(*plain(args), **plain(kwargs)))

    def __getitem__(self, index: Any) -> Any:
        return strict(self.array[plain(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self.array[plain(index)] = plain(value)

    def __bool__(self) -> bool:
        return bool(self.array)

    def astype(self, *args: Any, **kwargs: Any) -> "Strict":
        return Strict(self.array.astype(*args, **kwargs))

    def copy(self) -> "Strict":
        return Strict(self.array.copy())

    shape = property(lambda self: self.array.shape)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    dtype = property(lambda self: self.array.dtype)


def plain(value: Any) -> Any:
    if isinstance(value, Strict):
        return value.array
    if isinstance(value, (tuple, list)):
        return type(value)(map(plain, value))
    return {k: plain(v) for k, v in value.items()} if isinstance(value, dict) else value


def strict(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        kind = type(value)
        return getattr(kind, "_make", kind)(map(strict, value))  # a named tuple, too
    return Strict(value) if isinstance(value, np.ndarray | np.generic) else value


@every(WITH_RULE)
@given(data=st.data())
@settings(max_examples=8)
def test_speaks_only_numpys_protocols(op: Op, data: st.DataObject) -> None:
    """Rules and closures run on any array type that has NumPy's protocols."""
    call = data.draw(SAMPLES[op.function].calls)
    for one, other in zip(run_rule(op, call, Strict), run_rule(op, call), strict=True):
        assert isinstance(one, Strict)
        np.testing.assert_allclose(one.array, other, rtol=1e-13, atol=1e-13)
