"""Proof on a user's own bars: what the compiler proved, tried; certificates, and their replay."""
