"""The tensor: an array that remembers the op that computed it.

Its methods and operators are the ops themselves; see `minigrad.ops` for what they do.
"""

from __future__ import annotations

import itertools
import operator
import warnings
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn, Self, TypeVar

import numpy as np

from . import autograd, dispatch, names, ops
from .ops.selection import bounded

K = TypeVar("K", bound="Tensor")


_READ: dict[Any, Callable[[np.ndarray[Any, Any]], Any]] = {
    np.shape: operator.attrgetter("shape"),
    np.ndim: operator.attrgetter("ndim"),
}


def _reflected(op: Callable[[Any, Any], Tensor]) -> Callable[[Any, Any], Tensor]:
    """``2 - t`` from ``subtract(2, t)``."""
    return lambda self, other: op(other, self)


def _in_place(op: Callable[[Any, Any], Tensor]) -> Callable[[K, Any], K]:
    """``t -= 2`` from ``subtract(t, 2)``."""
    return lambda self, other: self._become(op, other)


class Tensor(autograd.Traced):
    """An array whose computation is recorded, so that it can be differentiated.

    Parameters
    ----------
    data : array_like
        Numbers; they are copied.
    dtype : dtype, optional
        By default what NumPy gives the data.
    requires_grad : bool
        Whether gradients shall be computed for this tensor.

    Raises
    ------
    TypeError
        If the data are not numbers, are tracked, or require grad and are not floating.

    Notes
    -----
    The values in a tensor never change. In-place syntax such as ``t += 1`` or ``t[0] = 1`` makes
    the tensor stand for new values; what was computed from the old ones keeps them, and their
    gradient.
    """

    __slots__ = ("__weakref__",)

    # `ndarray * tensor` and `np.sum(tensor)` come to the tensor by these two protocols.
    __array_priority__: ClassVar[float] = 1000.0

    def __init__(self, data: Any, dtype: Any = None, requires_grad: bool = False) -> None:
        if not isinstance(data, (np.ndarray, Tensor)) and hasattr(data, "__dlpack__"):
            data = np.from_dlpack(data)  # a tensor of PyTorch, say
        value = np.array(data, dtype=dtype)
        if not value.dtype.isnative:  # files may have another byte order; results never have
            value = value.astype(value.dtype.newbyteorder("="))
        if value.dtype.kind not in "fiubc":
            raise TypeError(f"tensor: data must be numbers of one shape, got dtype {value.dtype}")
        self._value = value
        self._node = autograd.Leaf(value) if requires_grad else None

    # What it is

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self._value.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._value.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return _Size(self._value.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self._value.dtype

    @property
    def nbytes(self) -> int:
        """Memory of the elements, in bytes."""
        return self._value.nbytes

    @property
    def T(self) -> Tensor:
        """The tensor with its axes reversed."""
        return ops.transpose(self)

    @property
    def mT(self) -> Tensor:
        """The tensor with its last two axes swapped."""
        return ops.matrix_transpose(self)

    @property
    def requires_grad(self) -> bool:
        """Whether it is tracked: a leaf that asked for it, or computed from one."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, required: bool) -> None:
        if not self.is_leaf and not required:
            raise RuntimeError(
                f"requires_grad: this tensor was computed by {self._made_by()!r}; "
                "use t.detach() for one without history"
            )
        if required != self.requires_grad:
            self._node = autograd.Leaf(self._value) if required else None

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set `requires_grad` and return the tensor."""
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was not computed from tracked tensors."""
        return self._node is None or self._node.op is None

    @property
    def grad(self) -> Tensor | None:
        """Gradient that `backward` accumulated: an untracked tensor, or None.

        Only leaves that require grad have one, and tensors that were asked to by `retain_grad`.
        """
        kept: Tensor | None = None
        if isinstance(self._node, autograd.Leaf):
            kept = self._node.grad
        elif self._node is not None:
            notes = self._node.notes
            if notes is not None and notes.retains_grad:
                return notes.grad  # type: ignore[no-any-return]  # the engine knows no tensor
            warnings.warn(
                f"grad of a tensor computed by {self._made_by()!r} is not kept; "
                "call t.retain_grad() before backward, or use mg.grad(output, [t])",
                stacklevel=2,
            )
        return kept

    @grad.setter
    def grad(self, gradient: Any) -> None:
        if gradient is not None:
            if not isinstance(self._node, autograd.Leaf):
                raise RuntimeError("grad: only a leaf that requires grad has one")
            if not isinstance(gradient, Tensor) or gradient.requires_grad:
                raise TypeError("grad: must be an untracked tensor, such as t.detach(), or None")
            if gradient.shape != self.shape or gradient.dtype != self.dtype:
                raise ValueError(
                    f"grad: has shape {gradient.shape} and dtype {gradient.dtype}, "
                    f"the tensor {self.shape} and {self.dtype}"
                )
        if isinstance(self._node, autograd.Leaf):
            self._node.grad = gradient

    @property
    def real(self) -> Tensor:
        """The real parts; of real numbers, themselves."""
        return ops.real(self)

    @property
    def imag(self) -> Any:
        """The imaginary parts, untracked; of real numbers, 0."""
        return ops.imag(self)

    # Its values

    @property
    def data(self) -> Tensor:
        """The values without history. Assigning gives the tensor others, in its shape and dtype.

        Assigning to elements of it is an error, since the tensor would not change.
        """
        return autograd.wrap(_Data, self._value, None)

    @data.setter
    def data(self, data: Any) -> None:
        value = np.array(data._value if isinstance(data, Tensor) else data)
        if not self.is_leaf:
            raise RuntimeError(
                f"data: this tensor was computed by {self._made_by()!r}; only a leaf can be given "
                "other values"
            )
        if value.shape != self.shape:
            raise ValueError(f"data: has shape {value.shape}, the tensor {self.shape}")
        if not np.can_cast(value.dtype, self.dtype, "same_kind"):
            raise TypeError(f"data: is {value.dtype}, the tensor {self.dtype}; make a new tensor")
        self._value = value.astype(self.dtype, copy=False)

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return the values as a read-only array; copy it to write to it."""
        view = self._value.view()
        view.flags.writeable = False
        return view

    def item(self) -> Any:
        """Return the only element as a Python number.

        Raises
        ------
        ValueError
            If there are several elements, or none.
        """
        if self.size != 1:
            raise ValueError(
                f"item: a tensor of shape {self.shape} has {self.size} elements, not one; "
                "use t.tolist() or t.numpy()"
            )
        return self._value.item()

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return self._value.tolist()

    def detach(self) -> Tensor:
        """Return an untracked tensor with the same values."""
        return autograd.wrap(Tensor, self._value, None)

    # Differentiation

    def backward(
        self, gradient: Any = None, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        """Add to the `grad` of every leaf that it was computed from its part of the gradient.

        Parameters
        ----------
        gradient : array_like, optional
            Gradient of the final result by this tensor, of its shape; a scalar needs none.
        retain_graph : bool
            Whether to keep the graph for another backward.
        create_graph : bool
            Not possible here: a `grad` that is tracked would keep its own graph alive. Use
            `minigrad.grad`.

        Raises
        ------
        RuntimeError
            If the tensor is untracked, or its graph was freed by an earlier backward.
        ValueError
            If the gradient is missing or has the wrong shape, or with `create_graph`.
        """
        if create_graph:
            raise ValueError(
                "backward: what it leaves in grad is untracked; for a gradient that can be "
                "differentiated use mg.grad(output, inputs, create_graph=True)"
            )
        if self._node is None:
            raise RuntimeError(
                "backward: this tensor is untracked: nothing that it was computed from requires "
                "grad, or it was computed under no_grad()"
            )
        seed = starting_gradient("backward", self, gradient)
        autograd.backward(Tensor, self._node, seed._value, retain_graph)

    def retain_grad(self) -> None:
        """Keep in `grad` what `backward` finds for this computed tensor; a leaf does anyway.

        Raises
        ------
        RuntimeError
            If the tensor is untracked.
        """
        self._tracked_node("retain_grad")
        if self._node is not None and not self.is_leaf:
            autograd.notes(self._node).retains_grad = True

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
        """Call a function with the gradient of this tensor whenever one is computed.

        Parameters
        ----------
        hook : callable
            Takes the complete gradient, a tensor of this one's shape and dtype, and returns
            another to take its place, or None. Hooks run in the order of their registration.

        Returns
        -------
        HookHandle
            Its method ``remove()`` takes the hook away.

        Raises
        ------
        RuntimeError
            If the tensor is untracked.
        TypeError
            If the hook is no function.

        Examples
        --------
        >>> import minigrad as mg
        >>> x = mg.tensor([1.0, -3.0], requires_grad=True)
        >>> handle = x.register_hook(lambda g: mg.clip(g, -1, 1))
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([ 1., -1.], dtype=float64)
        >>> handle.remove()
        """
        if not callable(hook):
            raise TypeError(
                f"register_hook: takes a function of the gradient, got a {type(hook).__name__}"
            )
        return HookHandle(autograd.notes(self._tracked_node("register_hook")).hooks, hook)

    # NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **settings: Any) -> Any:
        if method != "__call__":
            return dispatch.call_method(ufunc, method, inputs, settings)
        return dispatch.call(ufunc, inputs, settings)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, settings: dict[str, Any]
    ) -> Any:
        # Rules and composed functions ask for these all the time.
        read = _READ.get(function)
        if read is not None and len(args) == 1 and isinstance(args[0], Tensor):
            return read(args[0]._value)
        return dispatch.call(function, args, settings)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self._node is not None:
            raise TypeError(
                "a tracked tensor does not become a NumPy array by itself, since its history "
                "would be lost: use t.detach().numpy() or t.numpy() for its values, and a function "
                "of minigrad or an np.* function that has an op to compute with it (np.stack makes "
                "one tensor of a list of them)"
            )
        array = self.numpy() if not copy else self._value.copy()
        if dtype is None or dtype == array.dtype:
            return array
        if copy is False:
            raise ValueError(f"a copy is needed to convert {array.dtype} to {dtype}")
        return array.astype(dtype)

    def __dlpack__(self, **settings: Any) -> Any:
        """Lend the memory of the values to another library, such as ``torch.from_dlpack(t)``.

        The protocol does not say that it is read-only: whoever writes to it changes the tensor.
        """
        if self._node is not None:
            raise BufferError(
                "__dlpack__: a tracked tensor would lose its history; lend t.detach()"
            )
        return self._value.__dlpack__(**settings)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._value.__dlpack_device__()

    # Python's protocols

    def __repr__(self) -> str:
        details = f"dtype={self.dtype}"
        if self._node is not None:
            details += ", requires_grad=True" if self.is_leaf else f", op={self._made_by()}"
        values = np.array2string(self._value, separator=", ", prefix="tensor(")
        if self.size > np.get_printoptions()["threshold"] or not self.size:
            details = f"shape={self.shape}, {details}"
        return f"tensor({values}, {details})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a tensor without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError("iteration over a tensor without axes")
        # One op for all: with an index for each, the gradients would be as many whole arrays.
        return iter(ops.unstack(self))

    def __contains__(self, value: Any) -> bool:
        return bool((self == value).any())

    def __bool__(self) -> bool:
        return bool(self._value)

    def __index__(self) -> int:
        return self._value.__index__()

    def __float__(self) -> float:
        self._refuse_tracked("float")
        return float(self._value)

    def __int__(self) -> int:
        self._refuse_tracked("int")
        return int(self._value)

    def __complex__(self) -> complex:
        self._refuse_tracked("complex")
        return complex(self._value)

    __hash__ = object.__hash__

    def __reduce__(self) -> Any:
        if not self.is_leaf:
            raise RuntimeError(
                f"a tensor computed by {self._made_by()!r} cannot be copied or pickled, since its "
                "history would be lost; use t.detach()"
            )
        grad = self.grad
        return _rebuilt, (type(self), self._value, self.requires_grad, grad)

    # Indexing

    def __getitem__(self, index: Any) -> Tensor:
        return ops.getitem(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._become(ops.setitem, value, index)

    # Operators

    __add__ = ops.add
    __sub__ = ops.subtract
    __mul__ = ops.multiply
    __truediv__ = ops.divide
    __floordiv__ = ops.floor_divide
    __mod__ = ops.remainder
    __divmod__ = ops.divmod
    __pow__ = ops.power
    __matmul__ = ops.matmul
    __neg__ = ops.negative
    __abs__ = ops.absolute

    def __pos__(self) -> Tensor:
        return self

    __radd__ = _reflected(ops.add)
    __rsub__ = _reflected(ops.subtract)
    __rmul__ = _reflected(ops.multiply)
    __rtruediv__ = _reflected(ops.divide)
    __rfloordiv__ = _reflected(ops.floor_divide)
    __rmod__ = _reflected(ops.remainder)
    __rpow__ = _reflected(ops.power)
    __rmatmul__ = _reflected(ops.matmul)

    __iadd__ = _in_place(ops.add)
    __isub__ = _in_place(ops.subtract)
    __imul__ = _in_place(ops.multiply)
    __itruediv__ = _in_place(ops.divide)
    __ifloordiv__ = _in_place(ops.floor_divide)
    __imod__ = _in_place(ops.remainder)
    __ipow__ = _in_place(ops.power)
    __imatmul__ = _in_place(ops.matmul)

    __lt__ = ops.less
    __le__ = ops.less_equal
    __gt__ = ops.greater
    __ge__ = ops.greater_equal
    __eq__ = ops.equal  # type: ignore[assignment]  # elementwise, as in NumPy
    __ne__ = ops.not_equal  # type: ignore[assignment]  # elementwise, as in NumPy
    __and__ = __rand__ = ops.bitwise_and
    __or__ = __ror__ = ops.bitwise_or
    __xor__ = __rxor__ = ops.bitwise_xor
    __invert__ = ops.invert
    __lshift__ = ops.left_shift
    __rlshift__ = _reflected(ops.left_shift)
    __rshift__ = ops.right_shift
    __rrshift__ = _reflected(ops.right_shift)

    def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return ops.divmod(other, self)

    def __round__(self, ndigits: int | None = None) -> Tensor:
        return ops.round(self, ndigits or 0)

    __floor__ = ops.floor
    __ceil__ = ops.ceil
    __trunc__ = ops.trunc

    # Methods

    astype = ops.astype
    copy = ops.copy
    exp = ops.exp
    log = ops.log
    sqrt = ops.sqrt
    tanh = ops.tanh
    abs = ops.abs
    absolute = ops.absolute
    fabs = ops.fabs
    square = ops.square
    reciprocal = ops.reciprocal
    remainder = ops.remainder
    fmod = ops.fmod
    floor_divide = ops.floor_divide
    pow = ops.pow
    float_power = ops.float_power
    copysign = ops.copysign
    ldexp = ops.ldexp
    frexp = ops.frexp
    hypot = ops.hypot
    exp2 = ops.exp2
    expm1 = ops.expm1
    log2 = ops.log2
    log10 = ops.log10
    log1p = ops.log1p
    logaddexp = ops.logaddexp
    logaddexp2 = ops.logaddexp2
    sinc = ops.sinc
    i0 = ops.i0
    nan_to_num = ops.nan_to_num
    conj = ops.conj
    conjugate = ops.conjugate
    angle = ops.angle
    sin = ops.sin
    cos = ops.cos
    tan = ops.tan
    arcsin = ops.arcsin
    arccos = ops.arccos
    arctan = ops.arctan
    arctan2 = ops.arctan2
    sinh = ops.sinh
    cosh = ops.cosh
    arcsinh = ops.arcsinh
    arccosh = ops.arccosh
    arctanh = ops.arctanh
    asin = ops.asin
    acos = ops.acos
    atan = ops.atan
    atan2 = ops.atan2
    asinh = ops.asinh
    acosh = ops.acosh
    atanh = ops.atanh
    deg2rad = ops.deg2rad
    rad2deg = ops.rad2deg
    floor = ops.floor
    ceil = ops.ceil
    trunc = ops.trunc
    fix = ops.fix
    round = ops.round
    sign = ops.sign
    heaviside = ops.heaviside
    clip = ops.clip
    signbit = ops.signbit
    nextafter = ops.nextafter
    gcd = ops.gcd
    lcm = ops.lcm
    erf = ops.erf
    erfc = ops.erfc
    erfinv = ops.erfinv
    lgamma = ops.lgamma
    digamma = ops.digamma
    logit = ops.logit
    xlogy = ops.xlogy
    sigmoid = ops.sigmoid
    relu = ops.relu
    sum = ops.sum
    nansum = ops.nansum
    mean = ops.mean
    nanmean = ops.nanmean
    prod = ops.prod
    var = ops.var
    std = ops.std
    max = amax = ops.max
    min = amin = ops.min
    median = ops.median
    nanmedian = ops.nanmedian
    quantile = ops.quantile
    nanquantile = ops.nanquantile
    count_nonzero = ops.count_nonzero
    cov = ops.cov
    corrcoef = ops.corrcoef
    cumsum = ops.cumsum
    cumprod = ops.cumprod
    logcumsumexp = ops.logcumsumexp
    diff = ops.diff
    logsumexp = ops.logsumexp
    log_softmax = ops.log_softmax
    softmax = ops.softmax
    squeeze = ops.squeeze
    ravel = ops.ravel
    flatten = ops.flatten
    swapaxes = ops.swapaxes
    moveaxis = ops.moveaxis
    flip = ops.flip
    fliplr = ops.fliplr
    flipud = ops.flipud
    roll = ops.roll
    rot90 = ops.rot90
    repeat = ops.repeat
    tile = ops.tile
    diagonal = ops.diagonal
    diag = ops.diag
    diagflat = ops.diagflat
    trace = ops.trace
    tril = ops.tril
    triu = ops.triu
    matmul = ops.matmul
    dot = ops.dot
    inner = ops.inner
    outer = ops.outer
    vdot = ops.vdot
    kron = ops.kron
    norm = ops.norm
    det = ops.det
    slogdet = ops.slogdet
    matrix_power = ops.matrix_power
    argmax = ops.argmax
    argmin = ops.argmin
    sort = ops.sort
    argsort = ops.argsort
    partition = ops.partition
    argpartition = ops.argpartition
    topk = ops.topk
    searchsorted = ops.searchsorted
    take = ops.take
    choose = ops.choose
    nonzero = ops.nonzero
    any = ops.any
    all = ops.all
    cummax = ops.cummax
    cummin = ops.cummin
    cross = ops.cross
    maximum = ops.maximum
    minimum = ops.minimum
    fmax = ops.fmax
    fmin = ops.fmin
    negative = ops.negative
    isclose = ops.isclose
    allclose = ops.allclose
    isfinite = ops.isfinite
    isinf = ops.isinf
    isnan = ops.isnan
    logical_and = ops.logical_and
    logical_or = ops.logical_or
    logical_not = ops.logical_not
    logical_xor = ops.logical_xor
    argwhere = ops.argwhere
    bincount = ops.bincount
    unique = ops.unique

    def reshape(self, *shape: Any) -> Tensor:
        """Return its elements in another shape, given as one tuple or as several integers."""
        return ops.reshape(self, _one_tuple(shape))

    def transpose(self, *axes: Any) -> Tensor:
        """Return it with its axes in another order, given as one tuple or as several integers."""
        return ops.transpose(self, _one_tuple(axes) if axes else None)

    def broadcast_to(self, *shape: Any) -> Tensor:
        """Return it repeated to a shape, given as one tuple or as several integers."""
        return ops.broadcast_to(self, _one_tuple(shape))

    def compress(self, condition: Any, axis: int | None = None) -> Tensor:
        """Return its slices along an axis where a condition holds; see `minigrad.compress`."""
        result: Tensor = ops.compress(condition, self, axis)
        return result

    def index_add(self, axis: int, index: Any, source: Any) -> Tensor:
        """Return it with slices added at integers along an axis, repeated ones adding up.

        Parameters
        ----------
        axis : int
        index : array of int of one axis
        source : array
            With a slice for each index; broadcasts.
        """
        along = np.lib.array_utils.normalize_axis_index(axis, self.ndim, "index_add")
        places = bounded("index_add", "index", index, self.shape[along], "raise")
        result: Tensor = ops.scatter_add(self, source, (slice(None),) * along + (places,))
        return result

    # Helpers

    def _tracked_node(self, function: str) -> autograd.Node:
        if self._node is None:
            raise RuntimeError(
                f"{function}: this tensor is untracked and gets no gradient; it must require grad "
                "or be computed from a tensor that does"
            )
        return self._node

    def _made_by(self) -> str | None:
        return None if self._node is None or self._node.op is None else self._node.op.name

    def _refuse_tracked(self, function: str) -> None:
        if self._node is not None:
            raise TypeError(
                f"{function}() of a tracked tensor would lose its history; use t.item() for the "
                "value, or a function of minigrad to compute with it (mg.exp, not math.exp)"
            )

    def _become(self, function: Callable[..., Tensor], *operands: Any, **settings: Any) -> Self:
        """Stand for the result of an op from now on; results of the old values keep them."""
        name = function.__name__
        is_parameter = self._node is not None and self.is_leaf
        if is_parameter and autograd.is_grad_enabled():
            raise RuntimeError(
                f"{name} in place: this tensor is a leaf that requires grad, so its gradient "
                "would be that of other values; change it under `with mg.no_grad():`, or write "
                "`t = t + ...` for a new tensor"
            )
        if not self.is_leaf and not autograd.is_grad_enabled():
            raise RuntimeError(
                f"{name} in place: this tensor was computed by {self._made_by()!r}, and would "
                "lose its history without recording; use mg.enable_grad(), or t.detach() for a "
                "tensor of its own"
            )
        result = function(self, *operands, **settings)
        if result.shape != self.shape:
            raise ValueError(
                f"{name} in place: the result has shape {result.shape}, the tensor "
                f"{self.shape}; write it as `t = t + ...`"
            )
        if result.dtype != self.dtype:
            if not np.can_cast(result.dtype, self.dtype, "same_kind"):
                raise TypeError(
                    f"{name} in place: the result is {result.dtype}, the tensor {self.dtype}; "
                    "write it as `t = t + ...`"
                )
            result = ops.astype(result, self.dtype)
        self._value = result._value
        if not is_parameter:
            self._node = result._node
        return self


class HookHandle:
    """What `Tensor.register_hook` gives, to take the hook away again.

    As a context manager it takes the hook away at the end.
    """

    def __init__(self, hooks: dict[int, Any], hook: Callable[[Any], Any]) -> None:
        self._hooks = hooks
        self._key = next(_hook_keys)
        hooks[self._key] = hook

    def remove(self) -> None:
        """Take the hook away; it is not called any more."""
        self._hooks.pop(self._key, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


_hook_keys = itertools.count()


class _Size(int):
    """A number of elements, which tells what stands for PyTorch's ``t.size(0)``."""

    def __call__(self, *_: object) -> NoReturn:
        raise TypeError(
            "t.size is the number of elements, not a method; use t.shape, or t.shape[axis] for the "
            "length of an axis"
        )


class _Elsewhere:
    """An attribute that a tensor has not, and that says what to use.

    A descriptor and not ``__getattr__``, which would slow down every attribute that it has.
    """

    def __init__(self, name: str, remedy: str) -> None:
        self.message = f"a tensor has no attribute {name!r}; use {remedy}"

    def __get__(self, tensor: Any, owner: type) -> NoReturn:
        raise AttributeError(self.message)


for _attribute, _remedy in names.ATTRIBUTES.items():
    if not hasattr(Tensor, _attribute):
        setattr(Tensor, _attribute, _Elsewhere(_attribute, _remedy))


class _Data(Tensor):
    """What `Tensor.data` gives: the values of a tensor that writing here would not reach."""

    __slots__ = ()

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            "t.data[...] = ... would not change t; write `with mg.no_grad(): t[...] = ...`, or "
            "t.detach() for a tensor of its own"
        )


Tensor._result_type = Tensor


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of a copy of some data.

    Parameters
    ----------
    data : array_like
        Numbers.
    dtype : dtype, optional
        By default what NumPy gives the data: float64 for Python floats.
    requires_grad : bool
        Whether gradients shall be computed for it; only floating data can.

    Raises
    ------
    TypeError
        If the data are not numbers, are tracked, or require grad and are not floating.

    Examples
    --------
    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.], dtype=float64)
    """
    return Tensor(data, dtype, requires_grad)


def from_dlpack(x: Any) -> Tensor:
    """Return an untracked tensor on the memory of another library's, such as a PyTorch tensor.

    Nothing is copied: do not write to that memory while the tensor is in use. `minigrad.tensor`
    copies.

    Raises
    ------
    TypeError
        If `x` cannot lend its memory, or does not hold numbers.
    """
    if not hasattr(x, "__dlpack__"):
        raise TypeError(
            f"from_dlpack: a {type(x).__name__} cannot lend its memory; use mg.tensor(x)"
        )
    value = np.from_dlpack(x)
    if value.dtype.kind not in "fiubc":
        raise TypeError(f"from_dlpack: data must be numbers, got dtype {value.dtype}")
    return autograd.wrap(Tensor, value, None)


def owner_of(value: Any, requires_grad: bool = False) -> Tensor:
    """Return a tensor of an array that nobody else will write to, without a copy."""
    value = np.asarray(value)
    if value.dtype.kind not in "fiubc":
        raise TypeError(f"tensor: data must be numbers, got dtype {value.dtype}")
    return autograd.wrap(Tensor, value, autograd.Leaf(value) if requires_grad else None)


def starting_gradient(function: str, output: Tensor, gradient: Any) -> Tensor:
    """Return the gradient from which a walk starts, as a tensor of the output's shape and dtype."""
    if gradient is None:
        if output.size != 1:
            raise ValueError(
                f"{function}: the output has shape {output.shape}; pass the gradient by it, of "
                "that shape, or reduce it to a scalar first, as in t.sum()"
            )
        return autograd.wrap(Tensor, np.ones_like(output._value), None)
    if not isinstance(gradient, Tensor):
        gradient = Tensor(gradient)
    if gradient.shape != output.shape:
        raise ValueError(
            f"{function}: the gradient has shape {gradient.shape}, but the output {output.shape}"
        )
    if gradient.dtype.kind not in "fiu":
        raise TypeError(f"{function}: the gradient is {gradient.dtype}, the output {output.dtype}")
    return gradient if gradient.dtype == output.dtype else ops.astype(gradient, output.dtype)


def _rebuilt(kind: type[K], value: Any, requires_grad: bool, grad: Tensor | None) -> K:
    tensor = autograd.wrap(kind, value, autograd.Leaf(value) if requires_grad else None)
    if grad is not None:
        tensor.grad = grad
    return tensor


def _one_tuple(values: tuple[Any, ...]) -> Any:
    return values[0] if len(values) == 1 else values
