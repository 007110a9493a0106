"""Many values of a strategy's parameters tried on the same bars."""
