"""What other languages and platforms call the things of this one: the only place that knows.

Pine, TA-Lib, pandas, freqtrade, MetaTrader and AmiBroker name the same things in other ways. `written` gives
the words of this language for a call of theirs, `named` for a name, `timeframe_of` for a timeframe, and
`absent` says of what this language does not have yet what may be written instead.

1. A name is compared without case and underscores: `cross_up`, `CrossUp` and `crossup` are one.
2. `SYNONYMS` has functions that are the same under another name. Their arguments are fitted: TA-Lib's
   `ATR(high, low, close, 14)` is `atr(14)`, `ema(9, close)` is `ema(close, 9)`.
3. `FORMULAS` has calls that are a short expression here: `delay(x, n)` is `x[n]`.

What has only one reading is safe: `rsi(14)` is that of the close on every platform, and Pine's `highest(20)`
that of the high. `ma` may be any average, so
it is a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
import re

from .words import MARKET_DATA, MINUTES

# --- functions --------------------------------------------------------------------------------

SHAPES: dict[str, tuple[str, ...]] = {
    "abs": ("x",),
    "atr": ("n",),
    "body": (),
    "change": ("x",),
    "crossDown": ("x", "x"),
    "crossUp": ("x", "x"),
    "ema": ("x", "n"),
    "highest": ("x", "n"),
    "lowerWick": (),
    "lowest": ("x", "n"),
    "max": ("x", "x"),
    "min": ("x", "x"),
    "range": (),
    "rsi": ("x", "n"),
    "sma": ("x", "n"),
    "upperWick": (),
    "volumeSma": ("n",),
    "volumeSpike": ("m",),
    "ad": (),
    "barsSince": ("x",),
    "ceil": ("x",),
    "clamp": ("x", "x", "x"),
    "cmf": ("n",),
    "countTrue": ("x", "n"),
    "cross": ("x", "x"),
    "cumulative": ("x",),
    "exp": ("x",),
    "falling": ("x", "n"),
    "floor": ("x",),
    "forceIndex": ("n",),
    "gap": (),
    "haClose": (),
    "haHigh": (),
    "haLow": (),
    "haOpen": (),
    "highestBars": ("x", "n"),
    "hl2": (),
    "hlc3": (),
    "isDefined": ("x",),
    "log": ("x",),
    "lowestBars": ("x", "n"),
    "normalize": ("x", "n"),
    "obv": (),
    "ohlc4": (),
    "orElse": ("x", "x"),
    "pow": ("x", "x"),
    "rising": ("x", "n"),
    "round": ("x",),
    "sign": ("x",),
    "since": ("x", "x"),
    "sqrt": ("x",),
    "streak": ("x",),
    "sum": ("x", "n"),
    "valueWhen": ("x", "x"),
    "vwap": ("n",),
    "bbLower": ("x", "n", "m"),
    "bbMiddle": ("x", "n"),
    "bbUpper": ("x", "n", "m"),
    "bbWidth": ("x", "n", "m"),
    "choppiness": ("n",),
    "correlation": ("x", "x", "n"),
    "covariance": ("x", "x", "n"),
    "dema": ("x", "n"),
    "donchianLower": ("n",),
    "donchianUpper": ("n",),
    "hma": ("x", "n"),
    "kurtosis": ("x", "n"),
    "linreg": ("x", "n"),
    "linregSlope": ("x", "n"),
    "median": ("x", "n"),
    "natr": ("n",),
    "percentile": ("x", "n", "m"),
    "percentRank": ("x", "n"),
    "rma": ("x", "n"),
    "skew": ("x", "n"),
    "stdev": ("x", "n"),
    "tema": ("x", "n"),
    "trueRange": (),
    "variance": ("x", "n"),
    "vwma": ("x", "n"),
    "wma": ("x", "n"),
    "zscore": ("x", "n"),
    "adx": ("n",),
    "aroonDown": ("n",),
    "aroonUp": ("n",),
    "awesome": ("n", "n"),
    "cci": ("n",),
    "mfi": ("n",),
    "minusDi": ("n",),
    "momentum": ("x", "n"),
    "plusDi": ("n",),
    "roc": ("x", "n"),
    "sar": ("m", "m", "m"),
    "supertrend": ("m", "n"),
    "trix": ("x", "n"),
    "ultimate": ("n", "n", "n"),
    "vortexMinus": ("n",),
    "vortexPlus": ("n",),
    "williamsR": ("n",),
}
"""Functions that others have under another name: `x` is a series, `n` a period, `m` a factor."""

SYNONYMS = {
    "abs": "fabs absolute",
    "atr": "averagetruerange",
    "body": "bodysize candlebody realbody",
    "change": "diff delta",
    "crossDown": "crossunder crossesunder crossedbelow crossbelow crossesbelow crossdownward iscrossdown",
    "crossUp": "crossover crossesover crossedabove crossabove crossesabove crossupward iscrossup",
    "ema": "exponentialmovingaverage expma xaverage",
    "highest": "hhv highesthigh rollingmax highestvalue",
    "lowerWick": "lowershadow lowertail bottomwick",
    "lowest": "llv lowestlow rollingmin lowestvalue",
    "max": "maximum fmax",
    "min": "minimum fmin",
    "range": "candlerange barrange",
    "rsi": "relativestrengthindex",
    "sma": "simplemovingaverage rollingmean",
    "upperWick": "uppershadow uppertail topwick",
    "volumeSma": "volsma volumema volma avgvolume averagevolume volumeaverage smavolume",
    "volumeSpike": "volspike",
    "ad": "accdist adl accumulationdistribution",
    "ceil": "ceiling",
    "clamp": "clip",
    "cmf": "chaikinmoneyflow",
    "cross": "crosses crossed",
    "cumulative": "cum cumsum",
    "forceIndex": "efi elderforceindex",
    "hl2": "medprice",
    "hlc3": "typprice",
    "isDefined": "notna notnull",
    "log": "ln",
    "obv": "onbalancevolume",
    "ohlc4": "avgprice",
    "orElse": "coalesce fillna",
    "pow": "power",
    "sign": "signum sgn",
    "sqrt": "squareroot",
    "sum": "rollingsum tssum",
    "vwap": "rollingvwap",
    "bbLower": "bollingerlower",
    "bbMiddle": "bollingermiddle",
    "bbUpper": "bollingerupper",
    "bbWidth": "bbw bollingerwidth",
    "choppiness": "chop choppinessindex",
    "correlation": "correl corr",
    "covariance": "cov covar",
    "dema": "doubleexponentialmovingaverage",
    "hma": "hullma hullmovingaverage",
    "kurtosis": "kurt",
    "linreg": "lsma linearreg linearregression",
    "linregSlope": "linearregslope",
    "median": "rollingmedian",
    "natr": "normalizedatr",
    "percentile": "percentilelinearinterpolation",
    "rma": "smma wilder wilders wildersma",
    "skew": "skewness",
    "stdev": "stddev stdevp standarddeviation",
    "tema": "tripleexponentialmovingaverage",
    "trueRange": "trange",
    "vwma": "volumeweightedmovingaverage",
    "wma": "weightedmovingaverage",
    "adx": "averagedirectionalindex",
    "awesome": "awesomeoscillator",
    "cci": "commoditychannelindex",
    "mfi": "moneyflowindex",
    "momentum": "mom",
    "roc": "rateofchange",
    "sar": "psar parabolicsar",
    "ultimate": "ultosc ultimateoscillator",
    "williamsR": "willr wpr williamspercentr",
}
UNSURE = {
    "sma": "ma movingaverage average avg mean",
    "ema": "ewm ewma",
    "stdev": "std rollingstd",
    "variance": "var",
    "bbUpper": "upperband",
    "bbLower": "lowerband",
}
"""What is usually this function, and may be another."""

_TRUE_RANGE = "trueRange()"

FORMULAS: dict[str, dict[int, str]] = {
    "change": {2: "{0} - {0}[{1}]"},
    "diff": {2: "{0} - {0}[{1}]"},
    "pctchange": {1: "{0} / {0}[1] - 1", 2: "{0} / {0}[{1}] - 1"},
    "stoch": {4: "stochK({3})"},
    "shift": {1: "{0}[1]", 2: "{0}[{1}]"},
    "lag": {1: "{0}[1]", 2: "{0}[{1}]"},
    "prev": {1: "{0}[1]", 2: "{0}[{1}]"},
    "previous": {1: "{0}[1]", 2: "{0}[{1}]"},
    "delay": {2: "{0}[{1}]"},
    "square": {1: "{0} * {0}"},
    "log10": {1: "log({0}) / log(10)"},
    "na": {1: "NOT isDefined({0})"},
    "isna": {1: "NOT isDefined({0})"},
    "isnan": {1: "NOT isDefined({0})"},
    "nz": {2: "orElse({0}, {1})"},
    "iff": {3: "if({0}, {1}, {2})"},
    "where": {3: "if({0}, {1}, {2})"},
    "ifelse": {3: "if({0}, {1}, {2})"},
    "pivothigh": {2: "pivotHigh({0}, {1})", 3: "pivotHigh({1}, {2}, {0})"},
    "pivotlow": {2: "pivotLow({0}, {1})", 3: "pivotLow({1}, {2}, {0})"},
    "valuewhen": {3: "valueWhen({0}, {1})"},
    "adosc": {6: "adOsc({4}, {5})"},
    "tr": {0: _TRUE_RANGE, 1: _TRUE_RANGE},
    "max": {3: "max(max({0}, {1}), {2})"},
    "min": {3: "min(min({0}, {1}), {2})"},
}

ABSENT = {
    "function of several lines": "bb bbands bollinger bollingerbands kc keltner donchian"
    " dmi aroon ichimoku stochastic vortex",
    "triangular average": "trima",
    "directional index of that name": "adxr dx",
    "call for other bars": "security requestsecurity",
    "time to compare with": "time timestamp year weekofyear",
    "weekday of that name": "weekday",
    "session of that name": "session sessionismarket",
}
"""What this language has not, and what others call it."""

NEAREST = {
    **dict.fromkeys(
        ("security", "requestsecurity"),
        "write `ema(close, 50) @ 4H`, and `spy.close` of a symbol that configuration.symbols declares",
    ),
    **dict.fromkeys(("time", "timestamp", "year", "weekofyear"), "there are hour(), dayOfWeek() and month()"),
    "weekday": "dayOfWeek() is 1 on Mondays and 7 on Sundays",
    **dict.fromkeys(("session", "sessionismarket"), "write inSession(9.5, 16)"),
    "dmi": "its lines are plusDi(14), minusDi(14) and adx(14)",
    **dict.fromkeys(("adxr", "dx"), "the nearest is adx(14)"),
    "aroon": "its lines are aroonUp(14) and aroonDown(14)",
    "ichimoku": "its lines are ichimokuConversion(9), ichimokuBase(26), ichimokuSpanA() and ichimokuSpanB()",
    "stochastic": "its lines are stochK(14) and stochD(14)",
    "vortex": "its lines are vortexPlus(14) and vortexMinus(14)",
    "donchian": "its lines are donchianUpper(n), donchianMiddle(n) and donchianLower(n)",
    **dict.fromkeys(("kc", "keltner"), "its lines are keltnerUpper(), keltnerMiddle() and keltnerLower()"),
    **dict.fromkeys(
        ("bb", "bbands", "bollinger", "bollingerbands"),
        "its lines are bbUpper(close, 20, 2), bbMiddle(close, 20) and bbLower(close, 20, 2)",
    ),
}

# --- names ------------------------------------------------------------------------------------

NAMES = {
    "hl2": "hl2()",
    "hlc3": "hlc3()",
    "ohlc4": "ohlc4()",
    "typicalprice": "hlc3()",
    "medianprice": "hl2()",
    "tr": _TRUE_RANGE,
    "truerange": _TRUE_RANGE,
    "dayofmonth": "dayOfMonth()",
    "prevclose": "close[1]",
    "prevopen": "open[1]",
    "prevhigh": "high[1]",
    "prevlow": "low[1]",
    "previousclose": "close[1]",
    "previousopen": "open[1]",
    "previoushigh": "high[1]",
    "previouslow": "low[1]",
}
SCORE_NAMES = ("totalscore", "scoretotal")
"""What others call the score; every other name may stand anywhere."""
UNSURE_NAMES = {
    "price": "close",
    "src": "close",
    "source": "close",
    "adjclose": "close",
    "vol": "volume",
    "lastclose": "close[1]",
    "points": "score",
    "dayofweek": "dayOfWeek()",
}
FRAMES = ("df", "dataframe", "data", "bars", "candles", "ohlcv", "ohlc", "prices")
NAMED = (
    *("length", "len", "period", "periods", "timeperiod", "time_period", "window", "span", "lookback", "n"),
    *("x", "a", "b", "source", "src", "series", "real", "data", "high", "low", "close"),
    *("m", "factor", "multiplier"),
)
"""Names of arguments in other languages."""

_READABLE = 300  # characters of a formula; longer ones repeat long arguments, and nobody would read them
_PERIODS = re.compile(r"(?:\[|, ){([0-9])}[\])]")
_WITHOUT_PERIOD = frozenset(
    ("max", "min", "nz", "iff", "where", "ifelse", "pivothigh", "pivotlow", "valuewhen")
)
_WITH_PERIOD = re.compile(r"(ema|sma|rsi|atr|highest|lowest|volume_?sma)_?([1-9][0-9]{0,3})", re.IGNORECASE)
_PERIOD = 5
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Words:
    """What this language writes; `safe` where nothing else can have been meant."""

    text: str
    safe: bool


def plain(name: str) -> str:
    """A name without case and underscores.

    >>> plain("Cross_Up")
    'crossup'
    """
    return name.replace("_", "").lower()


_KNOWN = {plain(name): name for name in SHAPES}
_KNOWN |= {other: name for name, others in SYNONYMS.items() for other in others.split()}
_UNSURE = {other: name for name, others in UNSURE.items() for other in others.split()}
_ABSENT = {other: what for what, others in ABSENT.items() for other in others.split()}


_EXTREMES = {"MAX": Words("highest", True), "MIN": Words("lowest", True)}
"""TA-Lib's windows, of market data and a number; anything else is the larger of two values."""


_BARS = ["high", "low", "close"]
_LEFT_OUT: dict[str, tuple[list[str], ...]] = {
    "atr": (_BARS, ["close"]),
    "volumeSma": (["volume"],),
    "mfi": ([*_BARS, "volume"],),
    **dict.fromkeys(("adx", "cci", "minusDi", "plusDi", "vortexMinus", "vortexPlus", "williamsR"), (_BARS,)),
    **dict.fromkeys(("aroonDown", "aroonUp"), (_BARS[:2],)),
}
"""The series that others write into a call, and that a function here takes by itself."""


def function_of(name: str) -> Words | None:
    """The function that a name of another language or another case means.

    >>> function_of("crossover"), function_of("EMA").text, function_of("trima")
    (Words(text='crossUp', safe=True), 'ema', None)
    """
    known = _KNOWN.get(plain(name))
    if known:
        return Words(known, True)
    unsure = _UNSURE.get(plain(name))
    return Words(unsure, False) if unsure else None


def written(name: str, arguments: list[str]) -> Words | None:
    """A call in the words of this language, or None where it has none for it.

    >>> written("EMA", ["9", "close"]).text, written("ATR", ["high", "low", "close", "14"]).text
    ('ema(close, 9)', 'atr(14)')
    >>> written("mom", ["close", "10"]).text, written("bb", ["close", "20"])
    ('momentum(close, 10)', None)
    """
    arguments = [argument.strip() for argument in arguments]
    formula = FORMULAS.get(plain(name), {}).get(len(arguments))
    if plain(name) == "tr" and arguments not in ([], ["true"], ["false"]):
        return None  # a number asks for an average, which another function is
    if plain(name) == "stoch" and arguments[:3] != ["close", "high", "low"]:
        return None  # Pine's order; other platforms begin with the high
    if plain(name) == "valuewhen" and arguments[2:] not in ([], ["0"]):
        return None  # the last time but one, which is not remembered
    if plain(name) == "adosc" and arguments[:4] not in (["high", "low", "close", "volume"], []):
        return None
    if plain(name) in ("where", "iff", "ifelse") and arguments[1:] in (["1", "0"], ["true", "false"]):
        return Words(f"({arguments[0]})", True)
    window = len(arguments) == 2 and arguments[0] in MARKET_DATA and arguments[1].isdigit()
    found = _EXTREMES.get(name) if window else None
    found = found or function_of(name)
    if formula is not None and not (plain(name) == "change" and arguments[1] == "1"):
        periods = () if plain(name) in _WITHOUT_PERIOD else _PERIODS.findall(formula)
        if any(not _is_period(arguments[int(at)]) for at in periods):
            return None
        text = formula.format(*map(_operand, arguments)) if sum(map(len, arguments)) < _READABLE else ""
        return Words(text, _is_sure(plain(name), arguments)) if 0 < len(text) < _READABLE else None
    if plain(name) == "nz" and len(arguments) == 1:
        return Words(arguments[0], False)
    if plain(name) in ("avg", "average", "mean") and len(arguments) > 1 and _is_series(arguments[-1]):
        return Words(f"({' + '.join(arguments)}) / {len(arguments)}", True)
    if found is None:
        return None
    fitted = _fitted(found.text, arguments)
    if fitted is None:
        return None
    return Words(f"{found.text}({', '.join(fitted[0])})", found.safe and fitted[1])


def _is_sure(name: str, arguments: list[str]) -> bool:
    """Whether a formula is all that a call can mean.

    The second argument of numpy's `diff` is an order. Two numbers beside each other may be one with a comma.
    """
    if name == "diff":
        return len(arguments) < 2
    return name not in ("max", "min") or sum(bool(_NUMBER.fullmatch(one)) for one in arguments) < 2


def _is_period(argument: str) -> bool:
    """Whether a text may be a number of candles: a whole number, or a name that may stand for one."""
    return argument.isdigit() or (argument.isidentifier() and argument not in MARKET_DATA)


def _is_series(argument: str) -> bool:
    """Whether a text has a value on every candle, so that it is no period."""
    return argument in MARKET_DATA or _is_call(argument)


def _operand(argument: str) -> str:
    """An argument as it may stand before a bracket or beside an operator."""
    if re.fullmatch(r"[A-Za-z0-9_.]+", argument) or _is_call(argument):
        return argument
    return f"({argument})"


def _is_call(text: str) -> bool:
    """Whether a text is one call, and nothing more."""
    head = re.match(r"[A-Za-z_][A-Za-z0-9_]*\(", text)
    if head is None or not text.endswith(")"):
        return False
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and character == ")":
            return at == len(text) - 1
    return False


def _fitted(name: str, arguments: list[str]) -> tuple[list[str], bool] | None:
    """The arguments as the function takes them, and whether nothing was guessed; None if there is no way."""
    shape = SHAPES[name]
    arguments = ["close" if plain(one) in FRAMES else one for one in arguments]
    numbers = [bool(_NUMBER.fullmatch(one)) for one in arguments]
    if shape == ("x", "n") and len(arguments) == 2:
        return (arguments[::-1], True) if numbers[0] and not numbers[1] else (arguments, True)
    if len(arguments) == len(shape):
        return arguments, True
    if shape == ("n",) and arguments and numbers[-1]:
        series = [plain(one) for one in arguments[:-1]]
        if series in _LEFT_OUT.get(name, ()):
            return arguments[-1:], True
    if shape == ("x", "n") and len(arguments) == 1 and numbers[0]:
        source = {"highest": "high", "lowest": "low"}.get(name, "close")
        return [source, arguments[0]], True
    if name == "change" and len(arguments) == 2 and arguments[1] == "1":
        return arguments[:1], True
    if shape == ("m",) and not arguments:
        return ["1"], False
    if shape == () and all(one in MARKET_DATA for one in map(plain, arguments)):
        return [], False
    return None


def absent(name: str) -> str | None:
    """What to say of a function that this language has not, although others do.

    >>> absent("trima")
    'there is no triangular average yet'
    """
    what = _ABSENT.get(plain(name))
    if what is None:
        return None
    nearest = NEAREST.get(plain(name))
    return f"there is no {what} yet; {nearest}" if nearest else f"there is no {what} yet"


def named(name: str, known: Iterable[str] = ()) -> Words | None:
    """The expression that a name of another language means, in a document where some names are known.

    A number below 5 may only count the names, and beside `rsi7` the name `rsi14` may be a slip.

    >>> named("rsi_14").text, named("hl2").text, named("prevClose").text
    ('rsi(close, 14)', 'hl2()', 'close[1]')
    """
    if plain(name) in MARKET_DATA:
        return Words(plain(name), True)
    if plain(name) in NAMES:
        return Words(NAMES[plain(name)], True)
    if plain(name) in SCORE_NAMES:
        return Words("score", True)
    if plain(name) in UNSURE_NAMES:
        return Words(UNSURE_NAMES[plain(name)], False)
    match = _WITH_PERIOD.fullmatch(name)
    if match is None:
        return None
    called = _KNOWN[plain(match[1])]
    others = [other for one in known if (other := _WITH_PERIOD.fullmatch(one))]
    counted = any(_KNOWN[plain(other[1])] == called for other in others)
    sure = called not in ("highest", "lowest") and int(match[2]) >= _PERIOD and not counted
    source = {"highest": "high, ", "lowest": "low, ", "atr": "", "volumeSma": ""}.get(called, "close, ")
    return Words(f"{called}({source}{match[2]})", sure)


# --- timeframes -------------------------------------------------------------------------------

_UNITS = {
    "m min mins minute minutes t": 1,
    "h hr hrs hour hours": 60,
    "d day days": 1440,
    "w wk week weeks": 10080,
}
_FACTOR = {unit: factor for units, factor in _UNITS.items() for unit in units.split()}
_WORDS = {"hourly": 60, "daily": 1440, "weekly": 10080, "d": 1440, "w": 10080, "h": 60}
_LABELS = {minutes: label for label, minutes in MINUTES.items()}


def timeframe_of(text: str) -> str | None:
    """The timeframe that another spelling means; a number alone counts minutes, as in TradingView.

    >>> [timeframe_of(text) for text in ("1h", "60", "H4", "15 min", "1mo")]
    ['1H', '1H', '4H', '15M', None]
    """
    word = text.strip().lower().replace("_", "").replace("-", "").replace(" ", "")
    if re.fullmatch(r"p[0-9]+m", word):
        return None  # ISO 8601 writes a month so, and a minute with a T
    word = word.removeprefix("pt").removeprefix("p")
    if word in _WORDS:
        return _LABELS[_WORDS[word]]
    match = re.fullmatch(r"([0-9]{1,5})([a-z]*)", word) or re.fullmatch(r"([a-z]+)([0-9]{1,5})", word)
    if match is None:
        return None
    count, unit = match.groups() if match[1].isdigit() else match.groups()[::-1]
    factor = _FACTOR.get(unit or "m")
    return None if factor is None else _LABELS.get(int(count) * factor)


# --- keys -------------------------------------------------------------------------------------

KEYS = {
    "configuration": "config settings conf setup",
    "inputs": "input indicators indicator variables vars definitions series features",
    "conditions": "condition rules rule signals signal criteria filters",
    "score": "scores scoring weights weight points weighting",
    "decision": "decisions action",
    "timeframe": "interval resolution tf period granularity candle barsize",
    "entry": "entrycondition entryrule entersignal entrysignal enter",
    "name": "title label strategyname id",
    "description": "comment comments notes note desc summary",
    "parameters": "params parameter hyperparameters",
    "constraints": "constraint",
    "functions": "function funcs func helpers macros formulas",
    "default": "value defaultvalue",
    "min": "minimum low from",
    "max": "maximum high to",
    "choices": "options values enum",
    "unit": "units",
    "language": "version languageversion",
}
_KEY_OF = {other: key for key, others in KEYS.items() for other in (plain(key), *others.split())}
_UNSURE_KEY = {"entry": "buy long when if condition", "default": "start initial"}
_UNSURE_KEY_OF = {other: key for key, others in _UNSURE_KEY.items() for other in others.split()}
_GUESSED = frozenset(("version", "languageversion", "label", "id", "action", "period", "series", "features"))


def key_of(key: str, known: tuple[str, ...]) -> Words | None:
    """The key of this language that another key means, if it is among `known`.

    >>> key_of("indicators", ("inputs", "score")), key_of("buy", ("entry",))
    (Words(text='inputs', safe=True), Words(text='entry', safe=False))
    """
    word = plain(key).strip("$-# ")
    found = _KEY_OF.get(word)
    if found in known:
        return Words(found, word not in _GUESSED)
    unsure = _UNSURE_KEY_OF.get(word)
    return Words(unsure, False) if unsure in known else None
