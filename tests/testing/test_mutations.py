"""Planting known mistakes, and the score of a test that is to notice them."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.registry import lookup, registered
from minigrad.testing.mistaken_closures import KINDS
from minigrad.testing.mutation_scores import mutation_score
from minigrad.testing.mutations import Mutant, mutants

VECTOR = np.array([0.5, -1.0, 2.0])
MATRIX = np.array([[0.2, 1.3, -0.5], [0.9, -1.1, 0.6], [-0.8, 0.1, 1.7]])


def mutant(op, name, argument=None) -> Mutant:
    return next(
        m for m in mutants(op) if m.name == name and (argument is None or m.argument == argument)
    )


def gradient(f, *arrays):
    """The gradients of the outputs times 1, 2, 3, and so on."""
    tensors = [mg.tensor(array, requires_grad=True) for array in arrays]
    outputs = f(*tensors)
    outputs = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
    upstream = [np.arange(1.0, o.size + 1).reshape(o.shape) for o in outputs]
    return [g.numpy() for g in mg.grad(outputs, tensors, upstream)]


# Mutants


def test_an_op_is_given_as_a_function_a_twin_or_an_entry():
    expected = [str(m) for m in mutants(mg.matmul)]
    assert [str(m) for m in mutants(np.matmul)] == expected
    assert [str(m) for m in mutants(lookup(mg.matmul))] == expected
    assert "matmul by 'y': transposed" in expected


def test_each_input_has_each_mistake_that_fits():
    names = [(m.argument, m.name) for m in mutants(mg.multiply)]
    assert names == [(argument, name) for argument in "xy" for name in KINDS]
    one_input = {m.name for m in mutants(mg.exp)}
    assert one_input == KINDS.keys() - {"swapped arguments"}
    only_masks = {m.name for m in mutants(mg.relu)}
    assert one_input - only_masks == {"stale input", "detached at second order"}


def test_a_mutant_says_what_it_is_and_cannot_be_changed():
    sign = mutant(mg.exp, "sign")
    assert (sign.op, sign.argument, sign.position, sign.order) == ("exp", "x", 0, 1)
    assert sign.description == "the gradient has the wrong sign"
    assert "_entry" not in repr(sign)
    with pytest.raises(AttributeError):
        sign.name = "half"


def test_what_has_no_closures_has_no_mutants():
    with pytest.raises(ValueError, match="outer is composed of other ops"):
        mutants(mg.outer)
    with pytest.raises(ValueError, match="argmax is not differentiable"):
        mutants(mg.argmax)
    with pytest.raises(TypeError, match="no op stands behind test_what"):
        mutants(test_what_has_no_closures_has_no_mutants)
    with pytest.raises(TypeError, match="no op stands behind 'matmul'"):
        mutants("matmul")


def test_every_op_with_a_rule_has_mutants():
    for op in registered():
        if op.run is not None and op.differentiable:
            assert mutants(op)


# What they do


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sign", [-1, -2, -3]),
        ("zero", [0, 0, 0]),
        ("half", [0.5, 1, 1.5]),
        ("truncated to integers", [1, 2, 3]),
        ("dropped element", [1, 2, 0]),
        ("rolled", [3, 1, 2]),
        ("shifted", [0, 1, 2]),
        ("flipped", [3, 2, 1]),
        ("ignored upstream", [1, 1, 1]),
        ("averaged upstream", [2, 2, 2]),
        ("upstream squared", [1, 4, 9]),
        ("divided by upstream", [1, 1 / 2, 1 / 3]),
    ],
)
def test_a_mistake_changes_the_gradient_as_its_name_says(name, expected):
    with mutant(mg.positive, name).planted():
        np.testing.assert_allclose(gradient(mg.positive, VECTOR)[0], expected)
    np.testing.assert_allclose(gradient(mg.positive, VECTOR)[0], [1, 2, 3])


def test_the_backward_of_a_cumulative_sum_that_is_not_reversed():
    with mutant(mg.cumsum, "unreversed").planted():
        np.testing.assert_allclose(gradient(mg.cumsum, VECTOR)[0], np.cumsum([1, 2, 3]))


def test_a_sum_whose_gradient_is_that_of_the_mean():
    expected = gradient(mg.mean, VECTOR)
    with mutant(mg.sum, "mean for sum").planted():
        np.testing.assert_allclose(gradient(mg.sum, VECTOR), expected)


def test_a_broadcast_input_that_gets_one_part_of_its_gradient():
    def f(y):
        return mg.add(np.zeros((2, 3)), y)

    with mutant(mg.add, "missing un-broadcast", "y").planted():
        np.testing.assert_allclose(gradient(f, VECTOR)[0], [1, 2, 3])
    with mutant(mg.add, "mean for sum", "y").planted():
        np.testing.assert_allclose(gradient(f, VECTOR)[0], [2.5, 3.5, 4.5])


def test_gradients_of_an_element_that_is_read_twice_overwrite_each_other():
    with mutant(mg.getitem, "overwritten not added").planted():
        np.testing.assert_allclose(gradient(lambda x: x[[0, 0, 1]], VECTOR)[0], [2, 3, 0])


def test_gradients_of_two_inputs_are_exchanged():
    x, y = VECTOR, VECTOR + 1
    by_x, by_y = gradient(mg.multiply, x, y)
    with mutant(mg.multiply, "swapped arguments", "x").planted():
        np.testing.assert_allclose(gradient(mg.multiply, x, y), [by_y, by_y])
    with mutant(mg.multiply, "swapped arguments", "y").planted():
        np.testing.assert_allclose(gradient(mg.multiply, x, y), [by_x, by_x])


def test_only_the_second_derivative_is_wrong_without_history():
    x = mg.tensor(2.0, requires_grad=True)
    with mutant(mg.sin, "detached at second order").planted():
        (slope,) = mg.grad(mg.sin(x) * x, [x], create_graph=True)
        (curvature,) = mg.grad(slope, [x])
    assert slope.item() == pytest.approx(2 * np.cos(2) + np.sin(2))
    # Right are 2 cos x - x sin x; the last term is the derivative of the closure's cos x.
    assert curvature.item() == pytest.approx(2 * np.cos(2))


@pytest.mark.parametrize("name", [name for name in KINDS if KINDS[name].order == 1])
def test_a_mistake_can_itself_be_differentiated(name):
    x, y = (mg.tensor(MATRIX + shift, requires_grad=True) for shift in (0, 2))
    for argument in "xy":
        with mutant(mg.multiply, name, argument).planted():
            first = mg.grad(mg.sum(x * y * y), [x, y], create_graph=True)
            second = mg.grad(mg.sum(first[0] * first[1]), [x, y], allow_unused=True)
        assert [g.shape for g in first] == [(3, 3), (3, 3)]
        assert all(g is None or g.shape == (3, 3) for g in second)


def test_an_op_with_several_outputs_can_be_wrong():
    expected = gradient(lambda x: mg.split(x, [2], axis=1), MATRIX)[0]
    split = next(op for op in registered() if op.name == "array_split")
    with mutant(split, "flipped").planted():
        found = gradient(lambda x: mg.split(x, [2], axis=1), MATRIX)[0]
    np.testing.assert_allclose(found, expected[::-1, ::-1])

    def first_value(x):
        return mg.linalg.eigh(x)[0]

    symmetric = MATRIX + MATRIX.T
    expected = gradient(first_value, symmetric)[0]
    with mutant(mg.linalg.eigh, "upstream squared").planted():
        assert not np.allclose(gradient(first_value, symmetric)[0], expected)


def test_of_a_sequence_the_last_element_is_wrong():
    sign = mutant(mg.concatenate, "sign")
    assert (sign.argument, sign.position) == ("arrays[-1]", -1)
    with sign.planted():
        by_first, by_last = gradient(lambda x, y: mg.concatenate([x, y]), VECTOR, VECTOR)
    np.testing.assert_allclose(by_first, [1, 2, 3])
    np.testing.assert_allclose(by_last, [-4, -5, -6])


def test_the_rule_is_restored_after_an_error():
    rule = lookup(mg.exp).run

    def interrupted():
        with mutant(mg.exp, "sign").planted():
            assert lookup(mg.exp).run is not rule
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert lookup(mg.exp).run is rule


def test_two_mutants_of_an_op_may_be_planted_at_once():
    with mutant(mg.exp, "sign").planted(), mutants(lookup(mg.exp))[1].planted():  # half
        np.testing.assert_allclose(gradient(mg.exp, [0.0])[0], [-0.5])
    np.testing.assert_allclose(gradient(mg.exp, [0.0])[0], [1])


def test_single_precision_is_kept():
    x = mg.tensor([0.5, 1.5], dtype=np.float32, requires_grad=True)
    for m in mutants(mg.exp):
        with m.planted():
            (found,) = mg.grad(mg.exp(x), [x], np.float32([1, 2]))
        assert found.dtype == np.float32


# Scores


def thorough():
    return mg.gradcheck(mg.exp, VECTOR, order=2)


def test_a_good_test_notices_all():
    score = mutation_score(thorough, mg.exp, order=2)
    assert score
    assert score.score == 1.0
    assert not score.survivors
    assert not score.unreached
    assert {m.name for m in score.unchanged} == {
        "transposed",
        "wrong axis",
        "mean for sum",
        "missing un-broadcast",
        "overwritten not added",
    }
    assert len(score.killed) == score.total == len(mutants(mg.exp)) - 5
    assert str(score).startswith("thorough: 16 of 16 wrong derivatives noticed\n")


def naive():
    x = mg.tensor(VECTOR, requires_grad=True)
    mg.exp(x).sum().backward()
    assert np.allclose(x.grad.numpy(), np.exp(VECTOR))


def test_a_gradient_of_ones_leaves_survivors():
    score = mutation_score(naive, mg.exp)
    assert not score
    assert [m.name for m in score.survivors] == [
        "ignored upstream",
        "averaged upstream",
        "upstream squared",
        "divided by upstream",
    ]
    assert "sign" in {m.name for m in score.killed}
    assert score.score == len(score.killed) / (len(score.killed) + 4)


def test_what_the_test_never_asks_for_is_unreached():
    def by_x_alone():
        return mg.gradcheck(lambda x: x * VECTOR, VECTOR)

    score = mutation_score(by_x_alone, mg.multiply, mg.tanh)
    assert not score
    assert not score.survivors
    assert {(m.op, m.argument) for m in score.unreached} == {("multiply", "y"), ("tanh", "x")}
    assert "never asks" in str(score)
    assert "multiply by y" in str(score)


def test_second_derivatives_are_unreached_by_a_test_of_first_ones():
    score = mutation_score(lambda: mg.gradcheck(mg.exp, VECTOR), mg.exp, order=2)
    assert [m.name for m in score.unreached] == ["detached at second order"]
    assert mutation_score(lambda: mg.gradcheck(mg.exp, VECTOR), mg.exp)


def test_without_ops_those_are_found_that_the_test_differentiates():
    def of_two():
        with mg.no_grad():
            mg.tanh(mg.tensor(VECTOR))
        return mg.gradcheck(lambda x: mg.sin(x) @ MATRIX, VECTOR)

    score = mutation_score(of_two)
    assert {m.op for m in score.killed} == {"sin", "matmul"}
    # The matrix is a constant.
    assert {m.argument for m in score.unreached} == {"y"}

    with pytest.raises(ValueError, match="differentiates nothing"):
        mutation_score(lambda: None)


def test_an_op_of_a_user_is_mutated():
    @mg.op
    def cube(x):
        return x * x * x, lambda g: 3 * g * x * x

    assert mutation_score(lambda: mg.gradcheck(cube, VECTOR, order=2), cube, order=2)
    score = mutation_score(lambda: mg.gradcheck(cube, VECTOR[:1]), cube)
    assert "rolled" in {m.name for m in score.unchanged}


def test_an_input_without_a_closure_has_no_mutants_that_count():
    score = mutation_score(lambda: mg.gradcheck(lambda x: mg.where(x > 0, x, x * x), VECTOR))
    assert "condition" not in {row["argument"] for row in score.table()}


def test_a_test_notices_by_what_it_returns_or_raises():
    def compare():
        x = mg.tensor(VECTOR, requires_grad=True)
        (found,) = mg.grad(mg.exp(x), [x], VECTOR)
        return np.allclose(found.numpy(), VECTOR * np.exp(VECTOR))

    assert mutation_score(compare, mg.exp)

    def fails():
        if not compare():
            pytest.fail("wrong")

    assert mutation_score(fails, mg.exp)

    def divides():
        assert 1 / compare()

    assert mutation_score(divides, mg.exp)


def test_a_test_that_always_fails_is_refused():
    with pytest.raises(ValueError, match="always fails notices nothing") as caught:
        mutation_score(lambda: 1 / 0, mg.exp)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(ValueError, match="returns False, while all derivatives are right"):
        mutation_score(lambda: False, mg.exp)
    with pytest.raises(ValueError, match="composed"):
        mutation_score(thorough, mg.outer)


def test_an_interruption_is_not_taken_for_a_failure():
    rule = lookup(mg.exp).run
    runs = []

    def interrupted():
        runs.append(1)
        if len(runs) > 2:
            raise KeyboardInterrupt
        return thorough()

    with pytest.raises(KeyboardInterrupt):
        mutation_score(interrupted, mg.exp)
    assert lookup(mg.exp).run is rule


def test_the_report_is_a_table_in_text_and_html():
    score = mutation_score(naive, mg.exp)
    rows = score.table()
    assert len(rows) == score.total + len(score.unchanged)
    assert {row["outcome"] for row in rows} == {"survived", "unchanged", "killed"}
    assert rows[0]["mutant"] == "ignored upstream"
    lines = str(score).splitlines()
    survivors = [line for line in lines if line.startswith("  exp by x") and "upstream" in line]
    assert len(survivors) == 4
    assert len({line.index("the upstream gradient") for line in survivors}) == 1
    assert "<td>ignored upstream</td>" in score._repr_html_()


def test_if_no_mutant_makes_a_difference_the_score_is_not_a_number():
    def flat():
        x = mg.tensor(VECTOR, requires_grad=True)
        (found,) = mg.grad(mg.floor(x), [x], VECTOR)
        return not found.numpy().any()

    score = mutation_score(flat, mg.floor)
    assert np.isnan(score.score)
    assert not score
