"""Networks: modules with parameters, and the functions that they apply.

Layers take tensors and arrays. Those with parameters convert an input to the parameters' dtype and
return a tensor; those without are functions, and return an array for an array.
"""

from . import functional as functional
from . import init as init
from .activations import ReLU as ReLU
from .channel_normalization import BatchNorm1d as BatchNorm1d
from .channel_normalization import BatchNorm2d as BatchNorm2d
from .channel_normalization import BatchNorm3d as BatchNorm3d
from .channel_normalization import InstanceNorm1d as InstanceNorm1d
from .channel_normalization import InstanceNorm2d as InstanceNorm2d
from .channel_normalization import InstanceNorm3d as InstanceNorm3d
from .containers import Sequential as Sequential
from .convolution import Conv2d as Conv2d
from .dropout import AlphaDropout as AlphaDropout
from .dropout import Dropout as Dropout
from .dropout import Dropout1d as Dropout1d
from .dropout import Dropout2d as Dropout2d
from .dropout import Dropout3d as Dropout3d
from .flatten import Flatten as Flatten
from .linear import Linear as Linear
from .module import Module as Module
from .normalization import GroupNorm as GroupNorm
from .normalization import LayerNorm as LayerNorm
from .normalization import LocalResponseNorm as LocalResponseNorm
from .normalization import RMSNorm as RMSNorm
from .parameter import Buffer as Buffer
from .parameter import Parameter as Parameter
from .pooling import MaxPool2d as MaxPool2d
