"""The compiled loops, as plain Python that numba compiles on first use."""
