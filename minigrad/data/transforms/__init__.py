"""Changes of images and labels: plain callables on NumPy arrays.

An image has the shape (C, H, W), and most work on a batch (..., C, H, W) alike. Nothing is written
to what comes in. Random ones decide for each image of a batch by itself. They draw from `rng`: a
`numpy.random.Generator` or a seed, by default the generator that `minigrad.manual_seed` restarts;
but while a `minigrad.data.DataLoader` makes a batch, from the generator it has for that batch (see
`minigrad.data.item_generator`), so that an epoch is the same with any number of workers.
"""

from ._labels import OneHot as OneHot
from ._places import CenterCrop as CenterCrop
from ._places import Pad as Pad
from ._random import RandomCrop as RandomCrop
from ._random import RandomErasing as RandomErasing
from ._random import RandomHorizontalFlip as RandomHorizontalFlip
from ._random import RandomVerticalFlip as RandomVerticalFlip
from ._values import Compose as Compose
from ._values import Normalize as Normalize
from ._values import ToFloat as ToFloat
