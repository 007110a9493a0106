"""Verdicts: what is known of a correct strategy before any candle is seen, said as warnings."""
