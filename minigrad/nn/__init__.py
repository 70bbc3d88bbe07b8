"""Networks: modules with parameters, and the functions that they apply.

Layers take tensors and arrays. Those with parameters convert an input to the parameters' dtype and
return a tensor; those without are functions, and return an array for an array.
"""

from . import functional as functional
from . import init as init
from .activations import ReLU as ReLU
from .adaptive_pooling import AdaptiveAvgPool1d as AdaptiveAvgPool1d
from .adaptive_pooling import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from .adaptive_pooling import AdaptiveAvgPool3d as AdaptiveAvgPool3d
from .adaptive_pooling import AdaptiveMaxPool1d as AdaptiveMaxPool1d
from .adaptive_pooling import AdaptiveMaxPool2d as AdaptiveMaxPool2d
from .adaptive_pooling import AdaptiveMaxPool3d as AdaptiveMaxPool3d
from .averaging import AvgPool1d as AvgPool1d
from .averaging import AvgPool2d as AvgPool2d
from .averaging import AvgPool3d as AvgPool3d
from .averaging import LPPool1d as LPPool1d
from .averaging import LPPool2d as LPPool2d
from .averaging import LPPool3d as LPPool3d
from .containers import Sequential as Sequential
from .convolution import Conv2d as Conv2d
from .flatten import Flatten as Flatten
from .linear import Linear as Linear
from .module import Module as Module
from .parameter import Buffer as Buffer
from .parameter import Parameter as Parameter
from .pooling import MaxPool1d as MaxPool1d
from .pooling import MaxPool2d as MaxPool2d
from .pooling import MaxPool3d as MaxPool3d
from .pooling import MaxUnpool1d as MaxUnpool1d
from .pooling import MaxUnpool2d as MaxUnpool2d
from .pooling import MaxUnpool3d as MaxUnpool3d
from .pooling import MedianPool1d as MedianPool1d
from .pooling import MedianPool2d as MedianPool2d
from .pooling import MedianPool3d as MedianPool3d
from .pooling import MinPool1d as MinPool1d
from .pooling import MinPool2d as MinPool2d
from .pooling import MinPool3d as MinPool3d
from .pooling import SumPool1d as SumPool1d
from .pooling import SumPool2d as SumPool2d
from .pooling import SumPool3d as SumPool3d
