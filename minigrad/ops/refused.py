"""NumPy functions that do not take tensors, each with its reason."""

from __future__ import annotations

from ..registry import refuse

_VALUES = "use t.detach().numpy() for the values alone"

refuse(
    f"its results are complex, and gradients here are real; {_VALUES}",
    "numpy.fft.fft",
    "numpy.fft.fft2",
    "numpy.fft.fftn",
    "numpy.fft.hfft",
    "numpy.fft.ifft",
    "numpy.fft.ifft2",
    "numpy.fft.ifftn",
    "numpy.fft.ihfft",
    "numpy.fft.irfft",
    "numpy.fft.irfft2",
    "numpy.fft.irfftn",
    "numpy.fft.rfft",
    "numpy.fft.rfft2",
    "numpy.fft.rfftn",
    "numpy.roots",
    "numpy.linalg.eig",
    "numpy.linalg.eigvals",
    "numpy.sort_complex",
)
refuse(
    "its result may turn complex, which has no gradient here; use the function of the same name "
    "without emath, whose result outside of its domain is nan",
    "numpy.lib.scimath.arccos",
    "numpy.lib.scimath.arcsin",
    "numpy.lib.scimath.arctanh",
    "numpy.lib.scimath.log",
    "numpy.lib.scimath.log2",
    "numpy.lib.scimath.log10",
    "numpy.lib.scimath.logn",
    "numpy.lib.scimath.power",
    "numpy.lib.scimath.sqrt",
)
refuse(
    "it is for dates",
    "numpy.busday_count",
    "numpy.busday_offset",
    "numpy.datetime_as_string",
    "numpy.is_busday",
    "numpy.isnat",
)
refuse(
    "it writes values to a file, which have no history; pass t.numpy()",
    "numpy.save",
    "numpy.savetxt",
    "numpy.savez",
    "numpy.savez_compressed",
)
refuse(
    "it says nothing of values; pass t.numpy()",
    "numpy.einsum_path",
)
refuse(
    f"a list of arrays has another meaning there than the array of them; {_VALUES}",
    "numpy.histogramdd",
)
refuse("NumPy has dropped it; use np.isin", "numpy.in1d")
