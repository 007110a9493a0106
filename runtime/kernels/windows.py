"""Windows by doubling: a value over 2k candles from two over k, each level shared by all that need it.

mean of 20 = blend(mean of the last 16, mean of the 4 before them, 4/20), and the mean of 16 is
the midpoint of two means of 8. Nothing runs on from window to window, so nothing drifts, a bad
value is gone as soon as it has left, and the bits do not depend on where the series starts.
"""

from __future__ import annotations

from ..registry import window

window("mean", double="midpoint", join="blend", overlapping=False)
window("highest", double="larger", join="larger", overlapping=True)
window("lowest", double="smaller", join="smaller", overlapping=True)
