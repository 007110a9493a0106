"""What runs: bars, the functions of the language, their kernels, and the engine that drives them."""
