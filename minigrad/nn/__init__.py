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
from .convolution import Conv1d as Conv1d
from .convolution import Conv2d as Conv2d
from .convolution import Conv3d as Conv3d
from .convolution import ConvTranspose1d as ConvTranspose1d
from .convolution import ConvTranspose2d as ConvTranspose2d
from .convolution import ConvTranspose3d as ConvTranspose3d
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
from .padding import CircularPad1d as CircularPad1d
from .padding import CircularPad2d as CircularPad2d
from .padding import CircularPad3d as CircularPad3d
from .padding import ConstantPad1d as ConstantPad1d
from .padding import ConstantPad2d as ConstantPad2d
from .padding import ConstantPad3d as ConstantPad3d
from .padding import ReflectionPad1d as ReflectionPad1d
from .padding import ReflectionPad2d as ReflectionPad2d
from .padding import ReflectionPad3d as ReflectionPad3d
from .padding import ReplicationPad1d as ReplicationPad1d
from .padding import ReplicationPad2d as ReplicationPad2d
from .padding import ReplicationPad3d as ReplicationPad3d
from .padding import ZeroPad1d as ZeroPad1d
from .padding import ZeroPad2d as ZeroPad2d
from .padding import ZeroPad3d as ZeroPad3d
from .parameter import Buffer as Buffer
from .parameter import Parameter as Parameter
from .pooling import MaxPool2d as MaxPool2d
from .resizing import ChannelShuffle as ChannelShuffle
from .resizing import PixelShuffle as PixelShuffle
from .resizing import PixelUnshuffle as PixelUnshuffle
from .resizing import Upsample as Upsample
from .resizing import UpsamplingBilinear2d as UpsamplingBilinear2d
from .resizing import UpsamplingNearest2d as UpsamplingNearest2d
