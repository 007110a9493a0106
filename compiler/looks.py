"""Lets whoever waits for a stage of the compiler end it: a `Look` is a function that raises then.

A stage looks before it begins and after every few hundred nodes, some milliseconds of work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
import threading
from typing import TypeAlias, TypeVar

Look: TypeAlias = Callable[[], None]

T = TypeVar("T")

_BETWEEN = 256
_SECONDS = 0.02  # between two looks while somebody else has a lock


def idle() -> None:
    """A look of those who wait however long it takes."""


def watched(items: Iterable[T], look: Look) -> Iterator[T]:
    """The items, with a look before the first one and then now and then.

    >>> looks = []
    >>> len(list(watched(range(300), lambda: looks.append("look")))), looks
    (300, ['look', 'look'])
    """
    for count, item in enumerate(items):
        if count % _BETWEEN == 0:
            look()
        yield item


@contextmanager
def locked(lock: threading.Lock, look: Look) -> Iterator[None]:
    """With the lock, and looks as long as somebody else has it."""
    while not lock.acquire(timeout=_SECONDS):
        look()
    try:
        yield
    finally:
        lock.release()
