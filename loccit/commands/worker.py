"""`loccit worker`: crawls the hosts that the scheduler hands out, beside any number of other workers."""

import argparse
import asyncio
import json
import signal

from crawler.policy import Engine
from loccit.app import App
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.holding import held_line
from loccit.watching import watch_of, watched
from loccit.wiring import open_store
from loccit.worker import Worker, keep_working
from review.text import count, one_line
from storage.store import Store


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hosts", type=int, metavar="N", help="hosts that are crawled at once (default: [crawl] concurrency)"
    )
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="instead of [schedule] listen")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--status", action="store_true", help="how the queue stands, and which hosts are left alone")
    group.add_argument("--free", metavar="HOST", help="ask a host again that is left alone")
    group.add_argument("--alone", type=int, metavar="ID", help=argparse.SUPPRESS)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of --status (default: text)")


def run(options: argparse.Namespace, app: App) -> Exit:
    settings = app.settings
    hosts = settings.crawl.concurrency if options.hosts is None else options.hosts
    if not 1 <= hosts <= 10_000:
        raise UsageError("--hosts: out of range (1 to 10,000)")
    if settings.schedule.engine is not Engine.WORKERS:
        raise UsageError(
            '[schedule] engine is "local": the scheduler crawls itself, and hands nothing out',
            'Set engine = "workers" in [schedule], with a PostgreSQL store.',
        )
    with open_store(settings) as store:
        store.dispatch.prepare()
        if options.status:
            return _status(app, store, options.format)
        if options.free is not None:
            return _free(app, store, options.free)
        if options.alone is not None:
            return asyncio.run(_alone(app, store, options.alone))
        listen = settings.schedule.listen if options.listen is None else options.listen
        with watched(listen, watch_of(app, store, needs_scheduler=True), app.say):
            asyncio.run(_serve(app, store, hosts))
    return Exit.OK


async def _serve(app: App, store: Store, hosts: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Worker(app, store, hosts=hosts) as worker:
        app.say(f"working on up to {count(hosts, 'host')} at once; SIGTERM or Ctrl-C stops")
        await keep_working(worker.work, app, stopped)
        app.say("stopped: what was looked at is recorded, the rest is still due")


async def _alone(app: App, store: Store, host: int) -> Exit:
    async with Worker(app, store, hosts=1, child=True) as worker:
        return await worker.alone(host)


def _free(app: App, store: Store, name: str) -> Exit:
    if not store.dispatch.free(name):
        raise UsageError(f"--free: no host {one_line(name, 100)!r} is known", "`loccit worker --status` names them.")
    app.say(f"{one_line(name, 100)} is asked again as soon as something of it is due")
    return Exit.OK


def _status(app: App, store: Store, kind: str) -> Exit:
    now = app.clock.now()
    schedule = app.settings.schedule
    depth = store.dispatch.depth(heartbeat=schedule.heartbeat.total_seconds())
    figures, held = store.due_figures(now), store.dispatch.held(now)
    assert depth is not None  # it was just prepared
    lag = max(0.0, (now - figures.oldest).total_seconds()) if figures.oldest else 0.0
    with app.output(None) as out:
        if kind == "json":
            told = {
                "workers": depth.workers,
                "waiting": depth.waiting,
                "working": depth.working,
                "due": figures.due,
                "lag_seconds": round(lag, 1),
                "held": [
                    {"host": each.name, "failures": each.failures, "until": each.until.isoformat(), "why": each.trouble}
                    for each in held
                ],
            }
            out.write(json.dumps(told, indent=2) + "\n")
            return Exit.OK
        out.write(f"{count(depth.workers, 'worker')} alive; {count(depth.working, 'host')} under way, ")
        out.write(f"{depth.waiting} waiting; {count(figures.due, 'source')} due, the oldest for {lag:.0f} s\n")
        out.writelines(f"  {held_line(each)}\n" for each in held)
    return Exit.OK
