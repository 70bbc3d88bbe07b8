"""Losses as modules, one file a family."""
