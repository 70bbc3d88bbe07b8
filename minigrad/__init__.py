"""Define-by-run automatic differentiation on NumPy."""

import typing as _typing

from . import data as data
from . import names as _names
from . import nn as nn
from . import optim as optim
from . import random as random
from . import registry as registry
from . import testing as testing
from .anomaly import AnomalyError as AnomalyError
from .anomaly import detect_anomaly as detect_anomaly
from .autograd import enable_grad as enable_grad
from .autograd import inference_mode as inference_mode
from .autograd import is_grad_enabled as is_grad_enabled
from .autograd import no_grad as no_grad
from .ops import add as add
from .ops import all as all
from .ops import allclose as allclose
from .ops import any as any
from .ops import apply_along_axis as apply_along_axis
from .ops import apply_over_axes as apply_over_axes
from .ops import argmax as argmax
from .ops import argmin as argmin
from .ops import array_equal as array_equal
from .ops import astype as astype
from .ops import bitwise_and as bitwise_and
from .ops import bitwise_or as bitwise_or
from .ops import bitwise_xor as bitwise_xor
from .ops import broadcast_to as broadcast_to
from .ops import col2im as col2im
from .ops import concatenate as concatenate
from .ops import conv2d as conv2d
from .ops import copyto as copyto
from .ops import cross_entropy as cross_entropy
from .ops import divide as divide
from .ops import equal as equal
from .ops import exp as exp
from .ops import fill_diagonal as fill_diagonal
from .ops import getitem as getitem
from .ops import greater as greater
from .ops import greater_equal as greater_equal
from .ops import im2col as im2col
from .ops import invert as invert
from .ops import isfinite as isfinite
from .ops import isinf as isinf
from .ops import isnan as isnan
from .ops import less as less
from .ops import less_equal as less_equal
from .ops import log as log
from .ops import log_softmax as log_softmax
from .ops import logical_and as logical_and
from .ops import logical_not as logical_not
from .ops import logical_or as logical_or
from .ops import logsumexp as logsumexp
from .ops import matmul as matmul
from .ops import max as max
from .ops import max_pool2d as max_pool2d
from .ops import maximum as maximum
from .ops import mean as mean
from .ops import min as min
from .ops import minimum as minimum
from .ops import multiply as multiply
from .ops import ndim as ndim
from .ops import negative as negative
from .ops import not_equal as not_equal
from .ops import ones_like as ones_like
from .ops import pad as pad
from .ops import place as place
from .ops import power as power
from .ops import put as put
from .ops import putmask as putmask
from .ops import relu as relu
from .ops import reshape as reshape
from .ops import scatter as scatter
from .ops import setitem as setitem
from .ops import shape as shape
from .ops import sigmoid as sigmoid
from .ops import size as size
from .ops import softmax as softmax
from .ops import sqrt as sqrt
from .ops import squeeze as squeeze
from .ops import subtract as subtract
from .ops import sum as sum
from .ops import sum_to as sum_to
from .ops import tanh as tanh
from .ops import transpose as transpose
from .ops import where as where
from .ops import zeros_like as zeros_like
from .random import manual_seed as manual_seed
from .registry import op as op
from .tensor import Tensor as Tensor
from .tensor import from_dlpack as from_dlpack
from .tensor import tensor as tensor
from .testing import gradcheck as gradcheck
from .transforms import grad as grad

__version__ = "0.1.0"

# Python calls it for a missing name. A type checker would take it as a promise that all exist.
if not _typing.TYPE_CHECKING:
    __getattr__ = _names.absent
