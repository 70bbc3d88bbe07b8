"""Recurrent layers, and their cells for a step at a time."""
