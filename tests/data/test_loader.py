import gc
import threading
import time
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    MapDataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    batches,
    transforms,
)

x = np.arange(20.0).reshape(10, 2)
y = np.arange(10)
WORKERS = [0, 1, 3]


def workers_alive():
    return [thread for thread in threading.enumerate() if thread.name.startswith("minigrad-data")]


def as_lists(loader):
    return [tuple(np.asarray(part).tolist() for part in batch) for batch in loader]


class Items(Dataset):
    """Rows without the short cut that a TensorDataset has."""

    def __len__(self):
        return len(y)

    def __getitem__(self, index):
        return x[index], y[index]


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("data", [Items(), TensorDataset(x, y), Subset(Items(), range(10))])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [1, 4, 10, 11])
def test_it_gives_what_batches_gives(data, workers, batch_size, drop_last):
    settings = {"batch_size": batch_size, "drop_last": drop_last, "shuffle": False}
    loader = DataLoader(data, num_workers=workers, **settings)
    expected = batches(x, y, **settings)
    assert as_lists(loader) == as_lists(expected)
    assert len(loader) == len(expected) == len(list(loader))


def test_with_a_seed_it_shuffles_as_batches_does():
    loader = DataLoader(TensorDataset(x, y), 4, shuffle=True, rng=7)
    expected = batches(x, y, batch_size=4, rng=7)
    for _ in range(3):
        assert as_lists(loader) == as_lists(expected)


@pytest.mark.parametrize("data", [TensorDataset(x, y), Subset(TensorDataset(x, y), [3, 1, 4])])
def test_the_short_cut_gives_what_single_items_give(data):
    whole = DataLoader(data, 2, shuffle=True, rng=0)
    single = DataLoader(data, 2, shuffle=True, rng=0, collate_fn=mg.data.default_collate)
    assert as_lists(whole) == as_lists(single)


def test_a_derived_class_keeps_its_own_items():
    class Negative(TensorDataset):
        def __getitem__(self, index):
            return -super().__getitem__(index)[0]

    (batch,) = DataLoader(Negative(y), 10)
    np.testing.assert_array_equal(batch, -y)


def test_batches_are_copies():
    data = TensorDataset(x.copy())
    for (batch,) in DataLoader(data, 5):
        batch[...] = -1
    np.testing.assert_array_equal(data.tensors[0], x)


def test_an_array_or_a_list_is_a_data_set():
    assert [batch.tolist() for batch in DataLoader(y, 6)] == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9]]
    assert [batch.tolist() for batch in DataLoader([5, 6, 7], 2)] == [[5, 6], [7]]
    assert list(DataLoader("abc", 2)) == [["a", "b"], ["c"]]


def test_no_batch_axis():
    items = list(DataLoader(Items(), None))
    assert len(items) == len(DataLoader(Items(), None)) == 10
    np.testing.assert_array_equal(items[3][0], x[3])
    assert list(DataLoader([1, 2], None, collate_fn=str)) == ["1", "2"]


def test_samplers():
    assert list(DataLoader("abcd", 2, sampler=[3, 0, 3])) == [["d", "a"], ["d"]]
    lists = [[0], [3, 2, 1]]
    loader = DataLoader("abcd", batch_sampler=lists)
    assert list(loader) == [["a"], ["d", "c", "b"]]
    assert len(loader) == 2
    weighted = WeightedRandomSampler([0, 0, 1.0], 4)
    assert list(DataLoader("abc", 4, sampler=weighted)) == [["c"] * 4]
    in_batches = BatchSampler(range(3), 2, False)
    assert as_lists(DataLoader(TensorDataset(y), batch_sampler=in_batches)) == [([0, 1],), ([2],)]


def test_an_epoch_is_drawn_when_its_loop_starts():
    rng = np.random.default_rng(0)
    loader = DataLoader(Items(), 4, shuffle=True, rng=rng)
    list(loader)
    state = rng.bit_generator.state
    second = as_lists(loader)
    rng.bit_generator.state = state
    epoch = iter(loader)
    rng.random(100)  # what others draw meanwhile changes nothing
    assert as_lists(epoch) == second


def test_the_global_seed_fixes_the_epochs():
    loader = DataLoader(Items(), 3, shuffle=True)
    mg.manual_seed(4)
    first = as_lists(loader) + as_lists(loader)
    mg.manual_seed(4)
    assert as_lists(loader) + as_lists(loader) == first


images = np.random.default_rng(0).random((12, 1, 8, 8))


class Augmented(Dataset):
    def __init__(self):
        self.transform = transforms.Compose(
            [
                transforms.RandomCrop(6, padding=2, rng=5),
                transforms.RandomHorizontalFlip(),
                transforms.RandomErasing(),
            ]
        )

    def __len__(self):
        return len(images)

    def __getitem__(self, index):
        time.sleep(0.001 * (index % 3))  # so that batches do not end in the order they begin
        return self.transform(images[index]), mg.data.item_generator().random()


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_random_transforms_do_not_depend_on_the_workers(workers):
    alone = DataLoader(Augmented(), 2, shuffle=True, rng=3)
    helped = DataLoader(Augmented(), 2, shuffle=True, rng=3, num_workers=workers)
    first = as_lists(alone)
    assert as_lists(helped) == first
    second = as_lists(alone)
    assert second != first
    assert as_lists(helped) == second


def test_what_the_loop_draws_does_not_change_what_items_draw():
    def epoch(workers, draws):
        mg.manual_seed(0)
        found = []
        for batch in DataLoader(Augmented(), 2, num_workers=workers):
            mg.random.generator().random(draws)
            found.append(batch[0])
        return np.concatenate(found)

    np.testing.assert_array_equal(epoch(0, 0), epoch(0, 7))
    np.testing.assert_array_equal(epoch(0, 0), epoch(2, 7))


def test_a_collate_fn_draws_from_the_batch_too():
    def flip_batch(items):
        return transforms.RandomHorizontalFlip()(np.stack(items))

    found = [
        np.concatenate(
            list(DataLoader(images, 4, collate_fn=flip_batch, rng=1, num_workers=workers))
        )
        for workers in WORKERS
    ]
    assert not np.array_equal(found[0], images)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("workers", WORKERS)
def test_a_random_stream_does_not_depend_on_the_workers(workers):
    class Noise(IterableDataset):
        def __iter__(self):
            start = mg.data.item_generator().random()
            for _ in range(7):
                yield start + mg.data.item_generator().random()

    expected = [batch.tolist() for batch in DataLoader(Noise(), 2, rng=2)]
    loader = DataLoader(Noise(), 2, rng=2, num_workers=workers)
    assert [batch.tolist() for batch in loader] == expected
    assert [batch.tolist() for batch in loader] != expected


class Faulty(Dataset):
    def __init__(self):
        self.asked = []

    def __len__(self):
        return 1000

    def __getitem__(self, index):
        self.asked.append(index)
        if index == 7:
            raise KeyError("what went wrong")
        return index


@pytest.mark.parametrize("workers", WORKERS)
def test_an_error_comes_in_its_turn_with_the_index(workers):
    data = Faulty()
    seen = []
    with pytest.raises(KeyError, match="what went wrong") as caught:
        seen.extend(
            int(item) for batch in DataLoader(data, 3, num_workers=workers) for item in batch
        )
    assert seen == [0, 1, 2, 3, 4, 5]
    assert caught.value.__notes__ == ["DataLoader: raised by item 7 of the Faulty"]
    assert not workers_alive()
    assert len(data.asked) < 40


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("kind", ["sampler", "stream"])
def test_an_error_of_what_gives_the_items_comes_in_its_turn(kind, workers):
    def four():
        yield from range(4)
        raise OSError("the source broke")

    class Stream(IterableDataset):
        def __iter__(self):
            return four()

    if kind == "stream":
        loader = DataLoader(Stream(), 1, num_workers=workers)
    else:
        loader = DataLoader(np.arange(9), 1, sampler=four(), num_workers=workers)
    seen = []
    with pytest.raises(OSError, match="the source broke"):
        seen.extend(int(item) for batch in loader for item in batch)
    assert seen == [0, 1, 2, 3]
    assert not workers_alive()


@pytest.mark.parametrize("workers", WORKERS)
def test_an_item_that_raises_stop_iteration_does_not_end_the_epoch_quietly(workers):
    data = MapDataset([1, 2, 3], lambda item: next(iter([])))
    with pytest.raises(RuntimeError):
        list(DataLoader(data, num_workers=workers))


def test_a_loop_that_is_left_early_stops_its_workers():
    data = Faulty()
    for _ in DataLoader(data, 1, num_workers=3, prefetch_factor=1):
        assert workers_alive()
        break
    gc.collect()
    assert not workers_alive()
    asked = len(data.asked)
    assert asked <= 5
    time.sleep(0.02)
    assert len(data.asked) == asked


def test_a_loop_that_raises_stops_its_workers():
    with pytest.raises(ZeroDivisionError):
        [1 // int(batch[0]) for batch in DataLoader(list(range(9)), 1, num_workers=2)]
    gc.collect()
    assert not workers_alive()


def test_a_worker_that_closes_an_iterator_does_not_wait_for_itself():
    # As the garbage collector may do it in any thread.
    class Closing(Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            epochs.pop().close() if epochs else None
            return index

    epochs = []
    waiting = iter(DataLoader(y, 1, num_workers=1))
    next(waiting)
    epochs.append(waiting)
    assert len(list(DataLoader(Closing(), 1, num_workers=1))) == 4


def test_only_so_many_batches_are_prepared_ahead():
    data = Faulty()
    epoch = iter(DataLoader(data, 1, num_workers=2, prefetch_factor=2))
    next(epoch)
    deadline = time.monotonic() + 10
    while len(data.asked) < 5 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert len(data.asked) == 5  # the one that came, and two for each worker
    epoch.close()


def test_workers_work_at_the_same_time():
    meeting = threading.Barrier(3, timeout=10)

    class Together(Dataset):
        def __len__(self):
            return 6

        def __getitem__(self, index):
            meeting.wait()
            return index

    assert len(list(DataLoader(Together(), 1, num_workers=3))) == 6


@pytest.mark.parametrize("workers", WORKERS)
@pytest.mark.parametrize("make", [TensorDataset, lambda t: [(t[0],)]])
def test_workers_record_as_the_loop_does(make, workers):
    data = make(mg.tensor(x, requires_grad=True))
    for (batch,) in DataLoader(data, 10, num_workers=workers):
        assert batch.requires_grad
    with mg.no_grad():
        for (batch,) in DataLoader(data, 10, num_workers=workers):
            assert not batch.requires_grad


def test_a_finished_epoch_keeps_no_batch():
    class Big(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return np.zeros(5)

    loader = DataLoader(Big(), 1, num_workers=2)
    batch = None
    kept = []
    for batch in loader:
        kept.append(weakref.ref(batch))
    del batch
    gc.collect()
    assert all(reference() is None for reference in kept)


def test_two_loops_over_one_loader():
    loader = DataLoader(y, 5, num_workers=1)
    pairs = [(int(a[0]), int(b[0])) for a in loader for b in loader]
    assert pairs == [(0, 0), (0, 5), (5, 0), (5, 5)]


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "DataLoader: batch_size must be at least 1, got 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size must be an integer"),
        ({"num_workers": -1}, ValueError, "num_workers must be at least 0"),
        ({"num_workers": None}, TypeError, "num_workers must be an integer"),
        ({"prefetch_factor": 0}, ValueError, "prefetch_factor must be at least 1"),
        ({"collate_fn": 3}, TypeError, "collate_fn must be a function"),
        ({"sampler": [0], "shuffle": True}, ValueError, "in place of shuffle"),
        ({"batch_sampler": [[0]], "batch_size": 2}, ValueError, "in place of batch_size"),
        ({"batch_sampler": [[0]], "shuffle": True}, ValueError, "in place of batch_size"),
        ({"batch_sampler": [[0]], "sampler": [0]}, ValueError, "in place of batch_size"),
        ({"batch_sampler": [[0]], "drop_last": True}, ValueError, "in place of batch_size"),
        ({"batch_size": None, "drop_last": True}, ValueError, "no last batch to drop"),
        ({"rng": -1}, ValueError, "seed of at least 0"),
        ({"rng": "0"}, TypeError, "rng must be"),
        ({"batch_size": y}, TypeError, r"one data set, .* wrap them as TensorDataset\(x, y\)"),
        ({"dataset": (x, y)}, TypeError, r"wrap them as TensorDataset\(x, y\), or pass a list if"),
        ({"dataset": 5}, TypeError, "which int has not; wrap arrays as TensorDataset"),
        ({"dataset": (i for i in y)}, TypeError, "which generator has not"),
    ],
)
def test_impossible_settings(settings, error, message):
    with pytest.raises(error, match=message):
        DataLoader(**{"dataset": y} | settings)


def test_shapes_that_differ_are_an_error_of_the_batch():
    data = [np.ones(2), np.ones(3)]
    with pytest.raises(ValueError, match="cannot be stacked; crop or pad"):
        list(DataLoader(data, 2))
    assert [len(items) for items in DataLoader(data, 2, collate_fn=list)] == [2]
