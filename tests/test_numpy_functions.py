"""Every public function of NumPy is known, and none detaches a tensor silently."""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing.numpy_functions import by_status, dispatches, numpy_functions, status

# They look at their argument as an object and return no numbers of it, or set or show something.
WITHOUT_NUMBERS = r"(info|iterable|isscalar|typename|test|set.*|show.*|printoptions|get.*)"

VALUES = [[12.375, 2.0625], [3.4375, 4.5625]]  # found nowhere else

FUNCTIONS = dict(numpy_functions())


def without_numbers(name):
    return re.fullmatch(WITHOUT_NUMBERS, name.rpartition(".")[2]) is not None


def tracked():
    return mg.tensor(VALUES, requires_grad=True)


def test_every_function_is_known():
    assert "unknown" not in by_status()


def test_most_functions_are_differentiable():
    kinds = by_status()
    assert len(kinds["differentiable"]) > 230
    assert len(kinds["no derivative"]) > 80
    assert len([name for kind in kinds if kind[:7] == "refused" for name in kinds[kind]]) < 50


@pytest.mark.parametrize("name", [n for n, f in FUNCTIONS.items() if status(f)[:7] == "refused"])
def test_a_refused_function_says_why(name):
    arguments = [tracked(), tracked()]
    if name.startswith("np.save"):
        arguments = ["file", tracked()]
    elif name == "np.einsum_path":
        arguments = ["ij,jk", *arguments]
    elif not name.endswith((".busday_count", ".busday_offset", ".logn", ".power", ".in1d")):
        arguments = [tracked()]
    with pytest.raises(TypeError, match=r" does not take tensors: .{10}"):
        FUNCTIONS[name](*arguments)


@pytest.mark.parametrize(
    "name", [n for n, f in FUNCTIONS.items() if not dispatches(f) and not without_numbers(n)]
)
@pytest.mark.parametrize("before", [0, 1, 2])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
def test_a_function_that_does_not_ask_does_not_detach(name, before):
    """A tracked tensor as its first, second or third argument is an error, or comes back so."""
    arguments = [*([2] * before), tracked()]
    try:
        result = FUNCTIONS[name](*arguments)
    except (TypeError, ValueError, AttributeError, OSError, BufferError):
        return
    assert isinstance(result, mg.Tensor) or not contains_values(result)


def contains_values(result):
    if isinstance(result, (tuple, list)):
        return any(map(contains_values, result))
    return isinstance(result, np.ndarray | float) and np.isin(result, VALUES).any()


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_vectorize_and_friends_refuse_tracked_tensors():
    for use in (
        lambda t: np.vectorize(float)(t),
        lambda t: np.frompyfunc(float, 1, 1)(t),
        lambda t: np.ma.masked_array(t),
        lambda t: np.matrix(t),
        lambda t: list(np.ndenumerate(t)),
        lambda t: np.random.default_rng(0).permutation(t),
        lambda t: np.random.default_rng(0).normal(t),
        lambda t: np.array([t[0], t[1]]),
    ):
        with pytest.raises(TypeError, match=r"tracked|history|no op"):
            use(tracked())


def test_writing_a_tracked_tensor_into_an_array_fails():
    with pytest.raises(ValueError, match="array element") as error:
        np.zeros(2)[0] = tracked()[0, 0]
    assert "would lose its history" in str(error.value.__cause__)
