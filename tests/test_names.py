"""Names that other libraries use lead to those that exist here."""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import names
from minigrad.tensor import _Elsewhere


def exists(path):
    """Whether a dotted name, such as mg.random.normal, is there."""
    found = {"mg": mg, "np": np}[path.partition(".")[0]]
    for part in path.split(".")[1:]:
        found = getattr(found, part, None)
    return found is not None


@pytest.mark.parametrize("name", names.ATTRIBUTES)
def test_a_name_that_a_tensor_has_is_not_elsewhere(name):
    assert isinstance(vars(mg.Tensor)[name], _Elsewhere)
    with pytest.raises(AttributeError, match=f"^a tensor has no attribute '{name}'; use "):
        getattr(mg.tensor(1.0), name)


@pytest.mark.parametrize("name", names.FUNCTIONS)
def test_a_name_that_the_package_has_is_not_elsewhere(name):
    assert name not in vars(mg)
    with pytest.raises(AttributeError, match=f"^module 'minigrad' has no attribute '{name}'; use"):
        getattr(mg, name)


@pytest.mark.parametrize(
    "path",
    sorted(
        {
            path
            for hints in (names.ATTRIBUTES, names.MODULE_ATTRIBUTES, names.FUNCTIONS)
            for remedy in hints.values()
            for path in re.findall(r"\b(?:mg|np)(?:\.\w+)+", remedy)
        }
    ),
)
def test_what_is_recommended_exists(path):
    assert exists(path)


@pytest.mark.parametrize(
    "method",
    sorted(
        {m for r in names.MODULE_ATTRIBUTES.values() for m in re.findall(r"\bmodule\.(\w+)", r)}
    ),
)
def test_a_method_of_modules_that_is_recommended_exists(method):
    assert hasattr(mg.nn.Module(), method)


@pytest.mark.parametrize(
    "method",
    sorted({m for r in names.ATTRIBUTES.values() for m in re.findall(r"\bt\.(\w+)", r)}),
)
def test_a_method_that_is_recommended_exists(method):
    assert hasattr(mg.tensor(1.0), method)


def test_an_unknown_name_is_left_to_python():
    with pytest.raises(AttributeError, match=r"^module 'minigrad' has no attribute 'reluu'$") as e:
        mg.reluu  # noqa: B018  # the look-up is what is tested
    assert e.value.name == "reluu"
    assert e.value.obj is mg  # so Python can say "Did you mean: 'relu'?"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: t.sum(dim=0), "sum: .*'dim'.* are x, axis, keepdims; use axis in place of dim$"),
        (lambda t: t.sum(0, keepdim=True), "sum: .*use keepdims in place of keepdim$"),
        (lambda t: mg.softmax(t, dim=1), "softmax: .*use axis in place of dim$"),
        (lambda t: mg.max(t.numpy(), dim=1), "max: .*use axis in place of dim$"),
        (lambda t: mg.concatenate([t, t], dim=0), "concatenate: .*use axis in place of dim$"),
        (lambda t: mg.flip(t, dims=[0]), "flip: .*use axis in place of dims$"),
        (lambda t: mg.triu(t, diagonal=1), "triu: .*use k in place of diagonal$"),
    ],
)
def test_a_parameter_of_another_library_leads_to_ours(call, message):
    with pytest.raises(TypeError, match=f"^{message}"):
        call(mg.tensor([[1.0, 2.0]]))


def test_a_size_that_is_called_names_the_shape():
    t = mg.zeros((2, 3))
    assert t.size == 6
    assert isinstance(t.size, int)
    assert repr(t.size) == "6"
    for call in (lambda: t.size(), lambda: t.size(0), lambda: t.size(-1)):
        with pytest.raises(
            TypeError, match=r"^t\.size is the number .* use t\.shape, or t\.shape\["
        ):
            call()


def test_writing_to_data_by_a_method_names_what_writes_to_the_tensor():
    weight = mg.nn.Linear(2, 2).weight
    with pytest.raises(
        AttributeError, match=r"nn\.init\.uniform_\(t, low, high\).* not of its data"
    ):
        weight.data.uniform_(-0.1, 0.1)
    assert mg.nn.init.uniform_(weight, 5, 6) is weight
    assert (weight.numpy() >= 5).all()
