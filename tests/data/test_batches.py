import numpy as np
import pytest

import minigrad as mg
from minigrad.data import batches

x = np.arange(20.0).reshape(10, 2)
y = np.arange(10)


def test_arrays_stay_together():
    for rows, labels in batches(x, y, batch_size=3):
        np.testing.assert_array_equal(rows, x[labels])


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [1, 3, np.int64(5), 10, 99])
def test_an_epoch_visits_everything_once(batch_size, shuffle):
    epoch = list(batches(y, batch_size=batch_size, shuffle=shuffle))
    np.testing.assert_array_equal(np.sort(np.concatenate(epoch)), y)
    assert all(len(batch) == batch_size for batch in epoch[:-1])


@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize("batch_size", [1, 3, 5, 9, 10, 11])
def test_len_is_the_number_of_batches(batch_size, drop_last):
    loader = batches(y, batch_size=batch_size, drop_last=drop_last)
    assert len(loader) == len(list(loader))


def test_drop_last_leaves_out_the_short_one():
    assert [len(batch) for batch in batches(y, batch_size=4)] == [4, 4, 2]
    assert [len(batch) for batch in batches(y, batch_size=4, drop_last=True)] == [4, 4]
    assert list(batches(y, batch_size=11, drop_last=True)) == []


def test_without_shuffle_the_order_is_kept():
    first, second = batches(y, batch_size=5, shuffle=False)
    np.testing.assert_array_equal(first, [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(second, [5, 6, 7, 8, 9])


def test_each_loop_is_an_epoch_with_a_new_order():
    loader = batches(y, batch_size=10)
    (first,), (second,) = loader, loader
    assert not np.array_equal(first, y)
    assert not np.array_equal(first, second)


def test_the_global_seed_fixes_the_orders():
    loader = batches(y, batch_size=10)
    mg.manual_seed(1)
    first = [*loader, *loader]
    mg.manual_seed(1)
    np.testing.assert_array_equal([*loader, *loader], first)


@pytest.mark.parametrize("rng", [5, np.int64(5)])
def test_a_seed_fixes_the_orders_and_leaves_the_global_generator_alone(rng):
    state = mg.random.generator().bit_generator.state
    first = list(batches(y, batch_size=10, rng=rng))
    np.testing.assert_array_equal(list(batches(y, batch_size=10, rng=rng)), first)
    assert mg.random.generator().bit_generator.state == state


def test_a_generator_is_drawn_from():
    rng = np.random.default_rng(5)
    (order,) = batches(y, batch_size=10, rng=rng)
    np.testing.assert_array_equal(order, np.random.default_rng(5).permutation(10))


def test_one_array_gives_batches_and_several_give_tuples():
    assert all(isinstance(batch, np.ndarray) for batch in batches(x, batch_size=4))
    assert all(isinstance(batch, tuple) for batch in batches(x, y, batch_size=4))
    assert {len(batch) for batch in batches(x, y, x, batch_size=4)} == {3}


def test_tensors_and_arrays_mix():
    t = mg.tensor(x, requires_grad=True)
    total = 0.0
    for rows, labels in batches(t, y, batch_size=4):
        assert isinstance(rows, mg.Tensor)
        np.testing.assert_array_equal(rows.detach().numpy(), x[labels])
        total = total + rows.sum()
    total.backward()
    np.testing.assert_array_equal(t.grad.numpy(), np.ones_like(x))


def test_shuffled_batches_are_copies():
    source = y.copy()
    for batch in batches(source, batch_size=4):
        batch[...] = -1
    np.testing.assert_array_equal(source, y)


def test_two_loops_over_one_object_do_not_disturb_each_other():
    loader = batches(y, batch_size=2)
    pairs = [(outer, inner) for outer in loader for inner in loader]
    assert len(pairs) == 25
    np.testing.assert_array_equal(np.sort(np.concatenate([a for a, _ in pairs[::5]])), y)


def test_nothing_gives_no_batches():
    empty = batches(np.empty((0, 2)), batch_size=3)
    assert len(empty) == 0
    assert list(empty) == []


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"batches: .* equal lengths, got \[10, 9\]"):
        batches(x, y[1:], batch_size=2)


@pytest.mark.parametrize("batch_size", [0, -3])
def test_a_batch_size_below_1_is_refused(batch_size):
    with pytest.raises(ValueError, match=f"batch_size must be at least 1, got {batch_size}"):
        batches(x, batch_size=batch_size)


@pytest.mark.parametrize("batch_size", [2.0, "2", None])
def test_a_batch_size_that_is_no_integer_is_refused(batch_size):
    with pytest.raises(TypeError, match="batch_size must be an integer, got"):
        batches(x, batch_size=batch_size)


def test_no_array_is_refused():
    with pytest.raises(TypeError, match="at least one array"):
        batches(batch_size=2)


def test_a_list_is_refused_with_the_remedy():
    with pytest.raises(TypeError, match="argument 1 is a list; make an array of it"):
        batches(x, [0] * 10, batch_size=2)
    with pytest.raises(TypeError, match=r"argument 0 is a tuple; .* pass several arrays"):
        batches((x, y), batch_size=2)
    with pytest.raises(TypeError, match="argument 0 is a int"):
        batches(3, batch_size=2)


def test_a_wrong_rng_is_refused_before_the_first_loop():
    with pytest.raises(TypeError, match="rng must be"):
        batches(x, batch_size=2, rng="0")
