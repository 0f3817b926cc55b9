"""The conductor of all links: which are asked, when, how often, and when an answer may be believed.

Every result is stored as soon as it is known, so that an interrupted run loses nothing and the next one
goes on. A failure counts only if some other host answered meanwhile: what fails while this machine
itself is off the net says nothing about a link.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import sqlite3
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import httpx
import tenacity
from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.links.connect import Dialer, GuardedTransport, Resolver, dialer, look_up
from pipeline.links.fetch import fetch
from pipeline.links.grade import grade
from pipeline.links.guard import PUBLIC, Policy
from pipeline.links.pace import Pace, Sleep
from pipeline.links.result import Ending, Evidence, LinkResult, Outcome
from pipeline.links.store import LinkStore, open_store
from pipeline.settings import Links
from pipeline.stops import interrupts_wait
from pipeline.trace import trace_of

_TRY_AGAIN = {Ending.NO_NAME, Ending.NO_CONNECTION, Ending.SILENT, Ending.BROKEN}
_TRY_AGAIN_STATUS = {429, 500, 502, 503, 504}
_OF_THE_HOST = {Ending.NO_NAME, Ending.NO_CONNECTION}
"""What is wrong with a host is wrong with all links to it: one of them is asked for all."""
_NEEDS_WITNESS = {*_OF_THE_HOST, Ending.INSIDE}
_HEARD = {Ending.ANSWERED, Ending.CERTIFICATE, Ending.CHAIN}
_MOST_WITNESSES = 3
_CROWD = 8
"""So many links for each place are on the way at once, most of them waiting for their host."""


class LinkSummary(Struct, frozen=True):
    """What a run did. Counts are of distinct links.

    known: results of earlier runs that are still good. checked: asked now. offline: links that could
    not be judged because nothing at all answered. outcomes: of known and checked together. faults:
    (link, trace) of our own crashes.
    """

    asked: int
    known: int
    checked: int
    offline: int
    outcomes: Mapping[Outcome, int]
    warning: str
    faults: Sequence[tuple[str, str]]


def is_good(result: LinkResult, now: dt.datetime, keep_days: int) -> bool:
    """Whether a stored result is young enough to stand. now: aware."""
    age = now - dt.datetime.fromisoformat(result.evidence.checked)
    return age < dt.timedelta(days=keep_days)


def check_links(
    links: Iterable[str],
    store_path: Path,
    settings: Links,
    *,
    now: dt.datetime,
    on_done: Callable[[int], None] = lambda _number: None,
    witnesses: Iterable[str] = (),
    resolve: Resolver = look_up,
    connect: Dialer | None = None,
    policy: Policy = PUBLIC,
    sleep: Sleep = asyncio.sleep,
) -> LinkSummary:
    """Open all links that have no good result, and store what was seen.

    now: aware. on_done is told how many more links are done. witnesses: links of well-known hosts,
    asked only if nothing else answers. connect, resolve, policy, sleep: for trials without network.
    Raises sqlite3.Error or OSError if the store cannot be used; Ctrl-C may come at any time.
    """
    wanted = sorted({link for link in links if link})
    with open_store(store_path) as (store, warning):
        known = {
            link: result for link, result in store.all().items() if is_good(result, now, settings.keep_days)
        }
        good = [link for link in wanted if link in known]
        missing = [link for link in wanted if link not in known]
        on_done(len(good))
        with asyncio.Runner() as runner:
            runner.get_loop().set_exception_handler(_log_faults)
            transport = connect if connect is not None else dialer()
            work = _Round(store, settings, transport, resolve, policy, sleep, now, on_done)
            try:
                runner.run(work.all(missing, list(witnesses)[:_MOST_WITNESSES]))
            except ExceptionGroup as group:
                raise group.exceptions[0] from group
        outcomes = Counter(known[link].outcome for link in good) + Counter(work.outcomes)
    return LinkSummary(
        asked=len(wanted),
        known=len(good),
        checked=sum(work.outcomes.values()),
        offline=len(work.held),
        outcomes=dict(outcomes),
        warning=warning,
        faults=sorted(work.faults),
    )


def _log_faults(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """As asyncio does, but for Ctrl-C: whoever ran the loop has it already, and no user needs its trace."""
    if not isinstance(context.get("exception"), KeyboardInterrupt):
        loop.default_exception_handler(context)


class _Round(Struct):
    """One run over the links that are missing. Lives in one event loop."""

    store: LinkStore
    settings: Links
    connect: Dialer
    resolve: Resolver
    policy: Policy
    sleep: Sleep
    now: dt.datetime
    on_done: Callable[[int], None]
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    held: list[Evidence] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    _failed_hosts: dict[str, Evidence] = field(default_factory=dict)
    _heard: float = float("-inf")
    """When anybody last answered."""
    _asked: dict[str, float] = field(default_factory=dict)
    """Since when a host has been asked without an answer."""
    _began: float = 0.0
    _pace: Pace | None = None

    async def all(self, links: list[str], witnesses: list[str]) -> None:
        """Ask every link; those that only this machine's own line may have failed, once more at the end."""
        self._began = self._clock()
        self._pace = Pace(self.settings.at_once, self.settings.per_host, self.sleep)
        async with self.connect:
            await self._each(_hosts_in_turn(links), self._first)
            if self.held and await self._anybody_there(witnesses):
                held, self.held = [seen.link for seen in self.held], []
                self._failed_hosts.clear()
                await self._each(_hosts_in_turn(held), self._again)

    async def _each(self, links: list[str], ask: Callable[[str], Awaitable[None]]) -> None:
        crowd = asyncio.Semaphore(self.settings.at_once * _CROWD)

        async def one(link: str) -> None:
            try:
                await ask(link)
            except (sqlite3.Error, OSError):
                raise  # what was seen cannot be kept: no use in asking on
            except Exception as error:
                self.faults.append((link, trace_of(error)))
            finally:
                crowd.release()

        async with asyncio.TaskGroup() as group:
            for link in links:
                await crowd.acquire()
                group.create_task(one(link))

    async def _first(self, link: str) -> None:
        """Ask as often as is set; a failure that nobody's answer bears out is held back."""
        seen = await self._tried(link, self.settings.tries)
        failed = seen.ending in _NEEDS_WITNESS and len(seen.hops) == 1
        if failed and self._heard < self._asked.get(_host(link), float("inf")):
            self.held.append(seen)
        else:
            self._keep(seen)

    async def _again(self, link: str) -> None:
        """Once more, now that somebody answers: this counts, whatever it is."""
        seen = await self._tried(link, 1)
        self._keep(replace(seen, tries=seen.tries + self.settings.tries))

    async def _tried(self, link: str, tries: int) -> Evidence:
        """The evidence of the last try. A host that failed every try is not asked for its other links."""
        host = _host(link)
        tried = 0

        async def once() -> Evidence:
            nonlocal tried
            tried += 1
            if host in self._failed_hosts:
                return self._failed_hosts[host]
            return await self._fetched(link)

        again = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(tries),
            wait=tenacity.wait_fixed(self.settings.between_tries),
            retry=tenacity.retry_if_result(
                lambda seen: host not in self._failed_hosts and _worth_another(seen)
            ),
            retry_error_callback=_last,
            sleep=self.sleep,
        )
        seen: Evidence = await again(once)
        if seen.ending in _OF_THE_HOST and len(seen.hops) == 1:
            seen = self._failed_hosts.setdefault(host, replace(seen, tries=tried))
            own = replace(seen.hops[0], url=str(httpx.URL(link)))
            return replace(seen, link=link, hops=(own,), checked=self._time())
        return replace(seen, tries=tried, checked=self._time())

    async def _fetched(self, link: str) -> Evidence:
        if self._pace is None:
            raise RuntimeError("a round begins with all()")
        pace, host = self._pace, _host(link)

        @contextlib.asynccontextmanager
        async def turn(name: str) -> AsyncIterator[None]:
            async with pace.turn(name):
                self._asked.setdefault(host, self._clock())
                yield

        transport = GuardedTransport(self.resolve, self.connect, self.policy)
        seen = await fetch(link, transport, turn, self.settings.deadline, self.policy)
        if seen.ending in _HEARD or any(hop.status for hop in seen.hops):
            self._heard = self._clock()
            self._asked.pop(host, None)
        return seen

    async def _anybody_there(self, witnesses: list[str]) -> bool:
        """Whether a well-known host answers, so that this machine is on the net."""
        began = self._clock()
        for link in witnesses:
            await self._fetched(link)
            if self._heard >= began:
                return True
        return False

    def _keep(self, seen: Evidence) -> None:
        with interrupts_wait():
            self.store.put([seen])
        self.outcomes[grade(seen).outcome] += 1
        self.on_done(1)

    def _time(self) -> str:
        """The time of the day by the run's own start; a clock that is set meanwhile does not matter."""
        passed = dt.timedelta(seconds=self._clock() - self._began)
        return (self.now.astimezone(dt.UTC) + passed).isoformat(timespec="seconds")

    @staticmethod
    def _clock() -> float:
        return asyncio.get_running_loop().time()


def _last(state: tenacity.RetryCallState) -> Evidence:
    """After the last try: what it brought."""
    if state.outcome is None:
        raise RuntimeError("a try has an outcome")
    seen: Evidence = state.outcome.result()
    return seen


def _worth_another(seen: Evidence) -> bool:
    return seen.ending in _TRY_AGAIN or seen.status in _TRY_AGAIN_STATUS


def _hosts_in_turn(links: Iterable[str]) -> list[str]:
    """One link of every host, then the next of each: no host keeps the others waiting."""
    by_host: defaultdict[str, list[str]] = defaultdict(list)
    for link in links:
        by_host[_host(link)].append(link)
    return [link for each in zip_longest(*by_host.values()) for link in each if link is not None]


def _host(link: str) -> str:
    """Scheme, host and port of a link; the link itself if it has none."""
    try:
        url = httpx.URL(link)
    except httpx.InvalidURL:
        return link
    return f"{url.scheme} {url.host} {url.port}"
