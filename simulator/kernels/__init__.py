"""Compiled loops on plain arrays: numpy and numba only, no names, no state."""
