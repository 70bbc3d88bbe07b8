import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad.random import generator


def test_the_same_seed_gives_the_same_numbers():
    mg.manual_seed(3)
    first = generator().standard_normal(5)
    mg.manual_seed(3)
    np.testing.assert_array_equal(generator().standard_normal(5), first)
    mg.manual_seed(4)
    assert not np.array_equal(generator().standard_normal(5), first)


def test_manual_seed_gives_the_numbers_of_numpys_generator_of_that_seed():
    mg.manual_seed(3)
    expected = np.random.default_rng(3).standard_normal(5)
    np.testing.assert_array_equal(generator().standard_normal(5), expected)


def test_whoever_holds_the_shared_generator_sees_it_restart():
    held = generator()
    mg.manual_seed(3)
    first = held.random()
    mg.manual_seed(3)
    assert held.random() == first
    assert generator() is held


def test_a_generator_is_returned_as_it_is_and_draws_nothing():
    mine = np.random.default_rng(5)
    before = copy.deepcopy(mine.bit_generator.state)
    assert generator(mine) is mine
    assert mine.bit_generator.state == before


@pytest.mark.parametrize("seed", [0, 7, np.int64(7)])
def test_a_seed_gives_a_new_generator_and_leaves_the_shared_one_alone(seed):
    shared = copy.deepcopy(generator().bit_generator.state)
    one, other = generator(seed), generator(seed)
    assert one is not other
    assert one.random() == other.random() == np.random.default_rng(seed).random()
    assert generator().bit_generator.state == shared


def test_numpys_global_state_is_neither_read_nor_changed():
    np.random.seed(0)  # noqa: NPY002 - the old global state is what this test is about
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    mg.manual_seed(1)
    generator().random(10)
    np.testing.assert_array_equal(np.random.random(3), expected)  # noqa: NPY002


@pytest.mark.parametrize("wrong", [1.5, "0", [1, 2], np.random.RandomState(0)])
def test_what_is_no_source_of_randomness_is_refused(wrong):
    with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator, .* type "):
        generator(wrong)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed of at least 0 or None, not -1"):
        generator(-1)
    with pytest.raises(ValueError, match=r"manual_seed: seed must be .* at least 0, not -1"):
        mg.manual_seed(-1)


@pytest.mark.parametrize("wrong", [None, 0.5, "0"])
def test_manual_seed_wants_an_integer(wrong):
    with pytest.raises(TypeError, match="manual_seed: seed must be an integer"):
        mg.manual_seed(wrong)


# Tensors of random numbers


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (lambda r: r.standard_normal((2, 3), rng=3), lambda g: g.standard_normal((2, 3))),
        (
            lambda r: r.standard_normal(4, np.float32, rng=3),
            lambda g: g.standard_normal(4, np.float32),
        ),
        (lambda r: r.standard_normal(rng=3), lambda g: np.asarray(g.standard_normal())),
        (lambda r: r.normal(1, 2, (2, 3), rng=3), lambda g: g.normal(1, 2, (2, 3))),
        (lambda r: r.normal([1, 2], [[3], [4]], rng=3), lambda g: g.normal([1, 2], [[3], [4]])),
        (lambda r: r.uniform(-1, 3, 5, rng=3), lambda g: g.uniform(-1, 3, 5)),
        (lambda r: r.integers(10, size=4, rng=3), lambda g: g.integers(10, size=4)),
        (
            lambda r: r.integers(-5, 5, (2, 2), np.int8, True, rng=3),
            lambda g: g.integers(-5, 5, (2, 2), np.int8, True),
        ),
        (lambda r: r.permutation(5, rng=3), lambda g: g.permutation(5)),
        (lambda r: r.choice(5, 3, False, rng=3), lambda g: g.choice(5, 3, False)),
        (
            lambda r: r.choice([1.5, 2.5], 4, p=[0.1, 0.9], rng=3),
            lambda g: g.choice([1.5, 2.5], 4, p=[0.1, 0.9]),
        ),
        (
            lambda r: r.choice(np.arange(6.0).reshape(2, 3), 2, axis=1, rng=3),
            lambda g: g.choice(np.arange(6.0).reshape(2, 3), 2, axis=1),
        ),
    ],
)
def test_the_numbers_are_those_of_numpys_generator(draw, expected):
    drawn, numbers = draw(mg.random), expected(np.random.default_rng(3))
    assert type(drawn) is mg.Tensor
    assert drawn.dtype == numbers.dtype
    assert drawn.shape == numbers.shape
    np.testing.assert_allclose(drawn.numpy(), numbers, rtol=1e-15)


def test_without_rng_the_shared_generator_draws():
    mg.manual_seed(3)
    first = mg.random.normal(size=3)
    assert first.tolist() != mg.random.normal(size=3).tolist()
    mg.manual_seed(3)
    assert first.tolist() == mg.random.normal(size=3).tolist()


@pytest.mark.parametrize("draw", [mg.random.normal, mg.random.uniform])
def test_the_dtype_is_that_of_the_parameters(draw):
    one = mg.tensor([1.0, 2.0], np.float32)
    assert draw(0, 1).dtype == np.float64
    assert draw(one, 3.0).dtype == np.float32
    assert draw(mg.tensor(1), 2).dtype == np.float64
    assert draw(0, 1, 3, np.float16).dtype == np.float16
    assert draw(np.zeros(2), 1, dtype=np.float32).dtype == np.float32


def test_normal_has_its_mean_and_deviation():
    x = mg.random.normal(mg.tensor([0.0, 5.0]), mg.tensor([1.0, 0.1]), (20000, 2), rng=0).numpy()
    np.testing.assert_allclose(x.mean(0), [0, 5], atol=0.03)
    np.testing.assert_allclose(x.std(0), [1, 0.1], rtol=0.03)


def test_bernoulli_is_true_with_its_probability():
    p = mg.tensor([0.0, 0.3, 1.0])
    x = mg.random.bernoulli(p, (20000, 3), rng=0)
    assert x.dtype == bool
    np.testing.assert_allclose(x.numpy().mean(0), p.numpy(), atol=0.01)
    assert mg.random.bernoulli(p).shape == (3,)
    assert set(mg.random.bernoulli(0.5, 50, np.float32).tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_a_permutation_sends_gradients_back_to_where_elements_were(axis):
    x = mg.arange(6.0, requires_grad=True).reshape(2, 3)
    weights = np.arange(6.0).reshape(2, 3)
    shuffled = mg.random.permutation(x, axis, rng=1)
    (found,) = mg.grad((shuffled * weights).sum(), x)
    order = np.argsort(shuffled.numpy().ravel())
    np.testing.assert_array_equal(found.numpy().ravel(), weights.ravel()[order])
    np.testing.assert_array_equal(np.sort(shuffled.numpy().ravel()), np.arange(6.0))


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda t: mg.random.bernoulli(t), TypeError, r"^bernoulli: .* 'p', .*t\.detach\(\)"),
        (lambda t: mg.random.choice(2, p=t), TypeError, r"^choice: .* 'p', .*t\.detach\(\)"),
        (lambda t: mg.random.bernoulli(1.5), ValueError, "^bernoulli: p must be from 0 to 1"),
        (lambda t: mg.random.bernoulli(np.nan), ValueError, "^bernoulli: p must be from 0 to 1"),
        (lambda t: mg.random.normal(0, -t), ValueError, "^normal: scale must be at least 0"),
        (lambda t: mg.random.normal(t, 1, 3), ValueError, r"^normal: .*\(2,\), .* size \(3,\)"),
        (lambda t: mg.random.uniform(t, 1, ()), ValueError, r"^uniform: .*\(2,\), .* size \(\)"),
        (lambda t: mg.random.uniform(dtype=int), TypeError, "floating, not int64"),
        (lambda t: mg.random.permutation(t, 1), IndexError, "^permutation: axis 1 is out of"),
    ],
)
def test_a_mistake_in_a_draw_is_named(draw, error, message):
    with pytest.raises(error, match=message):
        draw(mg.tensor([0.5, 0.5], requires_grad=True))


def test_bounds_of_integers_are_not_differentiable():
    with pytest.raises(TypeError, match=r"^integers: a draw has no derivative by 'low'"):
        mg.random.integers(mg.tensor(3.0, requires_grad=True))


BIT_GENERATORS = [
    np.random.PCG64,
    np.random.PCG64DXSM,
    np.random.MT19937,
    np.random.Philox,
    np.random.SFC64,
]


@pytest.mark.parametrize("kind", BIT_GENERATORS, ids=lambda kind: kind.__name__)
def test_a_generator_continues_from_its_state(kind, tmp_path):
    rng = np.random.Generator(kind(3))
    rng.integers(5, size=3, dtype=np.int32)  # half of 64 bits may be left over
    state = mg.random.get_state(rng)
    mg.save(state, tmp_path / "state.npz")
    first = rng.integers(2**31, size=5, dtype=np.int32)
    other = np.random.Generator(kind(4))
    for same in (state, mg.load(tmp_path / "state.npz")):
        mg.random.set_state(same, other)
        np.testing.assert_array_equal(other.integers(2**31, size=5, dtype=np.int32), first)


def test_the_shared_generator_continues_from_its_state():
    held = mg.random.generator()
    state = mg.random.get_state()
    first = mg.random.normal(size=4).numpy()
    mg.random.set_state(state)
    assert mg.random.generator() is held
    np.testing.assert_array_equal(mg.random.normal(size=4).numpy(), first)


@pytest.mark.parametrize("wrong", [{}, None, {"state": 1}, np.random.MT19937(0).state])
def test_another_state_is_refused_and_changes_nothing(wrong):
    before = mg.random.get_state()
    with pytest.raises(ValueError, match=r"^set_state: the generator is a PCG64, but this is the"):
        mg.random.set_state(wrong)
    with pytest.raises(ValueError, match=r"^set_state: the state is not whole"):
        mg.random.set_state({"bit_generator": "PCG64"})
    assert mg.random.get_state() == before
