"""Print what `import minigrad` costs beside `import numpy`.

Run it at the root as ``python tests/benchmarks/import_time.py``. The target is a ratio of at most
1.3. Each import runs in a new process and times itself, so that starting Python does not count; the
two alternate, so that a busy machine slows both.
"""

import os
import statistics
import subprocess
import sys

ROUNDS = 30
PROGRAM = """
from time import perf_counter
start = perf_counter()
import {module}
print(perf_counter() - start)
"""
# An installed package has its byte code on disk, so let the warm-up write it.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def seconds(module: str) -> float:
    program = PROGRAM.format(module=module)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return float(done.stdout)


seconds("minigrad")  # the warm-up
rounds = [(seconds("numpy"), seconds("minigrad")) for _ in range(ROUNDS)]
for module, times in zip(("numpy", "minigrad"), zip(*rounds, strict=True), strict=True):
    print(f"import {module:9} {1000 * statistics.median(times):6.1f} ms")
ratio = statistics.median(minigrad / numpy for numpy, minigrad in rounds)
print(f"minigrad / numpy {ratio:6.2f}")
