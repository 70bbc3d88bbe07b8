"""The checker is graded: every wrong derivative that can be planted in an op, it finds.

A mutant is equivalent to the right rule where it changes the derivative at no sampled call. Those
are listed below with the reason, and each is shown to be so; all others must be found by gradcheck
at the first call where they change something.
"""

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import minigrad as mg
from minigrad.registry import Op, registered
from minigrad.testing import GradientError
from minigrad.testing.mutations import Mutant, mutants
from minigrad.testing.samples import SAMPLES, Call

OPS = [
    op
    for op in registered()
    if op.function.__module__.startswith("minigrad.") and op.differentiable and op.run is not None
]
SINGLE = [op for op in OPS if len(op.arrays) == 1]

FIRST = 40  # calls of an op that are tried
MORE = 300  # where these do not tell a mutant from the right rule
TELLING = 4  # elements from which on few mutants are right by accident
LARGEST = 60  # elements of all inputs of a call, so that a check is quick


# Equivalent mutants


def places(names: str) -> list[tuple[str, str]]:
    """Pairs of op and argument from names such as ``add.x``."""
    return [(op, argument) for op, _, argument in (name.partition(".") for name in names.split())]


def inputs_of(*families: str, but: str = "") -> list[tuple[str, str]]:
    """The input of all ops of some families that have one."""
    return [
        (op.name, mutants(op)[0].argument)
        for op in SINGLE
        if (op.family in families or not families) and op.name not in but.split()
    ]


ELEMENTWISE = [
    *inputs_of("elementary", "rounding", "special", "trigonometric"),
    *inputs_of("activations", but="softmax log_softmax"),
    *inputs_of("rectifiers", "smooth_activations"),
    *inputs_of("arithmetic", but="modf frexp"),
    *places("modf.x frexp.x astype.x copy.x"),
]
ANOTHER_ORDER = [
    *places("reshape.x squeeze.x transpose.x matrix_transpose.x swapaxes.x moveaxis.x"),
    *places("flip.x rot90.x roll.x permuted.x"),
]
FIXED = [
    *inputs_of(),
    *places("convolve.x convolve.y setitem.x standardize.x filter_gradient.x filter_gradient.y"),
    *places("convolution.x convolution.weight convolution.bias"),
    *places("transposed_convolution.x transposed_convolution.weight linear.x linear.weight"),
]
RECURRENT = [
    (op.name, argument) for op in OPS if op.family == "recurrence" for argument in op.arrays
]
FIXED += RECURRENT
EVERY = "every one"

# Where, which mutants, and why they change nothing.
REASONS: list[tuple[list[tuple[str, str]], str, str]] = [
    (
        places(
            "floor.x ceil.x trunc.x rint.x sign.x round.x heaviside.x floor_divide.x "
            "floor_divide.y angle.x"
        ),
        EVERY,
        "the derivative is 0 wherever there is one",
    ),
    (
        places("copysign.y"),
        f"{EVERY} but swapped arguments",
        "the derivative by the number whose sign is copied is 0; that by the other is not",
    ),
    (
        places("where.condition keep_where.keep ldexp.y"),
        EVERY,
        "the op is not differentiable in this input, so there is no closure",
    ),
    (
        places("keep_where.x ldexp.x"),
        "swapped arguments",
        "no other input has a gradient",
    ),
    (
        places("add.x add.y"),
        "swapped arguments",
        "both inputs get the upstream gradient itself",
    ),
    (
        FIXED,
        "missing un-broadcast",
        "the op does not broadcast this input",
    ),
    (
        [
            *ELEMENTWISE,
            *ANOTHER_ORDER,
            *places("softmax.x log_softmax.x standardize.x setitem.x unwrap.p"),
            *places("cumsum.x cumprod.x logcumsumexp.x cummax.x cummin.x"),
            *places("cholesky.x eigh.x inv.x pinv.x"),
        ],
        "mean for sum",
        "the result has as many elements as the input",
    ),
    (
        [
            *ELEMENTWISE,
            *ANOTHER_ORDER,
            *places("setitem.x delete.x diagonal.x array_split.x unstack.x col2im.columns"),
            *places("concatenate.arrays[-1] stack.arrays[-1] scatter.x unwrap.p"),
            *places("scatter_diagonal.x scatter_winners.x fold_margins.x add_windows.x"),
            *places("max_unpool1d.x max_unpool2d.x max_unpool3d.x"),
        ],
        "overwritten not added",
        "each element of the input is used once",
    ),
    (
        places(
            "sum_to.x sum.x mean.x max.x min.x prod.x logsumexp.x var.x nanmax.x nanmin.x det.x "
            "slogdet.x global_max_pool.x class_losses.logits"
        ),
        "overwritten not added",
        "each element of the input has part in one element of the result",
    ),
    (
        places(
            "nan_to_num.x real.x real_if_close.x conjugate.x negative.x positive.x modf.x astype.x "
            "copy.x unwrap.p"
        ),
        "unreversed | wrong axis",
        "the derivative is the same number at all elements",
    ),
    (
        places("add.x add.y subtract.x subtract.y remainder.x fmod.x"),
        "unreversed",
        "the derivative is the same number at all elements",
    ),
    (
        places(
            "reshape.x squeeze.x transpose.x matrix_transpose.x swapaxes.x moveaxis.x flip.x "
            "rot90.x broadcast_to.x sum_to.x sum.x mean.x sliding_window_view.x add_windows.x"
        ),
        "unreversed",
        "reversed along all axes, elements keep their partners",
    ),
    (
        places("matrix_transpose.x"),
        "wrong axis",
        "exchanging these two axes is what it does",
    ),
    (
        places("cholesky.x eigh.x"),
        "transposed",
        "the derivative is taken along symmetric matrices",
    ),
    (
        places("convolve.x convolve.y"),
        "transposed | wrong axis",
        "the inputs have one axis",
    ),
    (
        places("convolution.bias linear.bias"),
        "transposed | unreversed",
        "a vector of one number for each channel, to which all elements of a channel add",
    ),
    (
        places("rnn_sequence.bias_ih lstm_sequence.bias_ih"),
        "swapped arguments",
        "both biases are added to the same, so their gradients are equal",
    ),
    (
        [place for place in RECURRENT if place[1].startswith("bias")],
        "transposed",
        "the input has one axis",
    ),
    (
        places("standardize.weight standardize.bias"),
        "transposed",
        "it has one axis that is longer than 1",
    ),
    (
        places("standardize.bias"),
        "unreversed | wrong axis",
        "a sum over the other axes, in whatever order",
    ),
    (
        places("convolution.bias linear.bias standardize.bias"),
        "stale input | detached at second order",
        "the derivative depends on no input",
    ),
    (
        places("hypot.x hypot.y"),
        "stale input",
        "the derivative depends on the direction of (x, y) alone, and all inputs change by 1 %",
    ),
]
PLANTED = [(op.name, mutant.argument, mutant.name) for op in OPS for mutant in mutants(op)]


def named(place: tuple[str, str], names: str) -> list[str]:
    """The mutants of a place that a text names."""
    if not names.startswith(EVERY):
        return names.split(" | ")
    but = names.removeprefix(EVERY).removeprefix(" but ")
    return [name for *where, name in PLANTED if (*where,) == place and name != but]


EQUIVALENT: dict[tuple[str, str, str], str] = {
    (*place, name): reason
    for where, names, reason in REASONS
    for place in where
    for name in named(place, names)
}


# Calls


def drawn(op: Op, count: int) -> list[Call]:
    """Sampled calls, the same every time, the smallest first that tell the most mutants."""
    found: list[Call] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),  # the suite of properties minds them
    )
    @given(SAMPLES[op.function].calls)
    def collect(call: Call) -> None:
        found.append(call)

    collect()
    found = [call for call in found if 0 < size(call) <= LARGEST]
    return sorted(found, key=lambda call: (size(call) < TELLING, size(call)))


# Families of ops that go through several arrays element by element.
PAIRED = ("arithmetic", "elementary", "rounding", "selection", "trigonometric")


def size(call: Call) -> int:
    return sum(array.size for array in call.flat())


# Calls that samples have rarely, such as those with square matrices, or never.
SQUARE = np.array([[0.7, 1.9], [1.2, -0.6]])
ROW, LAYERS, STEPS = SQUARE[:1], SQUARE[:, None], np.array([[0, 1], [0, 0]])
ALONG_AXES = "sum mean prod cumsum cumprod logcumsumexp cummax cummin flip"
RARE: dict[str, list[Call]] = {
    **{name: [Call((SQUARE,), {"axis": 0})] for name in ALONG_AXES.split()},
    **{name: [Call((SQUARE, np.array([[0.8, -0.4]])), {})] for name in ("minimum", "fmin")},
    "limit": [Call((ROW[:, :1], SQUARE - 9, SQUARE + 9), {})],
    "linspace": [Call((SQUARE, SQUARE + 1), {"num": 3})],
    "scatter_diagonal": [Call((SQUARE,), {"shape": (2, 2, 2)})],
    "keep_where": [Call((STEPS == 1, SQUARE), {})],
    "astype": [Call((SQUARE,), {"dtype": np.float64})],
    "broadcast_to": [Call((ROW,), {"shape": (2, 2)})],
    "contract": [Call((SQUARE, SQUARE), {"subscripts": "ij,jk->ik"})],
    "getitem": [Call((SQUARE,), {"index": 0}), Call((SQUARE,), {"index": [0, 0]})],
    "moveaxis": [Call((SQUARE[None].repeat(2, 0),), {"source": 0, "destination": -1})],
    "setitem": [Call((SQUARE, ROW), {"index": 0}), Call((SQUARE, SQUARE), {"index": ...})],
    "squeeze": [Call((LAYERS,), {"axis": 1})],
    "sum_to": [Call((SQUARE,), {"shape": (1, 2)})],
    # At 0 alone there is a derivative by the second argument, and none by the first.
    "heaviside": [Call((STEPS, SQUARE), {}), Call((STEPS, ROW[:, :1]), {})],
}


@lru_cache(maxsize=1)
def calls_of(op: Op) -> list[Call]:
    found = drawn(op, FIRST)
    if op.family in PAIRED and len(op.arrays) > 1:
        large = [call for call in found if all(array.size for array in call.flat())][:4]
        found += [square(call, narrow) for call in large for narrow in range(-1, len(op.arrays))]
    return found + RARE.get(op.name, [])


def square(call: Call, narrow: int) -> Call:
    """The call with its numbers in square matrices, and in one row for one of them."""
    shapes = [(1, 2) if i == narrow else (2, 2) for i in range(len(call.arrays))]
    return Call(tuple(map(np.resize, call.arrays, shapes)), call.settings)


@lru_cache(maxsize=1)
def more_calls_of(op: Op) -> list[Call]:
    return drawn(op, MORE)


# Derivatives


@cache
def derivative(op: Op, more: bool, index: int, order: int) -> list[Any]:
    return computed(op, (more_calls_of if more else calls_of)(op)[index], order)


def checked(op: Op, call: Call) -> Any:
    """The call as a function of its arrays, of which derivatives are checked."""
    samples, function = SAMPLES[op.function], call.of(op.function)
    return lambda *arrays: samples.determined(function(*map(samples.domain, arrays)))


def computed(op: Op, call: Call, order: int) -> list[Any]:
    """The derivative of that order of the outputs times random numbers."""
    rng = np.random.default_rng(0)
    tensors = [mg.Tensor(a, requires_grad=a.dtype.kind == "f") for a in call.flat()]
    inputs = [t for t in tensors if t.requires_grad]
    found = checked(op, call)(*tensors)
    found = list(found) if isinstance(found, list | tuple) else [found]
    for left in reversed(range(order)):
        tracked = [t for t in found if t is not None and t.requires_grad]
        random = [rng.uniform(0.5, 1.5, t.shape) * rng.choice([-1, 1], t.shape) for t in tracked]
        found = [None] * len(inputs)
        if tracked:
            found = mg.grad(tracked, inputs, random, create_graph=left > 0, allow_unused=True)
    return [
        np.zeros(t.shape) if g is None else g.numpy() for g, t in zip(found, inputs, strict=True)
    ]


def changes(mutant: Mutant, right: list[Any], op: Op, call: Call) -> bool:
    """Whether the mutant changes the derivative, by more than a check tolerates."""
    with mutant.planted(), np.errstate(all="ignore"):
        try:
            wrong = computed(op, call, mutant.order)
        except (TypeError, ValueError):
            return True
    scale = max(1.0, *(np.max(np.abs(part), initial=0) for part in right))
    return not all(
        np.allclose(one, other, rtol=0, atol=1e-6 * scale, equal_nan=True)
        for one, other in zip(wrong, right, strict=True)
    )


def telling(mutant: Mutant, op: Op) -> Iterator[Call]:
    """The calls at which the mutant makes a difference."""
    listed = (op.name, mutant.argument, mutant.name) in EQUIVALENT
    for more in (False, True)[: 1 if listed else 2]:
        calls = (more_calls_of if more else calls_of)(op)
        # Where none is expected to tell, half of them are enough.
        for index in range(0, len(calls), 2 if listed else 1):
            if changes(mutant, derivative(op, more, index, mutant.order), op, calls[index]):
                yield calls[index]


def is_caught(mutant: Mutant, op: Op, call: Call) -> bool:
    with mutant.planted(), np.errstate(all="ignore"):
        try:
            return not mg.gradcheck(checked(op, call), *call.flat(), order=mutant.order)
        except (GradientError, TypeError, ValueError):
            return True


SEEN: Counter[str] = Counter()


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_every_mutant_dies(op: Op) -> None:
    if op.family == "special" and importlib.util.find_spec("scipy") is None:
        pytest.skip("special functions need SciPy")
    not_caught, not_equivalent, without_difference = [], [], []
    for mutant in mutants(op):
        call = next(telling(mutant, op), None)
        if (op.name, mutant.argument, mutant.name) in EQUIVALENT:
            SEEN["equivalent"] += 1
            if call is not None:
                not_equivalent.append(f"{mutant}, at {call}")
        elif call is None:
            without_difference.append(str(mutant))
        elif not is_caught(mutant, op, call):
            not_caught.append(f"{mutant}, at {call}")
        SEEN["mutants"] += 1
    SEEN["ops"] += 1
    derivative.cache_clear()
    assert not not_caught, "wrong, and gradcheck passes"
    assert not not_equivalent, "listed as equivalent, but they change the derivative"
    assert not without_difference, "the samples do not tell these from the right rule"


def test_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    assert SEEN["mutants"] > SEEN["equivalent"] or not SEEN["ops"]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{SEEN['ops']} ops, {SEEN['mutants']} mutants: all but {SEEN['equivalent']} "
            "equivalent ones were caught\n"
        )


def test_every_equivalent_one_is_a_mutant() -> None:
    assert set(EQUIVALENT) <= set(PLANTED)
