"""What users of other libraries look for, and what they find here."""

from __future__ import annotations

import importlib
import sys
from typing import Any

# Attributes of a tensor.
ATTRIBUTES = {
    "add": "t + u",
    "add_": "t += u, for a leaf that requires grad under `with mg.no_grad():`",
    "bmm": "t @ u",
    "bool": "t.astype(bool)",
    "cholesky": "mg.linalg.cholesky(t)",
    "chunk": "mg.array_split(t, chunks)",
    "clamp": "t.clip(min, max)",
    "clone": "t.copy()",
    "contiguous": "the tensor itself: tensors have no memory order",
    "copy_": "`with mg.no_grad(): t[...] = u`",
    "cpu": "the tensor itself: all are on the CPU",
    "cuda": "the tensor itself: all are on the CPU",
    "detach_": "t.detach()",
    "device": "nothing in its place: all tensors are on the CPU",
    "dim": "t.ndim",
    "div": "t / u",
    "double": "t.astype(np.float64)",
    "eq": "t == u",
    "expand": "t.broadcast_to(shape)",
    "expand_as": "t.broadcast_to(u.shape)",
    "fill": "`with mg.no_grad(): t[...] = value`",
    "fill_": "`with mg.no_grad(): t[...] = value`",
    "flags": "t.numpy().flags",
    "flat": "t.ravel()",
    "float": "t.astype(np.float32)",
    "gather": "mg.take_along_axis(t, indices, axis)",
    "ge": "t >= u",
    "grad_fn": "t.is_leaf, or repr(t), which names the op",
    "gt": "t > u",
    "half": "t.astype(np.float16)",
    "index_select": "t.take(indices, axis)",
    "int": "t.astype(np.int32)",
    "inverse": "mg.linalg.inv(t)",
    "is_floating_point": "t.dtype.kind == 'f'",
    "le": "t <= u",
    "logdet": "mg.linalg.slogdet(t)[1]",
    "long": "t.astype(np.int64)",
    "lt": "t < u",
    "masked_fill": "mg.where(mask, value, t)",
    "masked_select": "t[mask]",
    "matrix_exp": "mg.linalg.expm(t)",
    "mm": "t @ u",
    "movedim": "t.moveaxis(source, destination)",
    "mul": "t * u",
    "mul_": "t *= u, for a leaf that requires grad under `with mg.no_grad():`",
    "mv": "t @ u",
    "ne": "t != u",
    "neg": "-t",
    "numel": "t.size",
    "permute": "t.transpose(axes)",
    "pinverse": "mg.linalg.pinv(t)",
    "put": "np.put(t, indices, values)",
    "qr": "mg.linalg.qr(t)",
    "repeat_interleave": "t.repeat(repeats, axis)",
    "reshape_as": "t.reshape(u.shape)",
    "resize": "np.resize(t, shape)",
    "rsqrt": "1 / t.sqrt()",
    "scatter": "mg.put_along_axis(t, indices, values, axis)",
    "scatter_add": "mg.scatter_add(t, value, index)",
    "split": "mg.split(t, indices), with the indices at which parts start, as in NumPy",
    "sub": "t - u",
    "sub_": "t -= u, for a leaf that requires grad under `with mg.no_grad():`",
    "svd": "mg.linalg.svd(t)",
    "t": "t.T",
    "to": "t.astype(dtype); all tensors are on the CPU",
    "tobytes": "t.numpy().tobytes()",
    "type": "t.astype(dtype)",
    "type_as": "t.astype(u.dtype)",
    "unbind": "mg.unstack(t)",
    "unfold": "mg.sliding_window_view(t, size, axis)",
    "unsqueeze": "t[..., None], with None at the place of the new axis, or mg.expand_dims(t, axis)",
    "view": "t.reshape(shape)",
    "view_as": "t.reshape(u.shape)",
    "zero_": "`with mg.no_grad(): t[...] = 0`",
    "zero_grad": "t.grad = None, or mg.zero_grad(t)",
}

# Functions of the package.
FUNCTIONS = {
    "Variable": "mg.tensor(data, requires_grad=True)",
    "as_tensor": "mg.asarray(data)",
    "bmm": "mg.matmul",
    "cat": "mg.concatenate",
    "clamp": "mg.clip",
    "clone": "mg.copy",
    "cuda": "nothing in its place: all tensors are on the CPU",
    "dropout": "mg.nn.functional.dropout",
    "elementwise_grad": "mg.value_and_grad of the sum, or mg.vjp",
    "from_numpy": "mg.tensor(array), which copies, or mg.from_dlpack(array), which does not",
    "gather": "mg.take_along_axis",
    "hessian_vector_product": "mg.hvp",
    "jacfwd": "mg.jacobian",
    "jacrev": "mg.jacobian",
    "jit": "nothing in its place: ops run as they are called",
    "load": "np.load, and module.load_state_dict",
    "masked_select": "t[mask]",
    "mm": "mg.matmul",
    "movedim": "mg.moveaxis",
    "mul": "mg.multiply",
    "numel": "mg.size",
    "permute": "mg.transpose",
    "rand": "mg.random.uniform",
    "randn": "mg.random.normal",
    "randint": "mg.random.integers",
    "randperm": "mg.random.permutation",
    "save": "np.savez(path, **module.state_dict())",
    "set_grad_enabled": "mg.enable_grad() or mg.no_grad()",
    "sub": "mg.subtract",
    "unsqueeze": "mg.expand_dims",
    "upsample": "mg.interpolate",
    "vmap": "broadcasting: ops take arrays of any rank",
}

# Parameters of functions.
PARAMETERS = {
    "dim": "axis",
    "input": "x",
    "dims": "axes",
    "keepdim": "keepdims",
    "unbiased": "ddof",
    "device": "nothing: all tensors are on the CPU",
}


def parameter_hint(message: str, has: frozenset[str]) -> str:
    """End the message about an unexpected keyword with the name that was meant, if it is known."""
    for theirs, ours in PARAMETERS.items():
        if f"'{theirs}'" in message and (ours in has or " " in ours):
            return f"; use {ours} in place of {theirs}"
    return ""


# Names of the package whose modules are loaded when they are first used.
LATE = {
    "data": "minigrad.data",
    "gradcheck": "minigrad.testing",
    "gradgradcheck": "minigrad.testing",
    "nn": "minigrad.nn",
    "optim": "minigrad.optim",
    "testing": "minigrad.testing",
}


def late(name: str) -> Any:
    """Return what a name of the package stands for that has not been loaded.

    Raises
    ------
    AttributeError
        If there is no such name; it says what to use if that is known.
    """
    package = sys.modules["minigrad"]
    if name in LATE:
        module = importlib.import_module(LATE[name])
        value = module if LATE[name].endswith(f".{name}") else getattr(module, name)
        setattr(package, name, value)
        return value
    remedy = FUNCTIONS.get(name)
    raise AttributeError(
        f"module 'minigrad' has no attribute {name!r}" + (f"; use {remedy}" if remedy else ""),
        name=name,
        obj=package,
    )
