"""What training a model is made of, in minigrad and in PyTorch, in one run.

Run it at the root as ``python tests/benchmarks/training.py``, or quickly with ``--rounds 2``: steps
of a dense network and of a LeNet, recurrent layers over 50 steps, and optimisers of a million
parameters, each as its own benchmark times it.
"""

import networks
import optimizers
import recurrent

if __name__ == "__main__":
    for benchmark in (networks, recurrent, optimizers):
        benchmark.main()
