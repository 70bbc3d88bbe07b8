"""Schedules: how learning rates change from epoch to epoch.

A schedule is made with an optimiser and sets its rates for epoch 0. Call its `step` after each
epoch (or after each minibatch, if its settings count minibatches), behind the optimiser's. In the
other order nothing breaks and nothing warns: all rates come one step too soon.

A schedule keeps numbers alone; its `state_dict` goes into a checkpoint beside the optimiser's,
which has the rates.

Examples
--------
Warm-up, and then a decay:

>>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=1.0)
>>> schedule = mg.optim.lr_scheduler
>>> scheduler = schedule.SequentialLR(
...     optimizer,
...     [
...         schedule.LinearLR(optimizer, start_factor=0.25, total_iters=3),
...         schedule.CosineAnnealingLR(optimizer, T_max=4),
...     ],
...     milestones=[3],
... )
>>> for epoch in range(7):
...     optimizer.step()
...     print(round(scheduler.get_last_lr()[0], 3), end=" ")
...     scheduler.step()
0.25 0.5 0.75 1.0 0.854 0.5 0.146
"""

from .combinations import ChainedScheduler as ChainedScheduler
from .combinations import SequentialLR as SequentialLR
from .cosine import CosineAnnealingLR as CosineAnnealingLR
from .cosine import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from .cycles import CyclicLR as CyclicLR
from .cycles import OneCycleLR as OneCycleLR
from .factors import ConstantLR as ConstantLR
from .factors import ExponentialLR as ExponentialLR
from .factors import LinearLR as LinearLR
from .factors import MultiStepLR as MultiStepLR
from .factors import PolynomialLR as PolynomialLR
from .factors import StepLR as StepLR
from .functions import LambdaLR as LambdaLR
from .functions import MultiplicativeLR as MultiplicativeLR
from .plateau import ReduceLROnPlateau as ReduceLROnPlateau
from .scheduler import LRScheduler as LRScheduler
