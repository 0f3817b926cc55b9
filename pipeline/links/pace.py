"""Turns at hosts: so many requests at once in all, and between two at one host a gap."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable

Sleep = Callable[[float], Awaitable[None]]


class Pace:
    """Who may ask when. Lives in one event loop."""

    def __init__(self, at_once: int, per_host: float, sleep: Sleep) -> None:
        """per_host: seconds between the starts of two requests at one host."""
        self._slots = asyncio.Semaphore(at_once)
        self._gap = per_host
        self._sleep = sleep
        self._doors: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free: defaultdict[str, float] = defaultdict(float)

    @contextlib.asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host, then for a free place, and hold that; nobody holds one while waiting."""
        clock = asyncio.get_running_loop().time
        async with self._doors[host]:
            wait = self._free[host] - clock()
            if wait > 0:
                await self._sleep(wait)
            await self._slots.acquire()
            self._free[host] = clock() + self._gap
        try:
            yield
        finally:
            self._slots.release()
