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
    """How much is measured: lengths of histories, numbers of documents and strategies, and rounds."""

    bars: int
    csv_bars: int
    kernel_bars: int
    new_bars: int
    batch_bars: int
    memory_bars: int
    window_bars: int
    scale_bars: int
    documents: int
    strategies: int
    calls: int
    pushes: int
    rounds: int
    document_rounds: int
    new_rounds: int
    batch_rounds: int
    process_rounds: int
    cold_rounds: int

    @classmethod
    def full(cls) -> Scale:
        """The sizes of `make bench`."""
        return cls(
            bars=1_000_000,
            csv_bars=100_000,
            kernel_bars=262_144,
            new_bars=1_000,
            batch_bars=100_000,
            memory_bars=10_000_000,
            window_bars=1_000_000,
            scale_bars=5_000,
            documents=2_000,
            strategies=1_000,
            calls=500,
            pushes=200,
            rounds=21,
            document_rounds=7,
            new_rounds=300,
            batch_rounds=7,
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
            new_bars=1_000,
            batch_bars=5_000,
            memory_bars=100_000,
            window_bars=20_000,
            scale_bars=1_000,
            documents=50,
            strategies=50,
            calls=25,
            pushes=20,
            rounds=3,
            document_rounds=3,
            new_rounds=10,
            batch_rounds=2,
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


def random_walk(
    bars: int,
    seed: int = 20_260_101,
    *,
    since: str = "1900-01-01",
    minutes: int = 60,
    ticks: int | None = None,
) -> Market:
    """A random walk as an exchange would quote it: prices in cents, whole volumes.

    Some candles in a hundred leave the close where it was, as in real markets; whole volumes
    keep every running sum exact, so that implementations can be compared to the last entry.
    Where closes are compared with their means, prices in `ticks` to the unit, a power of two as
    in bond futures, do the same for the means: in cents, a close that is its mean of five lies
    above it in one implementation and below it in the next.
    """
    import numpy as np

    def quoted(prices: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(prices, 2) if ticks is None else np.round(prices * ticks) / ticks

    rng = np.random.default_rng(seed)
    close = quoted(100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.001, bars))))
    opening = np.concatenate((close[:1], close[:-1]))
    wick = quoted(0.001 * close * rng.exponential(1.0, (2, bars)))
    length = np.timedelta64(minutes, "m").astype("m8[ns]")
    return Market(
        time=np.datetime64(since, "ns") + np.arange(bars) * length,
        open=opening,
        high=np.maximum(opening, close) + wick[0],
        low=np.maximum(np.minimum(opening, close) - wick[1], 0.01 if ticks is None else 1.0 / ticks),
        close=close,
        volume=np.round(100_000.0 * rng.lognormal(0.0, 0.5, bars)),
    )
