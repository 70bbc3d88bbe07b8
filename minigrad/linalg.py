"""Linear algebra under the names of `numpy.linalg`, with a few of SciPy and PyTorch."""

from . import ops
from .ops import cholesky as cholesky
from .ops import cond as cond
from .ops import cross as cross
from .ops import det as det
from .ops import eigh as eigh
from .ops import eigvalsh as eigvalsh
from .ops import expm as expm
from .ops import inv as inv
from .ops import lstsq as lstsq
from .ops import matmul as matmul
from .ops import matrix_norm as matrix_norm
from .ops import matrix_power as matrix_power
from .ops import matrix_rank as matrix_rank
from .ops import multi_dot as multi_dot
from .ops import norm as norm
from .ops import outer as outer
from .ops import pinv as pinv
from .ops import qr as qr
from .ops import slogdet as slogdet
from .ops import solve as solve
from .ops import solve_triangular as solve_triangular
from .ops import svd as svd
from .ops import svdvals as svdvals
from .ops import tensordot as tensordot
from .ops import tensorinv as tensorinv
from .ops import tensorsolve as tensorsolve
from .ops import vecdot as vecdot
from .ops import vector_norm as vector_norm

# Of the last two axes, where `np.diagonal` and `np.trace` take the first two.
diagonal = ops.matrix_diagonal
trace = ops.matrix_trace
