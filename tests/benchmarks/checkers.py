"""What gradient checkers find, and what they say: minigrad's, PyTorch's and HIPS autograd's.

All are given the same wrong derivatives, those of tests/testing/planted.py, as an op of their own
library that calls the same rule and the same closures on NumPy arrays: `mg.op`, a
`torch.autograd.Function`, `autograd.extend.primitive`. All have their default settings, except that
HIPS autograd is told to check all arguments, and backward derivatives alone. Second and
third derivatives of such an op, which PyTorch and HIPS autograd have no rule for, are computed by
minigrad for all three. PyTorch has no check of third derivatives, so there it is given the second.

A bug is *caught* if the checker does not say that all is well. Its *cause is named*,

- by minigrad, if the kind of its first diagnosis of the wrong input is the one that the table
  expects, or if there is none and its verdict is;
- by another checker, if its message, without the numbers in it, has a word of that kind (as in
  "transposed") or one of `SYNONYMS`. Words that are in any message, such as "gradient", do not
  count. Only whether some word is there is looked at, not whether it explains anything, so this is
  generous; on the other hand the words were written with minigrad's kinds in mind.

Then follow right functions, at places where differences are hard to judge, and one wrong
derivative at several sizes: whether each checker finds it.

Run: python tests/benchmarks/checkers.py
"""

import re
import runpy
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from alternating import report_missing

import minigrad as mg

table = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "testing" / "planted.py")))

# Words that say nothing about the cause.
COMMON = {
    *("all", "an", "another", "derivative", "element", "for", "gradient", "input", "jacobian"),
    *("lost", "missing", "not", "of", "one", "other", "output", "without", "wrong"),
}
SYNONYMS = {
    "another mask": "triangle branch",
    "another path": "create_graph",
    "another formula": "formula",
    "constant in places": "one-hot",
    "contribution missing": "contribution",
    "cumulative direction": "reverse",
    "flipped": "reverse",
    "history lost": "detach history graph",
    "input as a factor": "factor times",
    "input for output": "confus instead",
    "kernel flipped": "flip",
    "mean for sum": "averag",
    "missing sum": "broadcast sum shape",
    "no gradient": "zero none unused",
    "nondeterministic": "reentrant deterministic",
    "not finite": "nan inf finite",
    "one use": "twice",
    "other input": "exchang swap",
    "output as a factor": "factor times",
    "output for derivative": "instead",
    "outer derivative": "chain",
    "output without gradient": "none",
    "partly no gradient": "zero",
    "passed through": "identity unchanged",
    "stateful": "in-place inplace modif writ mutat read-only",
    "sum for mean": "averag",
    "wrong in places": "index element",
    "wrong slice": "offset",
}


class Found(NamedTuple):
    """What a checker says: whether something is wrong, and what."""

    caught: bool
    says: str
    named: bool = False


Checker = Callable[[Any, Sequence[np.ndarray], int], Found]


def is_named(kind: str, message: str) -> bool:
    """Whether a message has a word for this kind of mistake."""
    text = " ".join(re.findall(r"[a-z_-]+", message.lower()))
    words = [word for word in kind.lower().split() if word not in COMMON and len(word) > 3]
    return any(word in text for word in [*words, *SYNONYMS.get(kind, "").split()])


# Each library's op of a rule


def derivative_of(f: Callable[..., Any], count: int, which: int | None = None) -> Any:
    """From a function of tensors to its gradients by all or one of them, as such a function.

    Both return a list, and take `deeper`: whether it can be differentiated again.
    """

    def gradient(*arguments: Any, deeper: bool) -> list[Any]:
        inputs, cotangents = arguments[:count], arguments[count:]
        outputs = f(*inputs, deeper=True)
        wanted = inputs if which is None else [inputs[which]]
        pairs = [p for p in zip(outputs, cotangents, strict=True) if p[0].requires_grad]
        found: Sequence[Any] = [None] * len(wanted)
        if pairs:
            outs, given = map(list, zip(*pairs, strict=True))
            found = mg.grad(outs, wanted, given, create_graph=deeper, allow_unused=True)
        return [mg.zeros_like(t) if g is None else g for g, t in zip(found, wanted, strict=True)]

    return gradient


def alone(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *inputs, deeper: [op(*inputs)]


def on_arrays(f: Callable[..., Any], arrays: Sequence[Any]) -> list[np.ndarray]:
    """Call a function of tensors."""
    tensors = [mg.tensor(array, requires_grad=True) for array in arrays]
    return [output.numpy() for output in f(*tensors, deeper=False)]


def torch_op(bug: Any) -> Any:
    import torch

    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            out, closures = bug.rule(*(t.detach().numpy() for t in inputs))
            ctx.closures = closures if isinstance(closures, tuple) else (closures,)
            return torch.as_tensor(out)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            given = g.detach().numpy()
            return tuple(torch.as_tensor(np.array(closure(given))) for closure in ctx.closures)

    def deep(f: Callable[..., Any]) -> Any:
        class Deep(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, *inputs: Any) -> Any:
                ctx.save_for_backward(*inputs)
                found = on_arrays(f, [t.detach().numpy() for t in inputs])
                return tuple(torch.as_tensor(array) for array in found)

            @staticmethod
            def backward(ctx: Any, *cotangents: Any) -> Any:
                inputs = ctx.saved_tensors
                return deep(derivative_of(f, len(inputs)))(*inputs, *cotangents)

        return Deep.apply

    return Rule.apply if bug.order == 1 else deep(alone(bug.op))


def autograd_op(bug: Any) -> Any:
    from autograd.extend import defvjp, primitive

    def shallow(*arrays: Any) -> Any:
        return bug.rule(*arrays)[0]

    def closure_of(place: int) -> Any:
        def closure(_: Any, *arrays: Any) -> Any:
            closures = bug.rule(*arrays)[1]
            return closures[place] if isinstance(closures, tuple) else closures

        return closure

    def deep(f: Callable[..., Any], count: int) -> Any:
        op = primitive(lambda *arrays: on_arrays(f, arrays)[0])
        derivatives = [deep_derivative(f, count, place) for place in range(count)]
        defvjp(op, *derivatives)
        return op

    def deep_derivative(f: Callable[..., Any], count: int, place: int) -> Any:
        return lambda _, *arrays: (
            lambda g: deep(derivative_of(f, count, place), count + 1)(*arrays, g)
        )

    count = len(bug.shapes)
    if bug.order > 1:
        return deep(alone(bug.op), count)
    op = primitive(shallow)
    defvjp(op, *[closure_of(place) for place in range(count)])
    return op


# Each library's check


def by_minigrad(f: Any, inputs: Sequence[np.ndarray], order: int) -> Found:
    report = mg.gradcheck(f, *inputs, order=order)
    return Found(not report, str(report))


def by_torch(f: Any, inputs: Sequence[np.ndarray], order: int) -> Found:
    import torch

    torch.manual_seed(0)
    tensors = [torch.tensor(array, requires_grad=True) for array in inputs]  # copies
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as that an input is in single precision
            torch.autograd.gradcheck(f, tensors)
            if order > 1:
                torch.autograd.gradgradcheck(f, tensors)
    # Whatever a check raises is its message.
    except Exception as error:
        return Found(True, f"{type(error).__name__}: {error}")
    return Found(False, "")


def by_autograd(f: Any, inputs: Sequence[np.ndarray], order: int) -> Found:
    from autograd.test_util import check_grads

    np.random.seed(0)  # noqa: NPY002  # autograd draws from it
    try:
        with np.errstate(all="ignore"):
            # By default it checks the first argument only.
            which = tuple(range(len(inputs))) if len(inputs) > 1 else 0
            check = check_grads(f, which, modes=["rev"], order=order)
            check(*(array.copy() for array in inputs))
    # As above.
    except Exception as error:
        return Found(True, f"{type(error).__name__}: {error}")
    return Found(False, "")


CHECKERS: dict[str, tuple[Checker, Callable[[Any], Any]]] = {
    "minigrad": (by_minigrad, lambda bug: bug.op),
    "torch": (by_torch, torch_op),
    "autograd": (by_autograd, autograd_op),
}


def installed() -> list[str]:
    names = []
    for name in CHECKERS:
        try:
            __import__(name)
        except ImportError:
            report_missing(name)
        else:
            names.append(name)
    return names


def score(bug: Any, name: str) -> Found:
    """What a checker says of a planted bug."""
    if name == "minigrad":
        report = mg.gradcheck(bug.op, *bug.inputs, order=bug.order)
        kinds = [d.kind for d in report.diagnosis if d.parameter == bug.parameters[0]]
        return Found(not report, str(report), [*kinds, report.verdict][0] == bug.kind)
    check, op_of = CHECKERS[name]
    found = check(op_of(bug), bug.inputs, bug.order)
    return found._replace(named=found.caught and is_named(bug.kind, found.says))


# Right functions


def random_dropout(random: Callable[[tuple[int, ...]], Any], where: Any) -> Any:
    return lambda x: where(random(x.shape) < 0.5, x, 0.0 * x)


class Right(NamedTuple):
    """A right function of each library, and where it is checked."""

    title: str
    minigrad: Callable[..., Any]
    torch: Callable[..., Any]
    autograd: Callable[..., Any] | None
    at: np.ndarray


def right_functions() -> list[Right]:
    """The functions; those of libraries that are missing are never called."""

    def torch_do(name: str) -> Any:
        def call(*args: Any, **settings: Any) -> Any:
            import torch

            return getattr(torch, name)(*args, **settings)

        return call

    def numpy_do(name: str) -> Any:
        def call(*args: Any, **settings: Any) -> Any:
            import autograd.numpy

            return getattr(autograd.numpy, name)(*args, **settings)

        return call

    rng = np.random.default_rng(0)
    exp, maximum, tanh, log = map(numpy_do, ("exp", "maximum", "tanh", "log"))
    torch_exp, torch_tanh, torch_log = map(torch_do, ("exp", "tanh", "log"))
    return [
        Right(
            "tanh of float32", mg.tanh, torch_tanh, tanh, np.array([0.5, -1.0], dtype=np.float32)
        ),
        Right(
            "relu at 0",
            mg.relu,
            torch_do("relu"),
            lambda x: maximum(x, 0.0),
            np.array([0.0, 1.0, -1.0]),
        ),
        Right(
            "max-pooling of ties",
            lambda x: mg.max_pool2d(x, 2),
            lambda x: torch_do("max_pool2d")(x, 2),
            lambda x: numpy_do("max")(x, axis=(2, 3)),
            np.ones((1, 1, 2, 2)),
        ),
        Right(
            "sort of ties",
            mg.sort,
            lambda x: torch_do("sort")(x)[0],
            numpy_do("sort"),
            np.array([1.0, 2.0, 1.0]),
        ),
        Right(
            "exp beside 1e12",
            lambda x: mg.exp(x) + 1e12,
            lambda x: torch_exp(x) + 1e12,
            lambda x: exp(x) + 1e12,
            np.array([0.3, -1.2]),
        ),
        Right(
            "exp times 1e12",
            lambda x: 1e12 * mg.exp(x),
            lambda x: 1e12 * torch_exp(x),
            lambda x: 1e12 * exp(x),
            np.array([0.3, -1.2]),
        ),
        Right(
            "exp times 1e-20",
            lambda x: 1e-20 * mg.exp(x),
            lambda x: 1e-20 * torch_exp(x),
            lambda x: 1e-20 * exp(x),
            np.array([0.3, -1.2]),
        ),
        Right("log of 1e-7", mg.log, torch_log, log, np.array([1e-7, 1.0])),
        Right("log of 1e9", mg.log, torch_log, log, np.array([1e9, 1.0])),
        Right(
            "a random dropout",
            random_dropout(rng.random, mg.where),
            random_dropout(torch_do("rand"), torch_do("where")),
            random_dropout(rng.random, numpy_do("where")),
            np.array([0.3, -1.2, 0.8, 1.1]),
        ),
    ]


def verdict_on_right(right: Right, name: str) -> str:
    """What a checker says of a right function, in a few words."""
    f = getattr(right, name)
    if name == "minigrad":
        report = mg.gradcheck(f, right.at)
        return "right" if report.verdict == "ok" else report.verdict
    found = CHECKERS[name][0](f, [right.at], 1)
    if not found.caught:
        return "right"
    reentrant = "not reentrant" in found.says
    return "not reentrant" if reentrant else "wrong: " + found.says.split("\n")[0][:50]


class Sized(NamedTuple):
    """A square whose derivative lacks its factor 2, times a number: as a planted bug."""

    factor: float
    dtype: type
    order: int = 1
    shapes: tuple[tuple[int, ...], ...] = ((3,),)

    @property
    def title(self) -> str:
        return f"no factor 2 in {self.factor:g} * x**2, {np.dtype(self.dtype)}"

    @property
    def rule(self) -> Any:
        factor = self.dtype(self.factor)
        return lambda x, /: (factor * x * x, lambda g: factor * g * x)

    @property
    def op(self) -> Any:
        return mg.op(self.rule)

    @property
    def inputs(self) -> list[np.ndarray]:
        return [np.array([0.7, -1.3, 0.4], dtype=self.dtype)]


SIZED = [
    Sized(factor, dtype)
    for factor, dtype in [
        (1e-20, float),
        (1e-7, float),
        (1e-4, float),
        (1.0, float),
        (1e12, float),
        (1.0, np.float32),
        (1e-4, np.float32),
    ]
]

MARKS = {True: "yes", False: "-"}


def main() -> None:
    names = installed()

    def row(first: str, cells: Sequence[str]) -> None:
        print(f"| {first:66} | " + " | ".join(f"{cell:8}" for cell in cells) + " |")

    def head(title: str, columns: Sequence[str]) -> None:
        print()
        row(title, columns)
        print(f"|{'-' * 68}|" + f"{'-' * 10}|" * len(columns))

    columns = [column for name in names for column in (name, "why")]
    head("planted bug", columns)
    caught, named = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for bug in table.PLANTED:
        cells = []
        for name in names:
            found = score(bug, name)
            caught[name] += found.caught
            named[name] += found.named
            cells += [MARKS[found.caught], MARKS[found.named]]
        row(bug.title, cells)
    totals = [f"{count[name]}" for name in names for count in (caught, named)]
    row(f"of {len(table.PLANTED)}", totals)

    head("right function", names)
    for right in right_functions():
        row(right.title, [verdict_on_right(right, name) for name in names])

    head("the same bug at several sizes", names)
    for bug in SIZED:
        found = [CHECKERS[name][0](CHECKERS[name][1](bug), bug.inputs, 1) for name in names]
        row(bug.title, [MARKS[f.caught] for f in found])


if __name__ == "__main__":
    main()
