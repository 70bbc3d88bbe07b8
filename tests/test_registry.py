import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad import registry


@pytest.fixture
def scratch(monkeypatch):
    """Forget the ops that a test registers, and the NumPy functions that it takes."""
    monkeypatch.setattr(registry, "_ops", dict(registry._ops))
    monkeypatch.setattr(registry, "_by_path", dict(registry._by_path))
    monkeypatch.setattr(registry, "_twins", dict(registry._twins))


@pytest.fixture
def cube(scratch):
    @mg.op
    def cube(x, /):
        """Third power."""
        return x * x * x, lambda g: 3 * g * x * x

    return cube


def test_an_op_is_a_plain_function_with_its_rules_signature_and_docstring(cube):
    assert inspect.isfunction(cube)
    assert cube.__name__ == "cube"
    assert cube.__doc__ == "Third power."
    assert list(inspect.signature(cube).parameters) == ["x"]
    assert inspect.signature(cube).return_annotation == "Tensor"


def test_arrays_in_array_out(cube):
    result = cube(np.array([1.0, 2.0]))
    assert type(result) is np.ndarray
    assert result.tolist() == [1.0, 8.0]


def test_a_tensor_among_the_arguments_makes_the_result_a_tensor(cube):
    assert isinstance(cube(mg.tensor(2.0)), mg.Tensor)
    assert isinstance(mg.add(np.ones(2), mg.tensor(2.0)), mg.Tensor)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_users_op_has_derivatives_of_any_order(cube, order):
    assert mg.gradcheck(cube, [0.5, -1.5], order=order)


def test_a_users_op_can_take_the_call_of_a_numpy_function(scratch):
    @mg.op(np.emath.sqrt, piecewise_linear=False)
    def real_sqrt(x, /):
        out = np.emath.sqrt(x)
        return out, lambda g: g / (2 * out)

    x = mg.tensor(4.0, requires_grad=True)
    y = np.emath.sqrt(x)
    y.backward()
    assert y.item() == 2.0
    assert x.grad.item() == 0.25


def test_a_numpy_function_has_one_op(scratch):
    with pytest.raises(ValueError, match=r"again: .*'multiply'.* already arrives at .*one op"):

        @mg.op(np.multiply)
        def again(x, y, /):
            return x * y, (lambda g: g * y, lambda g: g * x)


def test_defining_an_op_once_more_replaces_it(scratch):
    for factor in (2, 3):

        @mg.op(np.emath.sqrt, piecewise_linear=False)
        def scaled(x, /, factor=factor):
            return x * factor, lambda g: g * factor

    assert np.emath.sqrt(mg.tensor(1.0)).item() == 3.0


def test_a_cell_that_is_run_again_is_listed_once(scratch):
    cell = "def halved(x, /):\n    return x / 2, lambda g: g / 2"
    for _ in range(3):
        names = {"__name__": "notebook"}
        exec(cell, names)
        mg.op(names["halved"])
    assert [op.name for op in registry.registered()].count("halved") == 1


def test_the_registry_can_be_listed():
    listed = {op.name: op for op in registry.registered()}
    assert (listed["multiply"].family, listed["multiply"].twins) == ("arithmetic", (np.multiply,))
    assert listed["conv2d"].arrays == ("x", "weight", "bias")
    assert listed["relu"].piecewise_linear
    assert not listed["multiply"].piecewise_linear
    assert not listed["less"].differentiable
    assert "axis" in listed["sum"].signature.parameters


@pytest.mark.parametrize("function", [mg.multiply, np.multiply])
def test_lookup_finds_the_op_behind_a_function(function):
    assert registry.lookup(function).name == "multiply"


def test_lookup_of_another_function_is_a_key_error():
    with pytest.raises(KeyError):
        registry.lookup(len)


def test_without_a_slash_the_parameters_before_the_star_are_arrays(scratch):
    @mg.op
    def affine(x, weight, bias=None, *, scale=1.0):
        out = x * weight * scale
        closures = (lambda g: g * weight * scale, lambda g: g * x * scale, lambda g: g)
        return out if bias is None else out + bias, closures

    assert registry.lookup(affine).arrays == ("x", "weight", "bias")
    assert mg.gradcheck(affine, [1.0], [2.0], order=2)
    assert mg.gradcheck(lambda x, w, b: affine(x, w, bias=b, scale=3.0), [1.0], [2.0], [0.5])
    assert mg.gradcheck(lambda x, w, b: affine(bias=b, weight=w, x=x), [1.0], [2.0], [0.5])


@pytest.mark.parametrize("call", [lambda x: mg.sum(x, 0), lambda x: mg.sum(x, axis=0)])
def test_a_setting_is_given_by_position_or_by_name(call):
    assert call(np.ones((2, 3))).tolist() == [2.0, 2.0, 2.0]
    assert call(mg.tensor(np.ones((2, 3)))).tolist() == [2.0, 2.0, 2.0]


def test_a_tensor_given_by_keyword_is_differentiated():
    x, weight, bias = np.ones((1, 1, 3, 3)), np.ones((2, 1, 2, 2)), np.zeros(2)
    tracked = mg.tensor(bias, requires_grad=True)
    (by_keyword,) = mg.grad(mg.conv2d(x, weight, bias=tracked).sum(), tracked)
    assert by_keyword.tolist() == [4.0, 4.0]


@pytest.mark.parametrize("order", [1, 2])
def test_a_variable_number_of_arrays(scratch, order):
    @mg.op
    def product_of_all(*arrays):
        x, y, z = arrays
        return x * y * z, (lambda g: g * y * z, lambda g: g * x * z, lambda g: g * x * y)

    assert mg.gradcheck(product_of_all, [1.5], [2.5], [0.5], order=order)


@pytest.mark.parametrize("order", [1, 2])
def test_a_sequence_of_arrays(scratch, order):
    @mg.op(sequence=True)
    def scaled_total(arrays, /, scale=1.0):
        first, second = arrays
        out = scale * first * second
        return out, [lambda g: g * scale * second, lambda g: g * scale * first]

    assert scaled_total([np.array(2.0), 3.0]) == 6.0
    assert mg.gradcheck(lambda x, y: scaled_total([x, y], 2.0), 1.5, 2.5, order=order)


def test_a_sequence_may_be_any_iterable_of_arrays_and_tensors():
    x = mg.tensor([1.0], requires_grad=True)
    joined = mg.concatenate(part for part in (x, np.array([2.0]), [3.0], x))
    joined.backward(np.array([1.0, 2.0, 3.0, 4.0]))
    assert joined.tolist() == [1.0, 2.0, 3.0, 1.0]
    assert x.grad.tolist() == [5.0]


def test_lists_are_arrays():
    assert mg.add([1, 2], [3, 4]).tolist() == [4, 6]
    assert mg.add(mg.tensor([1, 2]), [3, 4]).tolist() == [4, 6]


def test_a_python_scalar_keeps_float32(cube):
    single = mg.tensor([1.0], dtype=np.float32)
    assert (single * 2.0).dtype == np.float32
    assert (2.0 - single).dtype == np.float32
    assert cube(single).dtype == np.float32


def test_an_op_without_arrays_is_refused(scratch):
    with pytest.raises(TypeError, match=r"op nothing\(\*, axis=0\) has no arrays"):

        @mg.op
        def nothing(*, axis=0):
            return axis, ()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: mg.sum(x, 0, True), r"^sum: too many positional arguments; .*x, axis, keepdims"),
        (mg.conv2d, r"^conv2d: missing a required argument: 'weight'"),
        (lambda x: mg.conv2d(x, x, strid=2), r"^conv2d: .*unexpected keyword argument 'strid'"),
        (lambda x: mg.reshape(x, 2, shape=3), r"^reshape: multiple values for argument 'shape'"),
        (lambda x: mg.relu(x, 1), r"^relu\(\) takes 1 positional argument but 2 were given"),
    ],
)
def test_a_call_that_does_not_fit_the_signature_names_the_op(call, message):
    with pytest.raises(TypeError, match=message):
        call(mg.tensor([1.0, 2.0]))


def test_ops_are_registered_once_for_each_function():
    functions = [op.function for op in registry.registered()]
    assert len(functions) == len(set(functions))


def test_every_twin_arrives_where_the_registry_says():
    for op in registry.registered():
        for function in op.twins:
            assert registry.twin(function) is op


def test_a_composed_function_is_listed_without_a_rule():
    assert registry.lookup(mg.cross_entropy).run is None
    assert registry.lookup(mg.relu).run is not None
