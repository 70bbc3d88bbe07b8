"""Sequential, lists and dicts of modules and parameters, Identity and Unflatten."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def linear(size):
    return nn.Linear(size, size)


def sizes(modules):
    return [module.in_features for module in modules]


ROWS = [lambda modules: nn.Sequential(*modules), nn.ModuleList]


@pytest.fixture(params=ROWS, ids=["Sequential", "ModuleList"])
def row(request):
    return request.param([linear(size) for size in (1, 2, 3)])


# In a row


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda row: row.append(linear(4)), [1, 2, 3, 4]),
        (lambda row: row.extend([linear(4), linear(5)]), [1, 2, 3, 4, 5]),
        (lambda row: row.__iadd__([linear(4)]), [1, 2, 3, 4]),
        (lambda row: row.insert(0, linear(4)), [4, 1, 2, 3]),
        (lambda row: row.insert(-1, linear(4)), [1, 2, 4, 3]),
        (lambda row: row.insert(9, linear(4)), [1, 2, 3, 4]),
        (lambda row: row.pop(), [1, 2]),
        (lambda row: row.pop(0), [2, 3]),
        (lambda row: row.__setitem__(1, linear(4)), [1, 4, 3]),
        (lambda row: row.__setitem__(-1, linear(4)), [1, 2, 4]),
        (lambda row: row.__delitem__(1), [1, 3]),
        (lambda row: row.__delitem__(-1), [1, 2]),
        (lambda row: row.__delitem__(slice(0, 2)), [3]),
        (lambda row: row.extend(row), [1, 2, 3, 1, 2, 3]),
    ],
)
def test_it_changes_as_a_list_does_and_is_named_by_positions(row, change, expected):
    change(row)
    assert sizes(row) == expected
    assert [n for n, _ in row._held(nn.Module)] == [str(i) for i in range(len(expected))]
    assert len(row) == len(expected)
    assert row[0].in_features == expected[0]
    assert row[-1].in_features == expected[-1]


def test_parts_and_sums(row):
    assert type(row[1:]) is type(row)
    assert sizes(row[1:]) == [2, 3]
    assert row[1:][0] is row[1]
    assert sizes(row + row[:1]) == [1, 2, 3, 1]
    assert len(row) == 3
    assert row.pop(1).in_features == 2


def test_a_module_that_is_not_there(row):
    for call in (lambda: row[3], lambda: row.pop(3), lambda: row.__delitem__(-4)):
        with pytest.raises(IndexError, match=f"{type(row).__name__}: layer -?[34] of 3"):
            call()
    with pytest.raises(TypeError, match=r"layer '3' is <class .*make an instance of it"):
        row.append(nn.ReLU)
    with pytest.raises(IndexError, match="layer 5 of 3"):
        row[5] = nn.ReLU()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_is_its_own(row, copied):
    other = copied(row)
    del other[0]
    assert (sizes(row), sizes(other)) == ([1, 2, 3], [2, 3])


def test_an_ordered_dict_names_layers():
    model = nn.Sequential(OrderedDict(a=linear(2), b=nn.ReLU()))
    assert list(model.state_dict()) == ["a.weight", "a.bias"]
    assert model.b is model[1]
    model[1] = nn.Identity()
    assert model.b is model[1]
    model.append(linear(2))
    assert [n for n, _ in model.named_children()] == ["a", "b", "2"]
    assert [n for n, _ in model[1:].named_children()] == ["b", "2"]


def test_an_empty_one_does_nothing():
    assert nn.Sequential()(3) == 3
    assert not nn.ModuleList()
    assert repr(nn.ModuleList()) == "ModuleList()"


def test_only_a_sequential_is_added_to_a_sequential():
    with pytest.raises(TypeError):
        nn.Sequential() + [nn.ReLU()]


def test_a_list_of_modules_takes_an_iterable():
    with pytest.raises(TypeError, match=r"ModuleList: takes an iterable of modules, got ReLU\(\)"):
        nn.ModuleList(nn.ReLU())


# By key


def test_modules_by_key():
    held = nn.ModuleDict([("b", linear(1)), ("a", linear(2))])
    held["c"] = nn.ReLU()
    assert list(held) == list(held.keys()) == ["b", "a", "c"]
    assert len(held) == 3
    assert "a" in held
    assert "z" not in held
    assert held.pop("b").in_features == 1
    held.update({"a": linear(5)})
    assert [(k, type(v).__name__) for k, v in held.items()] == [("a", "Linear"), ("c", "ReLU")]
    assert held["a"].in_features == 5
    del held["c"]
    assert sizes(held.values()) == [5]
    assert held.get("z") is None
    held.clear()
    assert len(held) == 0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.ModuleDict()["a"], KeyError, "ModuleDict: no 'a'"),
        (lambda: nn.ModuleDict({"keys": nn.ReLU()}), ValueError, "something else that is called"),
        (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), ValueError, "no dot"),
        (lambda: nn.ModuleDict({1: nn.ReLU()}), TypeError, "a name is a string, got 1"),
        (lambda: nn.ModuleDict({"a": mg.relu}), TypeError, "'a' must be a Module, got a function"),
        (lambda: nn.ModuleDict("ab"), TypeError, "takes a mapping or pairs, got a str"),
        (lambda: nn.ParameterDict({"a": "b"}), TypeError, "'a' must be a Parameter or an array"),
        (lambda: nn.ParameterList(np.ones(3)), TypeError, "put it in a list"),
        (lambda: nn.ParameterList()[0], IndexError, "ParameterList: parameter 0 of 0"),
    ],
)
def test_what_does_not_fit_is_an_error(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_parameters_by_key():
    held = nn.ParameterDict({"a": np.ones(2)})
    assert isinstance(held["a"], nn.Parameter)
    assert held.setdefault("b", [1.0]) is held["b"]
    assert held.setdefault("b", [2.0]) is held["b"]
    merged = held | {"c": nn.Parameter(3.0)}
    assert list(merged) == ["a", "b", "c"]
    assert merged["a"] is held["a"]
    held |= {"c": 1.0}
    assert list(held.copy().state_dict()) == ["a", "b", "c"]


def test_parameters_in_a_list():
    net = nn.Module()
    net.held = nn.ParameterList([np.ones(2), mg.tensor(3.0)])
    net.held += [nn.Parameter([1.0])]
    assert list(net.state_dict()) == ["held.0", "held.1", "held.2"]
    assert [p.shape for p in net.held] == [(2,), (), (1,)]
    net.held[-1] = np.zeros(5)
    assert net.held[2].shape == (5,)
    assert [p.shape for p in net.held[:2]] == [(2,), ()]
    assert net.held[0] is next(net.parameters())


# Layers that only reshape


@pytest.mark.parametrize(
    ("dim", "lengths", "shape", "expected"),
    [
        (1, (2, 3), (5, 6), (5, 2, 3)),
        (-2, (2, -1), (5, 6, 7), (5, 2, 3, 7)),
        (0, (), (1, 4), (4,)),
        (1, (0, 3), (5, 0), (5, 0, 3)),
        (1, [6], (5, 6), (5, 6)),
    ],
)
def test_unflatten(dim, lengths, shape, expected):
    x = np.arange(np.prod(shape), dtype=float).reshape(shape)
    out = nn.Unflatten(dim, lengths)(x)
    np.testing.assert_array_equal(out, x.reshape(expected))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Unflatten("C", (2, 3)), TypeError, "takes the number of an axis"),
        (lambda: nn.Unflatten(1, 6), TypeError, "a tuple of lengths"),
        (lambda: nn.Unflatten(1, (-1, -1)), ValueError, "at most one -1"),
        (lambda: nn.Unflatten(2, (2, 3))(np.ones((5, 6))), IndexError, "has no such axis"),
        (
            lambda: nn.Unflatten(1, (4, -1))(np.ones((5, 6))),
            ValueError,
            "axis 1 of 6 does not split",
        ),
    ],
)
def test_an_axis_that_does_not_split(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_identity_returns_its_input():
    x = np.ones(3)
    assert nn.Identity(3, bias=True)(x) is x
    assert repr(nn.Identity(3)) == "Identity()"
