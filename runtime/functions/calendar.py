"""The time at which a candle opens, in the zone of `configuration.timezone`, and what goes by the day."""

from __future__ import annotations

from ..registry import Hours, Series, Term, Truth, derived, native, term


@native(first="0", unit="hours", low=0.0, high=23.0, degree=(0, 0))
def hour() -> Term:
    """The hour in which the candle opens, 0 to 23, on the clock of `configuration.timezone`, UTC if left out.

    It is the hour of the opening, as on TradingView, not of the close at which the strategy decides.

    Example:
        time:   2024-03-01T22:30 2024-03-01T23:30 2024-03-02T00:30
        close:  1 2 3
        hour(): 22 23 0
    """
    return term("bar", params=("hour", "clock"))


@native(first="0", unit="minutes", low=0.0, high=59.0, degree=(0, 0))
def minute() -> Term:
    """The minute of the hour at which the candle opens, 0 to 59; see `hour` for whose clock.

    Example:
        time:     2024-03-01T22:30 2024-03-01T23:00
        close:    1 2
        minute(): 30 0
    """
    return term("bar", params=("minute", "clock"))


@native(first="0", unit="days", low=1.0, high=7.0, degree=(0, 0))
def dayOfWeek() -> Term:
    """The day of the week on which the candle opens: 1 is Monday, 7 is Sunday (ISO 8601).

    TradingView counts from Sunday, which is its 1.

    Example:
        time:        2024-03-01T12:00 2024-03-02T12:00 2024-03-03T12:00 2024-03-04T12:00
        close:       1 2 3 4
        dayOfWeek(): 5 6 7 1
    """
    return term("bar", params=("dayOfWeek", "clock"))


@native(first="0", unit="days", low=1.0, high=31.0, degree=(0, 0))
def dayOfMonth() -> Term:
    """The day of the month on which the candle opens, 1 to 31.

    Example:
        time:         2024-02-29T12:00 2024-03-01T12:00
        close:        1 2
        dayOfMonth(): 29 1
    """
    return term("bar", params=("dayOfMonth", "clock"))


@native(first="0", unit="months", low=1.0, high=12.0, degree=(0, 0))
def month() -> Term:
    """The month in which the candle opens: 1 is January, 12 is December.

    Example:
        time:    2023-12-31T12:00 2024-01-01T12:00
        close:   1 2
        month(): 12 1
    """
    return term("bar", params=("month", "clock"))


@native(first="0", unit="seconds", low=0.0, high=86_399.0, internal=True)
def secondOfDay() -> Term:
    """The second of the day at which the candle opens."""
    return term("bar", params=("second", "clock"))


@native(first="0", unit="days", internal=True)
def day() -> Term:
    """The day on which the candle opens, counted from 1970-01-01."""
    return term("bar", params=("day", "clock"))


@native(first="0", unit="0 or 1", low=0.0, high=1.0, internal=True)
def sessionFlag(second: Series, from_: Hours, to: Hours) -> Term:
    """1 where the second of the day lies in the session, 0 elsewhere."""
    return term("in_session", second, params=(from_, to))


@derived("sessionFlag(secondOfDay(), from, to) == 1", first="0", unit="true or false", degree=(0, 0))
def inSession(from_: Hours, to: Hours) -> Truth:
    """Whether the candle opens at `from` or later and before `to`: hours of the day, 9.5 is 09:30.

    `inSession(22, 6)` goes over midnight, and with `from` = `to` it is the whole day. The clock is that of
    `configuration.timezone` (UTC if left out), so that a session stays where it is when clocks change.
    Times are rounded to the second: `9 + 20 / 60` is 09:20.

    Example:
        time:              2024-03-01T09:00 2024-03-01T09:30 2024-03-01T15:30 2024-03-01T16:00
        close:             1 2 3 4
        inSession(9.5, 16): 0 1 1 0
    """


@native(first="0", unit="as series", internal=True, memory="recurrence")
def meanSinceChange(series: Series, weight: Series, key: Series) -> Term:
    """The mean of a series, weighted, since the key has changed."""
    return term("mean_since_change", series, weight, key)


@derived(
    "meanSinceChange(series, volume, day())",
    first="0",
    unit="price",
    low=0.0,
    memory="recurrence",
    degree=(1, 0),
)
def vwapSession(series: Series = "hlc3()") -> Series:
    """Volume-weighted average price since midnight: the mean of the series, each candle with its volume.

    It begins anew with the first candle of each day of `configuration.timezone` (UTC if left out), as the
    average of a session does on TradingView, whose session is that of the exchange. Undefined as long as no
    volume was traded that day; on daily candles it is the series itself. `vwap` is the rolling one.

    Example:
        time:               2024-03-01T22:00 2024-03-01T23:00 2024-03-02T00:00
        close:              10 20 30
        volume:             1 3 5
        vwapSession(close): 10 17.5 30
    """
