"""Functions on the parameters and the inputs of networks, under PyTorch's names."""

from . import parametrizations as parametrizations
from . import parametrize as parametrize
from . import rnn as rnn
from .clipping import clip_grad_norm_ as clip_grad_norm_
from .clipping import clip_grad_value_ as clip_grad_value_
from .clipping import clip_grads_with_norm_ as clip_grads_with_norm_
from .clipping import get_total_norm as get_total_norm
from .reparametrization import remove_spectral_norm as remove_spectral_norm
from .reparametrization import remove_weight_norm as remove_weight_norm
from .reparametrization import spectral_norm as spectral_norm
from .reparametrization import weight_norm as weight_norm
from .stateless import functional_call as functional_call
from .vectors import parameters_to_vector as parameters_to_vector
from .vectors import vector_to_parameters as vector_to_parameters
