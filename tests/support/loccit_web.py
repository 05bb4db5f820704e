"""A loopback web of many hosts in one thread: addresses of 127.0.0.0/8 are hosts to loccit, and none needs a name."""

import asyncio
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

PARAGRAPH = "".join(
    f"<p>Paragraph {number} of this page matters to nobody who reads it, but the page has it, as pages have them: "
    f"a sentence on menus, one on settings and one on what the button with the number {number} does.</p>"
    for number in range(12)
)


class ManyHosts:
    """Pages by host and path; `asked` holds when each host was asked for what (seconds, monotonic)."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], str] = {}
        self.asked: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self.redirects: dict[tuple[str, str], str] = {}
        self.stalls: list[tuple[float, float]] = []
        self.port = 0

    def url(self, number: int, path: str) -> str:
        return f"http://{self.host(number)}:{self.port}{path}"

    @staticmethod
    def host(number: int) -> str:
        return f"127.20.{1 + number // 250}.{1 + number % 250}"

    def counts(self) -> Counter[tuple[str, str]]:
        return Counter((host, path) for host, asked in self.asked.items() for _, path in asked)

    def closest(self) -> tuple[float, str, list[tuple[float, str]]]:
        """The shortest mean pause between three requests to one host, which it was, and all that it was asked.

        Of three, because on a busy machine one may arrive late and the next in time: then the pause between the two
        is short, and the one before it as much longer.
        """
        pauses = [
            ((times[2][0] - times[0][0]) / 2, host, sorted(asked))
            for host, asked in self.asked.items()
            for times in zip(sorted(asked), sorted(asked)[1:], sorted(asked)[2:], strict=False)
            # While this web itself was not let run, requests waited, and were seen at once.
            if not any(begin <= times[2][0] and end >= times[0][0] for begin, end in self.stalls)
        ]
        return min(pauses, default=(float("inf"), "", []))

    def _answer(self, host: str, path: str) -> bytes:
        target = self.redirects.get((host, path))
        if target is not None:
            return f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
        text = self.texts.get((host, path))
        if text is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"
        page = f"<!doctype html><html lang=en><title>Help</title><body><h1>Help {path}</h1><p>{text}</p>{PARAGRAPH}"
        body = page.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode("latin-1")
                self.asked[host].append((time.monotonic(), path))
                writer.write(self._answer(host, path))
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def _notice_stalls(self) -> None:
        before = time.monotonic()
        while True:
            await asyncio.sleep(0.01)
            now = time.monotonic()
            if now - before > 0.04:
                self.stalls.append((before, now))
            before = now


@contextmanager
def many_hosts() -> Iterator[ManyHosts]:
    """Such a web for the length of the block."""
    web, ready, loop = ManyHosts(), threading.Event(), asyncio.new_event_loop()

    async def begin() -> asyncio.Server:
        server = await asyncio.start_server(web._serve, "0.0.0.0", 0, backlog=1024)
        web.port = server.sockets[0].getsockname()[1]
        ready.set()
        return server

    def work() -> None:
        server = loop.run_until_complete(begin())
        noticing = loop.create_task(web._notice_stalls())
        loop.run_forever()
        server.close()
        noticing.cancel()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield web
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
