"""Traded volume against its average."""

from __future__ import annotations

from ..registry import Period, Positive, Series, derived


@derived(
    "sma(volume, n)",
    first="n - 1",
    unit="volume",
    low=0.0,
    reference="TA-Lib SMA of the volume",
    degree=(0, 1),
)
def volumeSma(n: Period) -> Series:
    """The mean volume of the last n candles, this one included.

    Example:
        volume:       10 20 60
        volumeSma(2): - 15 40
    """


@derived(
    "volume / (m * volumeSma(20))",
    first="19",
    unit="ratio",
    low=0.0,
    degree=(0, 0),
)
def volumeSpike(m: Positive) -> Series:
    """The volume against m times its 20-candle average: above 1 means a spike.

    `volumeSpike(1)` is the plain ratio of the volume to its average. Undefined where the
    average is zero.

    Example:
        volume:         1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 21
        volumeSpike(1): - - - - - - - - - - - - - - - - - - - 10.5
    """
