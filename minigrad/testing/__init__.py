"""Is this derivative right? Checks of gradients against finite differences."""

from .checker import GradientError as GradientError
from .checker import gradcheck as gradcheck
