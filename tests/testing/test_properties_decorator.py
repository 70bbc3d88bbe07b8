import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as hst

import minigrad as mg
from minigrad.testing import GradientError
from minigrad.testing import strategies as st
from minigrad.testing.properties import property_gradcheck


@mg.op
def leaky_exp(x, /):
    """An exponential whose derivative is wrong above 1."""
    return np.exp(x), lambda g: g * np.exp(x) * mg.where(x > 1, 0.9, 1.0)


@mg.op
def cube(x, /):
    """A cube with a right derivative, and a wrong second one."""
    square = mg.stop_gradient(x * x)
    return x * x * x, lambda g: 3 * g * square


@property_gradcheck(st.arrays(shape=(3,)), st.arrays(shape=(3,), domain="positive"))
def test_by_position(x, y):
    return mg.tanh(x) / y


@property_gradcheck(st.arrays(), axis=hst.sampled_from([None, -1]), order=2, seed=1)
def test_by_name_and_with_settings(x, *, axis):
    return (x**2).sum(axis) if x.ndim else x**2


@property_gradcheck(st.arrays(3), st.arrays(3))
def test_of_any_number_of_arrays(*arrays):
    assert len(arrays) == 2
    return arrays[0] * arrays[1]


@property_gradcheck(st.broadcastable_arrays(2), hst.fixed_dictionaries({"w": st.arrays()}))
def test_of_containers(pair, params):
    x, y = pair
    return x * y, mg.tanh(params["w"])


@property_gradcheck(st.arrays((3, 4)), st.indices((3, 4)))
def test_an_index_is_passed_on(x, index):
    return x[index] * 2


@property_gradcheck(
    st.convolutions().flatmap(lambda call: hst.tuples(hst.just(call), call.arrays())),
    max_examples=20,
)
def test_a_configuration_is_passed_on(drawn):
    call, arrays = drawn
    assert isinstance(call, st.Convolution)
    return mg.conv2d(*arrays, **call.settings)


@property_gradcheck(st.tensors(2), hst.floats(1, 2))
def test_of_tensors_and_numbers_with_a_default(x, factor, power=2):  # noqa: PT028 keeps its default
    return x**power * factor


class TestMethods:
    factor = 3.0

    @property_gradcheck(st.arrays())
    def test_method(self, x):
        assert type(self) is TestMethods
        return x * self.factor

    @property_gradcheck(st.arrays(2), y=st.arrays(2, domain="nonzero"))
    def test_method_by_name(self, x, y):
        return x / y

    @staticmethod
    @property_gradcheck(st.arrays())
    def test_static_method(x):
        return mg.sin(x)


test_op = property_gradcheck(mg.tanh, order=2, max_examples=20)
test_op_with_a_domain = property_gradcheck(mg.linalg.eigh, max_examples=20)


def failure(test):
    with pytest.raises(GradientError) as caught:
        test()
    return caught.value, "\n".join(getattr(caught.value, "__notes__", []))


NO_DATABASE = hypothesis.settings(database=None, deadline=None, max_examples=200)


def test_a_planted_bug_is_found_and_shrunk():
    @property_gradcheck(st.arrays(), settings=NO_DATABASE)
    def wrong(x):
        return leaky_exp(x)

    error, notes = failure(wrong)
    assert "wrong" in str(error)
    assert error.report.worst.parameter == "x"
    assert "x=array(2.)" in notes


def test_a_bug_in_one_of_several_arrays_is_shrunk():
    @property_gradcheck(
        st.separated(st.shapes(min_dims=1, max_dims=1)), st.arrays(), settings=NO_DATABASE
    )
    def wrong(x, y):
        return leaky_exp(x), y * 2

    _, notes = failure(wrong)
    assert "x=array([2.])" in notes or "x=array([1.5])" in notes
    assert "y=array(0.)" in notes


def test_the_second_derivative_is_checked_if_asked():
    property_gradcheck(st.arrays(), settings=NO_DATABASE)(cube)()
    failure(property_gradcheck(st.arrays(domain="nonzero"), order=2, settings=NO_DATABASE)(cube))


def test_max_examples_limits_how_many_inputs_are_tried():
    seen = set()

    @property_gradcheck(st.arrays(shape=3), max_examples=7)
    def count(x):
        seen.add(x.detach().numpy().tobytes())
        return x * 2

    count()
    values = len(seen)

    @property_gradcheck(st.arrays(shape=3), max_examples=1)
    def count_one(x):
        seen.add(x.detach().numpy().tobytes())
        return x * 2

    seen.clear()
    count_one()
    assert len(seen) < values


def test_the_test_keeps_its_name_and_its_text():
    @property_gradcheck(st.arrays())
    def test_something(x):
        """What holds."""
        return x * 2

    assert test_something.__name__ == "test_something"
    assert test_something.__doc__ == "What holds."
    assert property_gradcheck(mg.tanh).__name__ == "test_tanh"


def test_a_program_and_a_function_in_c_may_be_decorated():
    property_gradcheck(st.arrays(), max_examples=5)(np.tanh)()
    program = st.Program("def program(a):\n    return a * a\n", (np.zeros(2),))
    property_gradcheck(st.arrays(), max_examples=5)(program)()


def test_pytest_collects_what_was_decorated(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "import minigrad as mg, pytest\n"
        "from minigrad.testing import strategies as st\n"
        "from minigrad.testing.properties import property_gradcheck\n"
        "@pytest.mark.filterwarnings('error')\n"
        "@property_gradcheck(st.arrays())\n"
        "def test_right(x):\n"
        "    return mg.sin(x)\n"
        "@property_gradcheck(st.arrays())\n"
        "@pytest.mark.skip(reason='marked below')\n"
        "def test_skipped(x):\n"
        "    return mg.sin(x)\n"
        "class TestGroup:\n"
        "    @property_gradcheck(x=st.arrays())\n"
        "    def test_stopped(self, x):\n"
        "        return x * x.detach()\n"
        "test_exp = property_gradcheck(mg.exp, max_examples=5)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "test_mine.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(mg.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 2 passed, 1 skipped" in done.stdout, done.stdout
    assert "x=array(1.)" in done.stdout


def test_hypothesis_is_loaded_when_it_is_needed():
    code = (
        "import sys, minigrad.testing.properties; "
        "assert 'hypothesis' not in sys.modules; "
        "import minigrad.testing.strategies; "
        "assert 'hypothesis' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def plain(x, y):
    return x * y


@mg.op
def own(x, /):
    return x * 2, lambda g: g * 2


MISTAKES = {
    "plain is no op of the library, .* property_gradcheck.strategies.arrays": (
        lambda: property_gradcheck(plain)
    ),
    "own is no op of the library": lambda: property_gradcheck(own),
    "argmax is not differentiable": lambda: property_gradcheck(mg.argmax),
    "pass the strategies first and the function to what they": (
        lambda: property_gradcheck(plain, y=st.arrays())
    ),
    r"no strategy for 'y' of plain\(x, y\); pass one .* y=strategies.arrays": (
        lambda: property_gradcheck(st.arrays())(plain)
    ),
    "no strategy for 'x' and 'y' of plain": lambda: property_gradcheck()(plain),
    r"3 strategies for the 2 parameters of plain\(x, y\)": (
        lambda: property_gradcheck(*[st.arrays()] * 3)(plain)
    ),
    "'x' has two strategies of plain": (
        lambda: property_gradcheck(st.arrays(), x=st.arrays())(plain)
    ),
    "'z' is no parameter of plain": (
        lambda: property_gradcheck(st.arrays(), st.arrays(), z=st.arrays())(plain)
    ),
    "expected strategies, got 3.0; for a constant, pass hypothesis.strategies.just": (
        lambda: property_gradcheck(st.arrays(), 3.0)(plain)
    ),
    "y=3.0 is neither a strategy nor a setting of gradcheck": (
        lambda: property_gradcheck(st.arrays(), y=3.0)(plain)
    ),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_a_mistake_is_explained(message):
    with pytest.raises(TypeError, match=f"property_gradcheck: .*{message}"):
        MISTAKES[message]()


def test_without_anything_floating_there_is_nothing_to_check():
    with pytest.raises(ValueError, match="no input is floating"):
        property_gradcheck(st.arrays(dtype=int))(lambda x: x)()
