"""Read what has happened, once for all clients, as long as there are any."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from dropdub.errors import DropdubError
from dropdub.web.events.news import LATEST_ONLY, Message, News, first_messages, job_message

if TYPE_CHECKING:
    from dropdub.web.site import Site

SHORTEST_TURN_S = 0.25
"""Clients are sent something four times a second at most."""
LONGEST_TURN_S = 2.0
"""A daemon that dies writes nothing: it is looked for this often."""
MOST_EVENTS = 1_000
"""In one reading. After more, a client reads its lists again, which is less than all that has happened."""
MOST_KEPT = 4_000
"""Messages that are kept for clients that are slow."""


class Feed:
    """Belongs to the event loop."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._clients: set[Client] = set()
        self._reading: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        """Set once the first reading is done: what happens from then on will be sent."""
        self._kept: deque[Message] = deque(maxlen=MOST_KEPT)
        self._sent = 0
        """How many messages there have been in all."""
        self.is_closed = False

    @contextlib.contextmanager
    def client(self, *, job: int | None = None, asked: bool = False) -> Iterator[Client]:
        """Be sent what happens within this block: all, or what concerns a job. `asked`: requests, too."""
        client = Client(self, self._sent, job, asked=asked)
        self._clients.add(client)
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._read())
        try:
            yield client
        finally:
            self._clients.discard(client)
            if not self._clients and self._reading is not None:
                self._reading.cancel()
                self._reading = None
                self._begun.clear()

    @property
    def clients(self) -> int:
        """Return the number of streams that are open."""
        return len(self._clients)

    async def catch_up(self, after: int | None, job: int | None) -> list[Message]:
        """Return what a client is sent first that has seen the event with the id `after`; of a job, how it is now.

        If it were read before the shared reading has begun, nobody would send what happens in between.
        """
        await self._begun.wait()
        reader, root = self._site.reader, self._site.place.root
        view = await self._site.run(reader.feed, after, now=time.time(), most=MOST_EVENTS)
        messages = first_messages(view, root) if view else []
        if view and job is not None and not any(message.subject == ("job", job) for message in messages):
            [one] = await self._site.run(reader.find, [str(job)])
            messages.append(job_message(one, view.last, root))
        return messages

    def close(self) -> None:
        """End all streams."""
        self.is_closed = True
        self._begun.set()
        for client in self._clients:
            client.awake.set()

    def since(self, number: int) -> tuple[Sequence[Message] | None, int]:
        """Return the messages from this number on, and the number of the next; None if some are not kept any more."""
        missing = self._sent - number
        if missing > len(self._kept):
            return None, self._sent
        return list(islice(self._kept, len(self._kept) - missing, None)), self._sent

    async def _read(self) -> None:
        news, last = News(self._site.place.root), None
        with self._site.watch.anything() as changed:
            while True:
                changed.clear()
                with contextlib.suppress(DropdubError):  # the database is in use: the next turn reads it
                    view = await self._site.run(self._site.reader.feed, last, now=time.time(), most=MOST_EVENTS)
                    if view is not None:
                        last = view.last
                        self._begun.set()
                        self._send(news.of(view, time.monotonic()))
                await asyncio.sleep(SHORTEST_TURN_S)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), LONGEST_TURN_S - SHORTEST_TURN_S)

    def _send(self, messages: Sequence[Message]) -> None:
        self._kept.extend(messages)
        self._sent += len(messages)
        for client in self._clients if messages else ():
            client.awake.set()


class Client:
    """One that is sent what happens. It takes it when it can: what it was too slow for is left out."""

    def __init__(self, feed: Feed, next_number: int, job: int | None, *, asked: bool) -> None:
        self.awake = asyncio.Event()
        self._feed = feed
        self._next = next_number
        self._job = job
        self._asked = asked or job is not None
        self._seen = 0
        self._ended = False
        self._daemon = b""

    @property
    def is_done(self) -> bool:
        """Return whether nothing more is to be sent: the server stops, or the job has ended."""
        return self._feed.is_closed or self._ended

    async def first(self, after: int | None) -> bytes:
        """Return what is sent first to a client that has seen the event with the id `after`."""
        messages = await self._feed.catch_up(after, self._job)
        self._seen = max((message.id for message in messages), default=0)
        return self._chosen(messages)

    def take(self) -> bytes:
        """Return what has happened since the last call; empty if nothing has."""
        self.awake.clear()
        messages, self._next = self._feed.since(self._next)
        if messages is None:
            return b"event: reset\ndata: {}\n\n"
        return self._chosen([one for one in messages if one.kind != "story" or one.id > self._seen])

    def _chosen(self, messages: Sequence[Message]) -> bytes:
        """Return the messages for this client; of several about the same thing, the newest."""
        mine = [message for message in messages if self._concerns(message)]
        newest = {message.subject: message for message in mine if message.kind in LATEST_ONLY}
        self._ended = self._ended or (self._job is not None and any(one.has_ended for one in newest.values()))
        kept = (one for one in mine if one.kind not in LATEST_ONLY or newest[one.subject] is one)
        return b"".join(message.data for message in kept if not self._has_daemon(message))

    def _has_daemon(self, message: Message) -> bool:
        """Return whether a message says of the daemon what this client knows: it was sent when the client came."""
        if message.kind != "daemon":
            return False
        before, self._daemon = self._daemon, message.data
        return before == message.data

    def _concerns(self, message: Message) -> bool:
        if message.job is None:
            return self._job is None or message.kind == "reset"
        return (self._job in (None, message.job)) and (self._asked or not message.asked)
