"""Scores many strategies on many symbols: read, share out, compute, keep what is finished, write.

`command.py` is the command line and `run.score` its Python twin. A run goes like this:

1. `snapshots` reads documents one by one; `strategies` compiles them and sets the rejected apart.
2. `symbols` finds the bars files, their symbols, and the digest of each file.
3. `store` knows what is finished: by the digests of strategy, bars file and engine.
4. `dispatch` makes units of the rest, (some symbols) × (all strategies), and hands them to an executor
   (`executors`), whose workers read the bars by their paths (`unit`).
5. What comes back is kept at once. When nothing is left, `outputs` writes the files in the order of
   snapshots and symbols, and puts them in the place of the old ones together (`publish`).

Two snapshots on two symbols, killed after the first symbol: the next run finds the strategies of the first
symbol finished, computes the second, and writes what the run would have written that nobody killed.
"""
