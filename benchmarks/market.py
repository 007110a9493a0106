"""What is measured on: sizes, random-walk bars, and the published example."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "ema-crossover.json"


@dataclass(frozen=True)
class Scale:
    """How much is measured: bars of the long and of the short history, documents, and rounds."""

    bars: int
    csv_bars: int
    kernel_bars: int
    documents: int
    rounds: int
    document_rounds: int
    process_rounds: int
    cold_rounds: int

    @classmethod
    def full(cls) -> Scale:
        """The sizes of `make bench`."""
        return cls(
            bars=1_000_000,
            csv_bars=100_000,
            kernel_bars=262_144,
            documents=2_000,
            rounds=21,
            document_rounds=7,
            process_rounds=9,
            cold_rounds=3,
        )

    @classmethod
    def quick(cls) -> Scale:
        """Sizes that only show that everything runs."""
        return cls(
            bars=50_000,
            csv_bars=5_000,
            kernel_bars=16_384,
            documents=50,
            rounds=3,
            document_rounds=3,
            process_rounds=1,
            cold_rounds=1,
        )


@dataclass(frozen=True)
class Market:
    """Hourly bars of one market as the arrays that everybody starts from."""

    time: NDArray[np.datetime64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def columns(self) -> dict[str, Any]:
        """The arrays by name, time first."""
        return dict(vars(self))


def random_walk(bars: int, seed: int = 20_260_101) -> Market:
    """A random walk as an exchange would quote it: prices in cents, whole volumes.

    Some candles in a hundred leave the close where it was, as in real markets; whole volumes
    keep every running sum exact, so that implementations can be compared to the last entry.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    close = np.round(100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.001, bars))), 2)
    opening = np.concatenate((close[:1], close[:-1]))
    wick = np.round(0.001 * close * rng.exponential(1.0, (2, bars)), 2)
    hours = np.arange(bars) * np.timedelta64(1, "h").astype("m8[ns]")
    return Market(
        time=np.datetime64("1900-01-01", "ns") + hours,
        open=opening,
        high=np.maximum(opening, close) + wick[0],
        low=np.maximum(np.minimum(opening, close) - wick[1], 0.01),
        close=close,
        volume=np.round(100_000.0 * rng.lognormal(0.0, 0.5, bars)),
    )
