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
