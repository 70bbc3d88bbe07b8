"""Random programs give the gradients that a naive interpreter finds.

The interpreter carries forward, beside each value, its Jacobian by all inputs: no graph, no
backward walk, no closures. Programs reuse values, take views, broadcast, give one value two names,
and write in place.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg

PROGRAMS = 10_000
SHAPES = [(2, 3), (3,), ()]
LARGE = 50.0  # beyond, a program squashes its values


class Dual:
    """A value and its Jacobian, which has one more axis, for the inputs."""

    def __init__(self, value: Any, jacobian: Any) -> None:
        self.value, self.jacobian = np.asarray(value), np.asarray(jacobian)

    def mapped(self, function: Callable[[np.ndarray], np.ndarray], axes: int = 0) -> "Dual":
        """A linear function of values, such as a view, on the value and on every tangent."""
        tangents = [function(self.jacobian[..., i]) for i in range(self.jacobian.shape[-1])]
        return Dual(function(self.value), np.stack(tangents, -1))

    def scaled(self, value: np.ndarray, slope: np.ndarray) -> "Dual":
        """An elementwise function with this value and slope."""
        return Dual(value, self.jacobian * np.asarray(slope)[..., None])


def together(x: Dual, y: Dual) -> tuple[Dual, Dual]:
    """Both broadcast to one shape."""
    shape = np.broadcast_shapes(x.value.shape, y.value.shape)
    x, y = (d.mapped(lambda a: np.broadcast_to(a, shape)) for d in (x, y))
    return x, y


def product(x: Dual, y: Dual) -> Dual:
    x, y = together(x, y)
    by_both = x.jacobian * y.value[..., None] + y.jacobian * x.value[..., None]
    return Dual(x.value * y.value, by_both)


def added(x: Dual, y: Dual, sign: float = 1.0) -> Dual:
    x, y = together(x, y)
    return Dual(x.value + sign * y.value, x.jacobian + sign * y.jacobian)


def larger(x: Dual, y: Dual) -> Dual:
    x, y = together(x, y)
    share = np.where(x.value > y.value, 1.0, np.where(x.value == y.value, 0.5, 0.0))[..., None]
    jacobian = share * x.jacobian + (1 - share) * y.jacobian
    return Dual(np.maximum(x.value, y.value), jacobian)


def chosen(x: Dual, y: Dual) -> Dual:
    x, y = together(x, y)
    holds = x.value > 0.1
    return Dual(
        np.where(holds, x.value, y.value), np.where(holds[..., None], x.jacobian, y.jacobian)
    )


def matrix_product(x: Dual) -> Dual:
    tangents = [
        x.jacobian[..., i] @ x.value.T + x.value @ x.jacobian[..., i].T
        for i in range(x.jacobian.shape[-1])
    ]
    return Dual(x.value @ x.value.T, np.stack(tangents, -1))


def joined(x: Dual, y: Dual) -> Dual:
    x, y = (d.mapped(np.ravel) for d in (x, y))
    return Dual(np.concatenate([x.value, y.value]), np.concatenate([x.jacobian, y.jacobian]))


def written(x: Dual, index: Any, y: Dual) -> Dual:
    value, jacobian = x.value.copy(), x.jacobian.copy()
    value[index] = y.value
    jacobian[index] = y.jacobian
    return Dual(value, jacobian)


# An op on tensors, and the same on duals.
ELEMENTWISE = [
    (lambda t: -t, lambda d: d.scaled(-d.value, -np.ones_like(d.value))),
    (mg.tanh, lambda d: d.scaled(np.tanh(d.value), 1 - np.tanh(d.value) ** 2)),
    (np.sin, lambda d: d.scaled(np.sin(d.value), np.cos(d.value))),
    (lambda t: np.exp(-t * t), lambda d: d.scaled(*gauss(d.value))),
    (lambda t: t**2, lambda d: d.scaled(d.value**2, 2 * d.value)),
    (mg.relu, lambda d: d.scaled(np.maximum(d.value, 0), d.value > 0)),
    (np.abs, lambda d: d.scaled(np.abs(d.value), np.sign(d.value))),
    (lambda t: 1 / (1 + t * t), lambda d: d.scaled(*witch(d.value))),
]
# Both of a tensor and of an array: views, sums, and what else is linear; each a new tensor.
LINEAR = [
    lambda a: a.T,
    lambda a: a[::-1] if a.ndim else a * 1,
    lambda a: a[..., 1:] if a.ndim and a.shape[-1] > 1 else a * 1,
    lambda a: a[None],
    lambda a: np.reshape(a, -1),
    lambda a: np.sum(a, axis=0) if a.ndim else a * 1,
    lambda a: np.mean(a, axis=-1, keepdims=True) if a.ndim else a * 1,
    lambda a: np.sum(a),
    lambda a: np.broadcast_to(a, (2, *a.shape)),
    lambda a: a[[0, -1, 0]] if a.ndim else a * 1,
    lambda a: np.cumsum(a, axis=0) if a.ndim else a * 1,
    lambda a: np.concatenate([a, a]) if a.ndim else a * 1,
]
BINARY = [
    (lambda t, u: t + u, added),
    (lambda t, u: t - u, lambda d, e: added(d, e, -1.0)),
    (lambda t, u: t * u, product),
    (mg.maximum, larger),
    (lambda t, u: mg.where(t > 0.1, t, u), chosen),
]


def gauss(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.exp(-x * x), -2 * x * np.exp(-x * x)


def witch(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return 1 / (1 + x * x), -2 * x / (1 + x * x) ** 2


class Name:
    """A name in the program: a tensor, and what the interpreter has for it."""

    def __init__(self, tensor: mg.Tensor, dual: Dual) -> None:
        self.tensor, self.dual = tensor, dual


def run(genes: Iterator[int], names: list[Name]) -> None:
    """Carry out the program that the genes spell, adding to the names."""
    inputs = len(names)
    for kind in genes:
        one, other = (names[next(genes, 0) % len(names)] for _ in range(2))
        which, (t, d) = next(genes, 0), (one.tensor, one.dual)
        if d.value.size > 30 or d.value.ndim > 4:
            names.append(Name(t.sum(), d.mapped(np.sum)))
            continue
        if d.value.size and np.abs(d.value).max() > LARGE:
            names.append(Name(mg.tanh(t), ELEMENTWISE[1][1](d)))
            continue
        u, e = other.tensor, other.dual
        try:
            shape = np.broadcast_shapes(d.value.shape, e.value.shape)
        except ValueError:
            u, e = u.sum(), e.mapped(np.sum)
            shape = d.value.shape
        in_place = shape == d.value.shape and not any(one is name for name in names[:inputs])
        match kind % 9:
            case 0 | 1:
                on_tensor, on_dual = ELEMENTWISE[which % len(ELEMENTWISE)]
                names.append(Name(on_tensor(t), on_dual(d)))
            case 2 | 3:
                linear = LINEAR[which % len(LINEAR)]
                names.append(Name(linear(t), d.mapped(linear)))
            case 4 | 5:
                on_tensors, on_duals = BINARY[which % len(BINARY)]
                names.append(Name(on_tensors(t, u), on_duals(d, e)))
            case 6 if t.ndim == 2:
                names.append(Name(t @ t.T, matrix_product(d)))
            case 6:
                names.append(Name(np.concatenate([t.reshape(-1), u.reshape(-1)]), joined(d, e)))
            case 7 if in_place and which % 3 == 0:
                t += u
                one.dual = added(d, e)
            case 7 if in_place and which % 3 == 1:
                t *= u
                one.dual = product(d, e)
            case 7 if in_place and t.ndim:
                index = (slice(0, 1), slice(None, None, -1), d.value > 0)[which % 4 % 3]
                t[index] = u.sum()
                one.dual = written(d, index, e.mapped(np.sum))
            case _:
                names.append(one)  # another name of the same tensor


@given(st.binary(min_size=4, max_size=48), st.integers(0, 2**16))
@settings(max_examples=PROGRAMS, deadline=None)
def test_gradients_are_those_of_the_interpreter(genes: bytes, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = [rng.uniform(-1, 1, shape) for shape in SHAPES]
    count = sum(value.size for value in values)
    identity = np.split(np.eye(count), np.cumsum([value.size for value in values])[:-1])
    leaves = [mg.tensor(value, requires_grad=True) for value in values]
    names = [
        Name(leaf, Dual(value, rows.reshape(*value.shape, count)))
        for leaf, value, rows in zip(leaves, values, identity, strict=True)
    ]
    run(iter(genes), names)

    total, expected = mg.tensor(0.0), np.zeros(count)
    for name in names[-3:]:
        np.testing.assert_allclose(name.tensor.numpy(), name.dual.value, rtol=1e-9, atol=1e-9)
        cotangent = rng.normal(size=name.dual.value.shape)
        total = total + (name.tensor * cotangent).sum()
        expected += np.tensordot(cotangent, name.dual.jacobian, cotangent.ndim)
    # The recorded closures, and those of the rules run again, which must agree.
    again = mg.grad(total, leaves, create_graph=True, allow_unused=True)
    total.backward()
    scale = 1 + np.abs(expected).max()
    for found in ([leaf.grad for leaf in leaves], again):
        flat = [
            np.zeros(leaf.shape) if g is None else g.numpy()
            for leaf, g in zip(leaves, found, strict=True)
        ]
        actual = np.concatenate([g.ravel() for g in flat])
        np.testing.assert_allclose(actual / scale, expected / scale, rtol=1e-8, atol=1e-9)
