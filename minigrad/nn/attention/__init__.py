"""Attention, positions and the transformer."""
