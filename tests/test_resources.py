"""Threads and memory that kernels may use: settings, and that results do not depend on them."""

import multiprocessing
import subprocess
import sys
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad import resources
from minigrad.resources import in_parallel


@pytest.fixture(autouse=True)
def as_before():
    threads, budget = mg.get_num_threads(), mg.get_column_budget()
    yield
    mg.set_num_threads(threads)
    mg.set_column_budget(budget)


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_every_part_is_worked_on_once(threads):
    mg.set_num_threads(threads)
    done = []
    in_parallel(done.append, range(20))
    assert sorted(done) == list(range(20))


def test_parts_are_shared_among_threads():
    mg.set_num_threads(2)
    both = threading.Barrier(2, timeout=10)
    in_parallel(lambda part: both.wait(), [0, 1])  # alone, either would wait in vain


@pytest.mark.parametrize("failing", [0, 1])
def test_an_error_in_a_thread_is_raised(failing):
    mg.set_num_threads(2)

    def work(part):
        if part == failing:
            raise ValueError("of this part")

    with pytest.raises(ValueError, match="of this part"):
        in_parallel(work, [0, 1])


def test_threads_have_the_callers_settings_for_floating_point_errors():
    mg.set_num_threads(3)
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        in_parallel(lambda x: np.multiply(x, x), [np.ones(1), np.ones(1), np.full(1, 1e300)])


def convolved():
    x = mg.tensor(np.random.default_rng(0).normal(size=(16, 8, 40, 40)), requires_grad=True)
    weight = mg.tensor(np.random.default_rng(1).normal(size=(4, 8, 3, 3)), requires_grad=True)
    y = mg.max_pool2d(mg.relu(mg.conv2d(x, weight, padding=1)), 2)
    return [part.numpy() for part in (y, *mg.grad((y * y).sum(), [x, weight]))]


def test_results_do_not_depend_on_the_number_of_threads():
    results = []
    for threads in (1, 2, 5):
        mg.set_num_threads(threads)
        results.append(convolved())
    for other in results[1:]:
        for ours, theirs in zip(results[0], other, strict=True):
            assert np.array_equal(ours, theirs)


def test_several_threads_may_convolve_at_once():
    mg.set_num_threads(2)
    expected, found = convolved(), []
    callers = [threading.Thread(target=lambda: found.append(convolved())) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(found) == 4
    for results in found:
        for ours, theirs in zip(results, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_kernels_work_when_no_thread_can_be_started_any_more():
    # After the main thread, and at exit, Python starts no thread.
    code = """
import atexit, threading
from minigrad.resources import in_parallel, set_num_threads

def work(name):
    done = []
    in_parallel(done.append, range(5))
    print(name, sorted(done))

set_num_threads(3)
atexit.register(work, "exit")
threading.Thread(target=lambda: (threading.main_thread().join(), work("thread"))).start()
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split("\n") == ["thread [0, 1, 2, 3, 4]", "exit [0, 1, 2, 3, 4]", ""]
    assert not found.stderr


@pytest.mark.parametrize("budget", [0, 1 << 30])
def test_types_do_not_depend_on_the_budget(budget):
    mg.set_column_budget(budget)
    images, weight = np.ones((3, 1, 8, 8), int), np.ones((4, 1, 3, 3), int)
    assert mg.conv2d(images, weight).dtype == int
    with_bias = mg.conv2d(images, weight, np.full(4, 0.5))
    assert with_bias.dtype == float
    assert np.all(with_bias == 9.5)


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork"
)
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    mg.set_num_threads(2)
    in_parallel(abs, [1, 2])  # the parent's threads run
    assert resources._pool is not None
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=in_parallel_in_child, args=(queue,))
    process.start()
    assert queue.get(timeout=60) == [10, 20]
    process.join()


def in_parallel_in_child(queue):
    done = {}
    in_parallel(lambda part: done.update({part: 10 * part}), [1, 2])
    queue.put([done[1], done[2]])


@pytest.mark.parametrize("budget", [0, 1000, 1 << 30])
def test_results_do_not_depend_on_the_budget(budget):
    expected = convolved()
    mg.set_column_budget(budget)
    for ours, theirs in zip(convolved(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_settings_out_of_range():
    with pytest.raises(ValueError, match=r"^set_num_threads: threads must be at least 1, got 0"):
        mg.set_num_threads(0)
    with pytest.raises(ValueError, match=r"^set_column_budget: size must be at least 0 bytes, got"):
        mg.set_column_budget(-1)
    with pytest.raises(TypeError):
        mg.set_num_threads(1.5)


@pytest.mark.parametrize(("asked", "threads"), [("3", 3), ("0", None), ("two", None)])
def test_the_environment_sets_the_number_of_threads(monkeypatch, asked, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    found = resources._cores()
    assert found == threads if threads else found >= 1
