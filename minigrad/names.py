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
    "clamp_": "`with mg.no_grad(): t[...] = t.clip(min, max)`",
    "clone": "t.copy()",
    "contiguous": "the tensor itself: tensors have no memory order",
    "copy_": "`with mg.no_grad(): t[...] = u`",
    "cpu": "the tensor itself: all are on the CPU",
    "cuda": "the tensor itself: all are on the CPU",
    "detach_": "t.detach()",
    "device": "nothing in its place: all tensors are on the CPU",
    "dim": "t.ndim",
    "div": "t / u",
    "div_": "t /= u, for a leaf that requires grad under `with mg.no_grad():`",
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
    "is_cuda": "nothing in its place: all tensors are on the CPU",
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
    "ndimension": "t.ndim",
    "ne": "t != u",
    "neg": "-t",
    "nelement": "t.size",
    "new_ones": "mg.ones(shape, t.dtype)",
    "new_tensor": "mg.tensor(data, t.dtype)",
    "new_zeros": "mg.zeros(shape, t.dtype)",
    "normal_": "mg.nn.init.normal_(t, mean, std), of the tensor itself, not of its data",
    "numel": "t.size",
    "permute": "t.transpose(axes)",
    "pin_memory": "the tensor itself: all are on the CPU",
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
    "uniform_": "mg.nn.init.uniform_(t, low, high), of the tensor itself, not of its data",
    "unsqueeze": "t[..., None], with None at the place of the new axis, or mg.expand_dims(t, axis)",
    "view": "t.reshape(shape)",
    "view_as": "t.reshape(u.shape)",
    "zero_": "`with mg.no_grad(): t[...] = 0`",
    "zero_grad": "t.grad = None, or mg.zero_grad(t)",
}

# Attributes of a module.
MODULE_ATTRIBUTES = {
    "_buffers": "module.named_buffers(recurse=False)",
    "_modules": "module.named_children()",
    "_parameters": "module.named_parameters(recurse=False)",
    "astype": "module.to(dtype)",
    "backward": "loss.backward(), of the tensor that the module was used for",
    "bfloat16": "module.half() or module.float()",
    "compile": "the module itself: ops run as they are called",
    "cpu": "the module itself: all is on the CPU",
    "cuda": "the module itself: all is on the CPU",
    "device": "nothing in its place: all is on the CPU",
    "dtype": "next(module.parameters()).dtype",
    "evaluate": "mg.training.evaluate(module, loss, data)",
    "fit": "mg.fit(module, optimizer, loss, batches, epochs=...)",
    "load": "module.load_state_dict(mg.load(path))",
    "predict": "mg.training.predict(module, x)",
    "register_backward_hook": "module.register_full_backward_hook(hook)",
    "requires_grad": "module.requires_grad_(mode), or the requires_grad of its parameters",
    "save": "mg.save(module.state_dict(), path)",
    "share_memory": "the module itself: it is not shared between processes",
    "trainable_weights": "module.parameters()",
    "type": "module.to(dtype)",
    "weights": "module.parameters()",
}

# Functions of the package.
FUNCTIONS = {
    "BoolTensor": "mg.tensor(data, np.bool_)",
    "DoubleTensor": "mg.tensor(data, np.float64)",
    "FloatTensor": "mg.tensor(data, np.float32)",
    "Generator": "np.random.default_rng(seed)",
    "IntTensor": "mg.tensor(data, np.int32)",
    "LongTensor": "mg.tensor(data, np.int64)",
    "Variable": "mg.tensor(data, requires_grad=True)",
    "addmm": "c + a @ b",
    "amp": "nothing in its place: matrices keep their dtype",
    "as_tensor": "mg.asarray(data)",
    "autocast": "nothing in its place: matrices keep their dtype",
    "backends": "nothing in its place: all tensors are on the CPU",
    "bernoulli": "mg.random.bernoulli",
    "bmm": "mg.matmul",
    "bool": "np.bool_",
    "cat": "mg.concatenate",
    "cdist": "mg.linalg.norm(a[:, None] - b, axis=-1)",
    "chunk": "mg.array_split",
    "clamp": "mg.clip",
    "clone": "mg.copy",
    "compile": "nothing in its place: ops run as they are called",
    "complex128": "np.complex128",
    "complex64": "np.complex64",
    "cuda": "nothing in its place: all tensors are on the CPU",
    "device": "nothing in its place: all tensors are on the CPU",
    "double": "np.float64",
    "dropout": "mg.nn.functional.dropout",
    "dtype": "np.dtype",
    "elementwise_grad": "mg.value_and_grad of the sum, or mg.vjp",
    "finfo": "np.finfo",
    "float": "np.float32",
    "float16": "np.float16",
    "float32": "np.float32",
    "float64": "np.float64",
    "from_numpy": "mg.tensor(array), which copies, or mg.from_dlpack(array), which does not",
    "func": "mg.value_and_grad, mg.vjp, mg.jvp, mg.hessian, or mg.nn.utils.functional_call",
    "gather": "mg.take_along_axis",
    "get_default_dtype": "np.float64, that of Python floats, or np.float32, that of layers",
    "half": "np.float16",
    "hessian_vector_product": "mg.hvp",
    "iinfo": "np.iinfo",
    "inf": "np.inf",
    "int": "np.int32",
    "int16": "np.int16",
    "int32": "np.int32",
    "int64": "np.int64",
    "int8": "np.int8",
    "is_tensor": "isinstance(t, mg.Tensor)",
    "jacfwd": "mg.jacobian",
    "jacrev": "mg.jacobian",
    "jit": "nothing in its place: ops run as they are called",
    "long": "np.int64",
    "masked_fill": "mg.where(mask, value, t)",
    "masked_select": "t[mask]",
    "mm": "mg.matmul",
    "movedim": "mg.moveaxis",
    "mul": "mg.multiply",
    "multinomial": "mg.random.choice",
    "nan": "np.nan",
    "norm": "mg.linalg.norm",
    "normal": "mg.random.normal",
    "numel": "mg.size",
    "permute": "mg.transpose",
    "pi": "np.pi",
    "rand": "mg.random.uniform",
    "rand_like": "mg.random.uniform(size=t.shape)",
    "randint": "mg.random.integers",
    "randn": "mg.random.normal",
    "randn_like": "mg.random.normal(size=t.shape)",
    "randperm": "mg.random.permutation",
    "repeat_interleave": "mg.repeat(t, repeats, axis)",
    "set_default_dtype": "the dtype of layers, or of what they are given",
    "set_grad_enabled": "mg.enable_grad() or mg.no_grad()",
    "set_printoptions": "np.set_printoptions",
    "short": "np.int16",
    "sub": "mg.subtract",
    "uint8": "np.uint8",
    "unsqueeze": "mg.expand_dims",
    "upsample": "mg.interpolate",
    "utils": "mg.data for data sets and loaders, mg.nn.utils for gradients and sequences",
    "vmap": "broadcasting: ops take arrays of any rank",
}

# Parameters of functions, with what may stand in their place.
PARAMETERS = {
    "dim": ("axis",),
    "input": ("x",),
    "dims": ("axis", "axes"),
    "diagonal": ("k",),
    "keepdim": ("keepdims",),
    "unbiased": ("ddof",),
    "size_average": ("reduction",),
    "reduce": ("reduction",),
    "device": ("nothing: all tensors are on the CPU",),
}


def parameter_hint(message: str, has: frozenset[str]) -> str:
    """End the message about an unexpected keyword with the name that was meant, if it is known."""
    for theirs, candidates in PARAMETERS.items():
        for ours in candidates:
            if f"'{theirs}'" in message and (ours in has or " " in ours):
                return f"; use {ours} in place of {theirs}"
    return ""


# Names of the package whose modules are loaded when they are first used.
LATE = {
    "data": "minigrad.data",
    "fit": "minigrad.training",
    "gradcheck": "minigrad.testing",
    "gradgradcheck": "minigrad.testing",
    "load": "minigrad.saving",
    "nn": "minigrad.nn",
    "optim": "minigrad.optim",
    "save": "minigrad.saving",
    "testing": "minigrad.testing",
    "training": "minigrad.training",
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
