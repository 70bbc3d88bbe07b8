"""Nested containers of leaves."""

from collections import OrderedDict, defaultdict, namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.containers import flatten, map_leaves, matching, paths, unflatten

Pair = namedtuple("Pair", "first second")

nested = st.recursive(
    st.integers() | st.text() | st.none(),
    lambda parts: (
        st.lists(parts)
        | st.lists(parts).map(tuple)
        | st.dictionaries(st.text() | st.integers(), parts)
        | st.dictionaries(st.text(), parts).map(OrderedDict)
        | st.builds(Pair, parts, parts)
    ),
)


@given(nested)
def test_flattened_and_rebuilt_it_is_the_same(container):
    leaves, structure = flatten(container)
    again = unflatten(structure, leaves)
    assert again == container
    assert type(again) is type(container)
    assert flatten(structure)[0] == list(range(len(leaves)))


@given(nested)
def test_a_path_leads_to_its_leaf(container):
    leaves = flatten(container)[0]
    assert [eval("c" + path, {"c": container}) for path in paths(container)] == leaves


@given(nested)
def test_a_container_matches_its_structure(container):
    leaves, structure = flatten(container)
    assert matching(structure, container, "it") == leaves
    assert map_leaves(lambda x, y: (x, y)[1], container, container) == container


def test_a_copy_keeps_what_a_subclass_has():
    again = map_leaves(lambda x: x + 1, defaultdict(list, a=1))
    assert again == {"a": 2}
    assert again.default_factory is list


def test_an_array_and_a_tensor_are_leaves():
    t = mg.tensor([1.0, 2.0])
    assert flatten(t)[0][0] is t


@pytest.mark.parametrize(
    ("structure", "container", "message"),
    [
        ({"a": 0}, {"b": 1}, r"it must have the keys \['a'\], it has \['b'\]"),
        ({"a": 0}, [1], "it must be a dict with the keys .* a list"),
        ({"a": [0, 1]}, {"a": [1]}, r"it\['a'\] must have 2 entries, it has 1"),
        ((0, (1,)), (1, 2), r"it\[1\] must be a tuple; it is a int"),
        (Pair(0, None), Pair(1, 2), r"it\.second must be None"),
    ],
)
def test_a_mismatch_is_named(structure, container, message):
    with pytest.raises(ValueError, match=message):
        matching(structure, container, "it")
