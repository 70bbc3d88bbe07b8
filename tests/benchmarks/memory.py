"""Peak memory of a training step, and of a convolution whose columns would not fit.

Run it at the root as ``python tests/benchmarks/memory.py``; it takes minutes. Every line is
measured in a new process, since a process has one peak for all its life. It prints, in MB of 10**6
bytes:

- for three training steps of the LeNet of `networks.py`, by how much they raised the peak of
  resident memory, in minigrad and in PyTorch; for minigrad also what Python's `tracemalloc` saw at
  most;
- for a convolution whose columns would be more than 8 GiB, forward and backward, the same beyond
  its inputs and outputs. The exit status is 1 if this is more than 2 GiB.
"""

import math
import subprocess
import sys
from collections.abc import Callable

MB, GIB = 10**6, 1 << 30
BOUND = 2 * GIB
# (N, C, H, W), filters, and their size; the padding keeps H and W.
IMAGE, FILTERS, SIZE = (56, 64, 112, 112), 64, 7
COLUMNS = 4 * math.prod(IMAGE) * SIZE**2
STEPS = 3


def resident() -> int:
    """Return the largest resident memory of the process so far, in bytes."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def rise(work: Callable[[], object], traced: bool) -> int:
    """Return by how many bytes `work` raises the peak, of what Python traces or is resident."""
    if traced:
        import tracemalloc

        import minigrad as mg

        mg.set_buffer_budget(0)  # what is kept is no array of Python's
        tracemalloc.start()
        work()
        return tracemalloc.get_traced_memory()[1]
    before = resident()
    work()
    return resident() - before


# What a new process does


def lenet(library: str, traced: bool) -> int:
    """Return the rise of the peak during training steps."""
    from networks import WORK, with_minigrad, with_torch

    work = WORK["LeNet"]
    step = with_minigrad(work) if library == "minigrad" else with_torch(work)[0]
    return rise(lambda: [step() for _ in range(STEPS)], traced)


def convolution(traced: bool) -> int:
    """Return the rise of the peak during a large convolution, without its outputs."""
    import numpy as np

    import minigrad as mg

    rng = np.random.default_rng(0)

    def normal(*shape: int) -> mg.Tensor:
        return mg.tensor(rng.standard_normal(shape, np.float32), requires_grad=True)

    x, weight = normal(*IMAGE), normal(FILTERS, IMAGE[1], SIZE, SIZE)
    g = mg.ones((IMAGE[0], FILTERS, *IMAGE[2:]), dtype=np.float32)
    outputs: list[mg.Tensor] = []

    def work() -> None:
        out = mg.conv2d(x, weight, padding=SIZE // 2)
        outputs.extend((out, *mg.grad(out, (x, weight), g)))

    peak = rise(work, traced)
    return peak - sum(array.nbytes for array in outputs)


def in_new_process(*arguments: str) -> int:
    """Return what this script prints with arguments."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout)


def main() -> int:
    print(f"the peak of {STEPS} training steps of LeNet, batch 64, above what was there before")
    print(f"  minigrad  {in_new_process('lenet', 'minigrad', 'resident') / MB:8.1f} MB resident")
    print(f"  minigrad  {in_new_process('lenet', 'minigrad', 'traced') / MB:8.1f} MB traced")
    try:
        print(f"  torch     {in_new_process('lenet', 'torch', 'resident') / MB:8.1f} MB resident")
    except subprocess.CalledProcessError:
        print("  torch cannot be run: pip install '.[bench]'")
    print(
        f"conv2d {'x'.join(map(str, IMAGE))} to {FILTERS}, {SIZE}x{SIZE}, forward and backward: "
        f"its columns would be {COLUMNS / GIB:.2f} GiB\n"
        f"the peak beyond inputs and outputs, which may be {BOUND / MB:.1f} MB"
    )
    peaks = {kind: in_new_process("convolution", kind) for kind in ("resident", "traced")}
    for kind, peak in peaks.items():
        verdict = "" if peak <= BOUND else "   TOO MUCH"
        print(f"  minigrad  {peak / MB:8.1f} MB {kind}{verdict}")
    return int(max(peaks.values()) > BOUND)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["lenet", library, kind]:
            print(lenet(library, kind == "traced"))
        case ["convolution", kind]:
            print(convolution(kind == "traced"))
        case _:
            sys.exit(main())
