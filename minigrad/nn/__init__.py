"""Networks: modules with parameters, and the functions that they apply.

Layers take tensors and arrays. Those with parameters convert an input to the parameters' dtype and
return a tensor; those without are functions, and return an array for an array.
"""

from . import functional as functional
from . import init as init
from .activations import ReLU as ReLU
from .containers import Sequential as Sequential
from .convolution import Conv2d as Conv2d
from .flatten import Flatten as Flatten
from .linear import Linear as Linear
from .module import Module as Module
from .parameter import Buffer as Buffer
from .parameter import Parameter as Parameter
from .pooling import MaxPool2d as MaxPool2d
from .resizing import ChannelShuffle as ChannelShuffle
from .resizing import PixelShuffle as PixelShuffle
from .resizing import PixelUnshuffle as PixelUnshuffle
from .resizing import Upsample as Upsample
from .resizing import UpsamplingBilinear2d as UpsamplingBilinear2d
from .resizing import UpsamplingNearest2d as UpsamplingNearest2d
