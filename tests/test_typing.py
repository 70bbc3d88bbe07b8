"""What a type checker sees: the signatures of the rules, with tensors for results."""

import re
from pathlib import Path

import pytest

mypy = pytest.importorskip("mypy.api", reason="mypy is not installed")

root = Path(__file__).parents[1]

HEAD = """
import numpy as np
import minigrad as mg
t = mg.tensor([1.0, 2.0], requires_grad=True)
"""

# Expressions and the types that mypy reveals.
REVEALED = {
    "t": "Tensor",
    "t * 2.0": "Tensor",
    "2.0 * t": "Tensor",
    "t + t": "Tensor",
    "1 - t": "Tensor",
    "2 / t": "Tensor",
    "2 ** t": "Tensor",
    "t ** 2": "Tensor",
    "t @ t": "Tensor",
    "-t": "Tensor",
    "t < 1": "Tensor",
    "t[0]": "Tensor",
    "t[..., None]": "Tensor",
    "t.T": "Tensor",
    "t.relu()": "Tensor",
    "t.sum(axis=0)": "Tensor",
    "t.reshape(2, -1)": "Tensor",
    "t.detach()": "Tensor",
    "t.grad": "Tensor | None",
    "t.shape": "tuple[int, ...]",
    "t.requires_grad": "bool",
    "mg.multiply(t, 2)": "Tensor",
    "mg.conv2d(t, t, stride=2)": "Tensor",
    "mg.conv2d(t, t, t, 1, (0, 1))": "Tensor",
    "mg.max_pool2d(t, (2, 3))": "Tensor",
    "mg.concatenate([t, t], axis=1)": "Tensor",
    "mg.stack([t, t], axis=1)": "Tensor",
    "mg.split(t, 2)": "list[Tensor]",
    "mg.meshgrid(t, t)": "tuple[Tensor, ...]",
    "t.swapaxes(0, 1).flatten()": "Tensor",
    "mg.zeros((2, 3))": "Tensor",
    "mg.linspace(0, t, 5)": "Tensor",
    "mg.linspace(0, t, 5, retstep=True)": "tuple[Tensor, Tensor]",
    "mg.random.normal(t)": "Tensor",
    "mg.gradcheck(mg.relu, t)": "minigrad.testing.reports.Report",
    "mg.dot(t, t)": "Tensor",
    "mg.einsum('i,i->', t, t)": "Tensor",
    "mg.linalg.inv(t)": "Tensor",
    "mg.linalg.norm(t)": "Tensor",
    "mg.sort(t)": "Tensor",
    "mg.take(t, [0])": "Tensor",
    "t.std(axis=0)": "Tensor",
    "t % 2": "Tensor",
    "abs(t)": "Tensor",
    "mg.random.normal(size=3)": "Tensor",
    "[row for row in t][0]": "Tensor",
}

# Statements that are mistakes, and a part of mypy's message.
MISTAKES = {
    "mg.conv2d(t, t, strid=2)": 'Unexpected keyword argument "strid" for "conv2d"',
    "mg.conv2d(t)": 'Missing positional argument "weight" in call to "conv2d"',
    "mg.max_pool2d(t)": 'Missing positional argument "kernel_size"',
    "mg.max_pool2d(t, 2.5)": '"float"; expected',
    "mg.relu(t, 1)": 'Too many arguments for "relu"',
    "mg.relu(x=t)": 'Unexpected keyword argument "x" for "relu"',
    "t.sum(axes=0)": 'Unexpected keyword argument "axes"',
    "t.relux()": '"Tensor" has no attribute "relux"',
    "t.shape = (2,)": 'Property "shape" defined in "Tensor" is read-only',
    "mg.keep_where": 'Module has no attribute "keep_where"',
}

DEFINED_BY_A_USER = """
from minigrad.registry import Array, Forward

@mg.op
def cube(x: Array, /, scale: float = 1.0) -> Forward:
    return scale * x * x * x, lambda g: 3 * g * scale * x * x

@mg.op(np.cbrt)
def cbrt(x: Array, /) -> Forward:
    out = np.cbrt(x)
    return out, lambda g: g / (3 * out * out)

reveal_type(cube(t, 2.0))
reveal_type(cbrt(t))
"""

IN_PLACE = """
before = t
t += 1
t *= t
t[0] = 2.0
reveal_type(t)
with mg.no_grad():
    t -= 0.1 * mg.sigmoid(t)

@mg.no_grad()
def evaluate(x: mg.Tensor) -> float:
    return float(x.item())

reveal_type(evaluate(t))
"""


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    """Mypy's messages by snippet and line, from one run since a run takes seconds."""
    folder = tmp_path_factory.mktemp("typing")
    snippets = {
        "revealed": HEAD + "\n".join(f"reveal_type({expression})" for expression in REVEALED),
        "mistakes": HEAD + "\n".join(MISTAKES),
        "user": HEAD + DEFINED_BY_A_USER,
        "in_place": HEAD + IN_PLACE,
    }
    for name, snippet in snippets.items():
        (folder / f"{name}.py").write_text(snippet, encoding="utf-8")
    config = folder / "mypy.ini"
    config.write_text(f"[mypy]\nstrict = true\nmypy_path = {root}\n", encoding="utf-8")
    cache = folder / "cache"
    options = ["--config-file", str(config), "--cache-dir", str(cache), "--no-pretty"]
    out, errors, _ = mypy.run([*options, *(str(folder / f"{name}.py") for name in snippets)])
    assert not errors
    found = {name: {} for name in snippets}
    for name, number, message in re.findall(r"(\w+)\.py:(\d+): (.*)", out):
        line = snippets[name].splitlines()[int(number) - 1]
        found[name].setdefault(line, []).append(message.replace("minigrad.tensor.", ""))
    return found


def revealed(kind):
    return f'note: Revealed type is "{kind}"'


@pytest.mark.parametrize("expression", REVEALED)
def test_the_type_of_an_expression(messages, expression):
    found = messages["revealed"][f"reveal_type({expression})"]
    assert found == [revealed(REVEALED[expression])]


@pytest.mark.parametrize("statement", MISTAKES)
def test_a_mistake_is_an_error(messages, statement):
    errors = messages["mistakes"][statement]
    assert any("error: " in error and MISTAKES[statement] in error for error in errors)


@pytest.mark.parametrize(
    ("name", "kinds"), [("user", ["Tensor", "Tensor"]), ("in_place", ["Tensor", "float"])]
)
def test_a_snippet_has_no_errors(messages, name, kinds):
    found = [message for line in messages[name].values() for message in line]
    assert found == [revealed(kind) for kind in kinds]
