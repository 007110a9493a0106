"""Random candles that every rule of `Bars` lets through, for the futures that must not matter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SPREAD = 3.0  # of the logarithm of a price: from a thousandth to a thousand times the middle


def noise(rng: np.random.Generator, candles: int) -> NDArray[np.float64]:
    """Market data of shape (5, candles): open, high, low, close, volume.

    >>> open_, high, low, close, volume = noise(np.random.default_rng(1), 1_000)
    >>> bool((0 < low).all() and (low <= np.minimum(open_, close)).all())
    True
    >>> bool((np.maximum(open_, close) <= high).all() and np.isfinite(high).all() and (volume >= 0).all())
    True
    """
    open_, close = 100.0 * np.exp(rng.normal(0.0, _SPREAD, (2, candles)))
    above, below = rng.random((2, candles))
    high = np.maximum(open_, close) * (1.0 + above)
    low = np.minimum(open_, close) * (1.0 - below / 2)
    volume = np.floor(rng.random(candles) * 1e6)
    return np.vstack([open_, high, low, close, volume])
