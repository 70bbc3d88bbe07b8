"""What samples of linear algebra cannot show: symmetry, singular and repeated values, errors."""

import numpy as np
import pytest

import minigrad as mg

rng = np.random.default_rng(0)


def leaf(array):
    return mg.tensor(array, dtype=float, requires_grad=True)


def symmetric(n):
    x = rng.normal(size=(n, n))
    return x @ x.T + np.eye(n)


# Symmetric matrices


@pytest.mark.parametrize(
    "function",
    [
        mg.linalg.cholesky,
        lambda x: mg.linalg.cholesky(x, upper=True),
        mg.linalg.eigvalsh,
        lambda x: mg.linalg.eigh(x, "U")[1] ** 2,
    ],
)
def test_the_gradient_of_a_symmetric_matrix_is_symmetric(function):
    x = leaf(symmetric(4))
    y = function(x)
    y.backward(rng.normal(size=y.shape))
    np.testing.assert_array_equal(x.grad.numpy(), x.grad.T.numpy())
    assert np.abs(x.grad.numpy()).min() > 0


@pytest.mark.parametrize("uplo", ["L", "U"])
def test_only_one_triangle_is_read(uplo):
    x = rng.normal(size=(3, 3))
    both = np.tril(x) + np.tril(x, -1).T if uplo == "L" else np.triu(x) + np.triu(x, 1).T
    np.testing.assert_allclose(mg.linalg.eigvalsh(x, uplo), np.linalg.eigvalsh(both))


def test_a_function_of_equal_eigenvalues_has_its_gradient():
    q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    x = leaf(q * [1.0, 1.0, 1.0, 3.0] @ q.T)
    mg.sum(mg.linalg.eigvalsh(x) ** 3).backward()
    np.testing.assert_allclose(x.grad.numpy(), 3 * x.numpy() @ x.numpy(), atol=1e-12)


@np.errstate(all="ignore")
def test_what_has_no_derivative_at_equal_eigenvalues_is_not_finite():
    x = leaf(np.eye(2))
    (first,) = mg.grad(mg.sum(mg.linalg.eigvalsh(x) ** 2), x, create_graph=True)
    np.testing.assert_array_equal(first.numpy(), 2 * np.eye(2))
    (second,) = mg.grad(mg.sum(first), x)
    assert not np.isfinite(second.numpy()).any()


# Singular values


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (2, 3, 3)])
def test_full_matrices_do_not_change_the_gradient_of_what_is_determined(shape):
    x = rng.normal(size=shape)
    k = min(shape[-2:])

    def first(full):
        def product(x):
            u, s, vh = mg.linalg.svd(x, full_matrices=full)
            return [s, mg.einsum("...ik,...kj->...kij", u[..., :k], vh[..., :k, :])]

        return product

    assert mg.gradcheck(first(True), x, order=2)
    tensors = leaf(x), leaf(x)
    for tensor, full in zip(tensors, [True, False], strict=True):
        mg.sum(first(full)(tensor)[1] ** 2 * 0.5).backward()
    np.testing.assert_allclose(tensors[0].grad.numpy(), tensors[1].grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3)])
def test_vectors_that_are_not_determined_refuse_a_gradient(shape):
    u, _, vh = mg.linalg.svd(leaf(rng.normal(size=shape)))
    with pytest.raises(ValueError, match=r"^svd: .*full_matrices=False"):
        mg.sum(u if shape[0] > shape[1] else vh).backward()


def test_columns_that_are_not_determined_refuse_a_gradient():
    q, r = mg.linalg.qr(leaf(rng.normal(size=(3, 2))), "complete")
    mg.sum(r).backward(retain_graph=True)
    mg.sum(q[:, :2]).backward(retain_graph=True)
    with pytest.raises(ValueError, match=r"^qr: .*mode='reduced'"):
        mg.sum(q).backward()


def test_complete_columns_do_not_change_the_gradient_of_the_others():
    x = rng.normal(size=(2, 4, 2))

    def determined(x):
        q, r = mg.linalg.qr(x, "complete")
        return [q[..., :2], r]

    assert mg.gradcheck(determined, x, order=2)


def test_nuclear_norm_of_a_matrix_without_full_rank():
    u, v = (np.linalg.qr(rng.normal(size=(n, n)))[0][:, :2] for n in (4, 3))
    x = leaf(u @ np.diag([2.0, 3.0]) @ v.T)
    mg.linalg.norm(x, "nuc").backward()
    np.testing.assert_allclose(x.grad.numpy(), u @ v.T, atol=1e-12)


# Singular matrices


@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_the_gradient_of_a_determinant_is_the_cofactors_at_any_rank(n):
    for rank in range(n + 1):
        x = leaf(rng.normal(size=(n, rank)) @ rng.normal(size=(rank, n)))
        mg.linalg.det(x).backward()
        minors = [
            [
                (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(x.numpy(), i, 0), j, 1))
                for j in range(n)
            ]
            for i in range(n)
        ]
        scale = max(1.0, np.linalg.norm(x.numpy(), 2)) ** (n - 1)
        np.testing.assert_allclose(x.grad.numpy() / scale, np.array(minors) / scale, atol=1e-13)


@pytest.mark.parametrize("ranks", [(3, 2, 1, 0), (3, 2), (1, 1)])
def test_ranks_may_differ_in_a_batch(ranks):
    x = np.stack([rng.normal(size=(3, rank)) @ rng.normal(size=(rank, 3)) for rank in ranks])
    assert mg.gradcheck(mg.linalg.det, x, order=2)
    if len(ranks) == 2:
        # Next to a singular matrix the third differences are of numbers that nearly cancel.
        assert "wrong" not in mg.gradcheck(mg.linalg.det, x, order=3).verdicts


def test_pseudo_inverse_without_full_rank_along_its_rank():
    left, right = rng.normal(size=(4, 2)), rng.normal(size=(2, 3))
    assert mg.gradcheck(lambda x, y: mg.linalg.pinv(x @ y, 1e-10), left, right, order=2)


def test_the_smallest_solution_of_too_few_equations():
    x, y = leaf(rng.normal(size=(2, 4))), rng.normal(size=2)
    solution, residuals, rank, _ = mg.linalg.lstsq(x, y)
    np.testing.assert_allclose(solution.numpy(), np.linalg.lstsq(x.numpy(), y)[0])
    assert residuals.shape == (0,)
    assert int(rank) == 2
    assert not rank.requires_grad


# Norms


@pytest.mark.parametrize("order", [None, 1, 2, np.inf, 3, 1.5])
def test_a_norm_of_zero_has_derivatives_of_zero(order):
    x = leaf(np.zeros(3))
    (first,) = mg.grad(mg.linalg.norm(x, order), x, create_graph=True)
    (second,) = mg.grad(mg.sum(first), x, allow_unused=True)
    np.testing.assert_array_equal(first.numpy(), np.zeros(3))
    assert second is None or not second.numpy().any()


@pytest.mark.parametrize("order", ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_a_matrix_norm_of_zero_has_a_gradient_of_zero(order):
    x = leaf(np.zeros((2, 3)))
    mg.linalg.norm(x, order).backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros((2, 3)))


def test_a_norm_of_integers_does_not_overflow():
    x = np.array([2**40, 2**40])
    np.testing.assert_allclose(mg.linalg.norm(x), np.linalg.norm(x))


# Products


def test_solve_takes_a_vector_for_one_only_if_it_has_one_axis():
    x = rng.normal(size=(2, 2, 2)) + 3 * np.eye(2)
    vector, matrix = rng.normal(size=2), rng.normal(size=(2, 2))
    assert mg.linalg.solve(x, vector).shape == (2, 2)
    assert mg.linalg.solve(x, matrix).shape == (2, 2, 2)
    assert mg.gradcheck(mg.linalg.solve, x, vector, order=2)
    assert mg.gradcheck(mg.linalg.solve, x, matrix, order=2)


def test_a_triangle_alone_has_a_gradient():
    x = leaf(rng.normal(size=(3, 3)) + 3 * np.eye(3))
    mg.sum(mg.linalg.solve_triangular(x, np.ones((3, 2)), upper=True)).backward()
    np.testing.assert_array_equal(np.tril(x.grad.numpy(), -1), np.zeros((3, 3)))


@pytest.mark.parametrize(
    "operands",
    [
        (rng.normal(size=(2, 3)), [0, 1], rng.normal(size=(3, 4)), [1, 2]),
        (rng.normal(size=(2, 3)), [0, 1], rng.normal(size=(3, 4)), [1, 2], [2, 0]),
        (rng.normal(size=(2, 3, 3)), [..., 30, 30], [30, ...]),
    ],
)
def test_einsum_takes_lists_of_integers(operands):
    np.testing.assert_allclose(mg.einsum(*operands), np.einsum(*operands))
    tensors = [leaf(o) if isinstance(o, np.ndarray) else o for o in operands]
    np.testing.assert_allclose(np.einsum(*tensors).numpy(), np.einsum(*operands))


def test_einsum_is_a_product_of_matrices_where_that_is_faster():
    x, y = rng.normal(size=(60, 70)), rng.normal(size=(70, 80))
    np.testing.assert_allclose(mg.einsum("ij,jk->ki", x, y), (x @ y).T)


@pytest.mark.parametrize(
    ("operands", "message"),
    [
        ((), "no subscripts"),
        (("ij",), "no arrays"),
        (("ij,jk", np.ones((2, 2))), "are for 2 arrays, got 1"),
        (("ij", np.ones(2)), r"operand 0 has shape \(2,\)"),
        (("i,i", np.ones(2), np.ones(3)), "length 3 in operand 1"),
        (("ii", np.ones((1, 3))), "'i'"),
        (("i->j", np.ones(2)), "axes of the operands"),
        (("i->ii", np.ones(2)), "must differ"),
        (("...i->i", np.ones((2, 3))), r"output must have it"),
        (("i$", np.ones((2, 3))), r"named by letters"),
    ],
)
def test_einsum_says_what_is_wrong(operands, message):
    with pytest.raises(ValueError, match=f"^einsum: .*{message}"):
        mg.einsum(*operands)


def test_a_chain_is_multiplied_in_the_cheapest_order():
    x = leaf(np.ones((1000, 1)))
    y = mg.linalg.multi_dot([x, np.ones((1, 1000)), np.ones((1000, 1)), np.ones(1)])
    mg.sum(y).backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full((1000, 1), 1000.0))


@pytest.mark.parametrize("size", [0.1, 1.0, 50.0])
def test_exponential_of_a_symmetric_matrix(size):
    x = symmetric(4)
    x *= size / np.abs(x).max()
    values, vectors = np.linalg.eigh(x)
    expected = vectors * np.exp(values) @ vectors.T
    np.testing.assert_allclose(
        mg.linalg.expm(x) / np.exp(values[-1]), expected / np.exp(values[-1]), atol=1e-13
    )


def test_the_derivative_of_an_exponential_is_a_block_of_a_larger_one():
    a, e = rng.normal(size=(2, 3, 3)) * 3
    block = np.block([[a, e], [np.zeros((3, 3)), a]])
    x, g = leaf(a), rng.normal(size=(3, 3))
    mg.linalg.expm(x).backward(g)
    frechet = mg.linalg.expm(block)[:3, 3:]
    np.testing.assert_allclose(np.sum(x.grad.numpy() * e), np.sum(frechet * g))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: mg.linalg.inv(x), "^inv: Singular matrix"),
        (lambda x: mg.linalg.solve(x, x), "^solve: Singular matrix"),
        (lambda x: mg.linalg.cholesky(x), "^cholesky: .*not positive definite"),
        (lambda x: mg.linalg.slogdet(x)[1].backward(), "Singular matrix"),
    ],
)
@np.errstate(divide="ignore")
def test_a_singular_matrix_raises_the_error_of_numpy(call, message):
    with pytest.raises(np.linalg.LinAlgError, match=message):
        call(leaf(np.zeros((2, 2))))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: mg.cross(x, x), "^cross: .*three components, got 2"),
        (lambda x: mg.tensordot(x, x, axes=3), "^tensordot: axes=3"),
        (lambda x: mg.tensordot(x, np.ones((3, 2)), axes=1), "^tensordot: .*equally long"),
        (lambda x: mg.vecdot(x, np.ones(3)), "^vecdot: .*equally long"),
        (lambda x: mg.linalg.norm(x, 3), "^matrix_norm: ord is"),
        (lambda x: mg.linalg.norm(x[0], "fro"), "^norm: ord='fro'"),
        (lambda x: mg.linalg.norm(x[None], 2), "^norm: along 3 axes"),
        (lambda x: mg.linalg.qr(x, "raw"), "^qr: mode"),
        (lambda x: mg.linalg.multi_dot([x]), "^multi_dot: .*two or more"),
        (lambda x: mg.linalg.matrix_power(x[0], 2), "^matrix_power: .*square"),
        (lambda x: mg.linalg.expm(x[0]), "^expm: .*square"),
        (lambda x: mg.linalg.tensorinv(x, 3), "^tensorinv: "),
        (lambda x: mg.linalg.tensorsolve(x, np.ones(3)), "^tensorsolve: "),
        (lambda x: mg.convolve(x, x[0]), r"^convolve: x has shape \(2, 2\)"),
        (lambda x: mg.poly(x), "^poly: .*expected a vector"),
        (lambda x: mg.polyder(x[0], -1), "^polyder: .*polyint"),
        (lambda x: mg.polyint(x[0], -1), "^polyint: .*polyder"),
        (lambda x: mg.polyint(x[0], 3, [1.0, 2.0]), "^polyint: m=3"),
    ],
)
def test_an_error_names_function_and_remedy(call, message):
    with pytest.raises(ValueError, match=message):
        call(leaf([[1.0, 2.0], [3.0, 4.0]]))


def test_lists_are_taken_for_arrays():
    x = [[2.0, 1.0], [1.0, 3.0]]
    for name in ["inv", "det", "pinv", "norm", "cond", "svdvals", "eigvalsh", "expm", "trace"]:
        function = getattr(mg.linalg, name)
        np.testing.assert_array_equal(function(x), function(np.array(x)), err_msg=name)
    assert mg.dot([1.0, 2.0], [3.0, 4.0]) == 11.0
    assert mg.polyval([1.0, 2.0], 3.0) == 5.0


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda m, x: m.linalg.cholesky(x), None),
        (lambda m, x: m.linalg.eigh(x)[1] ** 2, None),
        (lambda m, x: m.linalg.qr(x)[0], None),
        (lambda m, x: m.linalg.pinv(x), None),
        (lambda m, x: m.linalg.expm(x), lambda m, x: m.linalg.matrix_exp(x)),
        (lambda m, x: m.linalg.slogdet(x)[1], None),
        (lambda m, x: m.linalg.norm(x, "nuc"), None),
        (lambda m, x: m.linalg.cond(x), None),
    ],
)
def test_against_torch(ours, theirs):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    value = symmetric(3)
    x, other = leaf(value), torch.tensor(value, requires_grad=True)
    y, z = ours(mg, x), (theirs or ours)(torch, other)
    g = rng.normal(size=y.shape)
    y.backward(g)
    z.backward(torch.tensor(g))
    np.testing.assert_allclose(x.grad.numpy(), other.grad.numpy(), rtol=1e-8, atol=1e-10)


def test_least_squares_of_many_points_needs_no_matrix_of_all_pairs():
    # Of a million pairs of points, and more, were there one.
    x, y = rng.normal(size=(2, 100_000))
    a, b = leaf(x), leaf(y)
    slope, _ = mg.polyfit(a, b, 1)
    by_x, by_y = mg.grad(slope, [a, b])
    # The slope is the covariance divided by the variance.
    x, y = x - x.mean(), y - y.mean()
    square, product = x @ x, x @ y
    np.testing.assert_allclose(by_y.numpy(), x / square, atol=1e-12)
    np.testing.assert_allclose(by_x.numpy(), y / square - 2 * product * x / square**2, atol=1e-12)


@pytest.mark.parametrize("smallest", [1.0, 1e-3, 1e-8, 0.0])
def test_the_derivatives_of_a_determinant_near_singular_matrices(smallest):
    """The same however far from singular: two formulas share the work."""
    u, v = (np.linalg.qr(rng.normal(size=(4, 4)))[0] for _ in range(2))
    values = np.array([3.0, 2.0, 1.5, smallest])
    x = leaf(u * values @ v)
    g = mg.grad(mg.linalg.det(x), x, create_graph=True)[0]
    others = [np.prod(np.delete(values, i)) for i in range(4)]
    sign = np.linalg.det(u) * np.linalg.det(v)
    np.testing.assert_allclose(g.numpy(), sign * (u * others @ v), atol=1e-12)
    # Along the singular vectors, the derivative by two values is the product of the others.
    direction, other = u[:, :1] @ v[:1], u[:, 1:2] @ v[1:2]
    h = mg.grad(mg.sum(g * direction), x)[0].numpy()
    assert np.sum(h * other) == pytest.approx(sign * values[2] * values[3], abs=1e-12)
