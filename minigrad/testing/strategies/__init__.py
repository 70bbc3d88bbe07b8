"""Hypothesis strategies for those who check functions and ops of their own."""

from .random_programs import Program as Program
from .random_programs import programs as programs
from .valid_shapes import axes as axes
from .valid_shapes import broadcastable as broadcastable
from .valid_shapes import indices as indices
from .valid_shapes import shapes as shapes
from .values import arrays as arrays
from .values import broadcastable_arrays as broadcastable_arrays
from .values import near as near
from .values import separated as separated
from .values import tensors as tensors
from .values import tied as tied
from .windows import Convolution as Convolution
from .windows import Pooling as Pooling
from .windows import convolutions as convolutions
from .windows import pools as pools
