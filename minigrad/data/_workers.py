"""Threads that work ahead."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

_NAME = "minigrad-data"


def ahead(
    function: Callable[[Task], Result], tasks: Iterable[Task], workers: int, count: int
) -> Iterator[Result]:
    """Yield the results of tasks in their order, while threads work on the next `count` ones.

    An error of a task, or of what gives the tasks, is raised where its result would come. The
    threads end with the iterator, also when it is left early.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix=_NAME)
    pending: deque[Future[Result]] = deque()

    def submitted() -> Iterator[Future[Result]]:
        try:
            for task in tasks:
                yield pool.submit(function, task)
        except Exception as error:  # of the tasks: it comes after the results of those before it
            failed: Future[Result] = Future()
            failed.set_exception(error)
            yield failed

    try:
        for future in submitted():
            pending.append(future)
            if len(pending) > count:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        # The garbage collector may close this in a worker, which cannot wait for itself.
        in_worker = threading.current_thread().name.startswith(_NAME)
        pool.shutdown(wait=not in_worker, cancel_futures=True)
