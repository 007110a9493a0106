"""Why a candle entered or not: the values behind it, and what would have changed it."""
