"""Owns BarsError: what is said of market data that cannot be used, with the list of all its codes."""

from collections.abc import Iterator
from contextlib import contextmanager


class BarsError(ValueError):
    """Market data that cannot be used, or not for what was asked of it.

    `code` is stable, one for each kind of mistake; `message` says what was found, `help` what to do;
    `row` counts from 0 and `time` is ISO 8601, both None where the mistake has no place.

    B101 kind of data, B102 unreadable file, B103 pyarrow missing, B104 no known column, B105 two
    columns for one field, B106 shape, B107 not a number, B108 not a time, B109 time out of range,
    B110 time missing, B111 only some times have an offset;
    B201 not finite, B202 price not above 0, B203 high, B204 low, B205 volume below 0, B206 a time
    twice, B207 times not increasing;
    B301 column absent, B302 gap below the timeframe, B303 gaps above it, B304 unknown timeframe,
    B305 no times, B307 does not divide, B308 coarser, B309 alignment,
    B310 sum of volumes too large, B311 bars of an instrument missing.

    >>> str(BarsError("B205", "volume is -1.0, which is below 0", 3, help="correct it"))
    'row 3: volume is -1.0, which is below 0; correct it'
    """

    def __init__(
        self, code: str, message: str, row: int | None = None, time: str | None = None, help: str = ""
    ) -> None:
        super().__init__(code, message, row, time, help)  # pickle calls the class with these again
        self.code = code
        self.message = message
        self.row = row
        self.time = time
        self.help = help

    def __str__(self) -> str:
        moment = "" if self.time is None else f" ({self.time})"
        place = "" if self.row is None else f"row {self.row}{moment}: "
        advice = f"; {self.help}" if self.help else ""
        return place + self.message + advice


@contextmanager
def naming(instrument: str) -> Iterator[None]:
    """Say of which instrument the bars are that cannot be used.

    >>> with naming("SPY"):
    ...     raise BarsError("B305", "the bars have no times")
    Traceback (most recent call last):
    ...
    dslc.runtime.bars_error.BarsError: SPY: the bars have no times
    """
    try:
        yield
    except BarsError as error:
        message = f"{instrument}: {error.message}"
        raise BarsError(error.code, message, error.row, error.time, error.help) from None
