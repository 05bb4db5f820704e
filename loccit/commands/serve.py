"""`loccit serve`: the editors' page, on this machine or behind a proxy."""

import argparse
import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from crawler.guard import Guard
from crawler.policy import Engine
from loccit.app import App
from loccit.doors import hide_secrets, make_door, make_security, outward_routes
from loccit.errors import LoccitError, UsageError
from loccit.exits import Exit
from loccit.probes import probes
from loccit.scribe import FileScribe
from loccit.shelf import FileShelf, files_of
from loccit.watching import watch_of
from loccit.wiring import open_store, read_guides, sync
from review.web.board import Board
from review.web.site import Site
from storage.errors import StoreError
from storage.store import Store

if TYPE_CHECKING:
    import uvicorn


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, default=8765, help="port to listen on (default: 8765; 0: any free one)")
    parser.add_argument("--schedule", action="store_true", help="crawl what is due in the same process")


def run(options: argparse.Namespace, app: App) -> Exit:
    # Imported here: no other command needs it.
    import uvicorn
    from uvicorn.config import LOGGING_CONFIG

    from review.web.app import make_app

    if not 0 <= options.port < 65536:
        raise UsageError(f"--port: {options.port} is no port")
    with open_store(app.settings) as store:
        outward = make_door(app, store, options.host)
        site = make_site(app, store)
        working = options.schedule or app.settings.schedule.engine is Engine.WORKERS
        watch = watch_of(app, store, needs_scheduler=working)
        pages = make_app(
            site,
            more=[*outward_routes(), *probes(watch)],
            middleware=make_security(app, outward, options.host),
            outages=(StoreError,),
        )
        pages.state.outward = outward
        config = uvicorn.Config(
            pages,
            host=options.host,
            port=options.port,
            log_level="info" if app.verbose else "warning",
            access_log=app.verbose,
            log_config=None if app.logs == "json" else LOGGING_CONFIG,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            lifespan="off",
            timeout_graceful_shutdown=10,
        )
        hide_secrets()
        threading.Thread(target=deal, args=(site.board,), name="deal", daemon=True).start()
        with _scheduling(app) if options.schedule else nullcontext():
            _serve(uvicorn.Server(config), options, app, outward.door.is_open())
    return Exit.OK


@contextmanager
def _scheduling(app: App) -> Iterator[None]:
    """The scheduler beside the pages; it ends with them, within its grace."""
    from loccit.commands.schedule import schedule

    stopped = threading.Event()

    def work() -> None:
        try:
            schedule(app, stopped)
        except (LoccitError, StoreError) as error:
            app.complain(f"nothing is crawled: {error}")

    # The server takes the signal first, and hands it on when it has ended.
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    working = threading.Thread(target=work, name="schedule")
    working.start()
    try:
        yield
    finally:
        stopped.set()
        working.join()


def deal(board: Board) -> None:
    """Read the queue before anybody asks: of twenty thousand findings, that takes seconds once."""
    with suppress(StoreError):
        board.dealt().texts.ready()
    # What was read stays: looking through all of it for garbage, again and again, would hold up every page.
    gc.collect()
    gc.freeze()


def make_site(app: App, store: Store) -> Site:
    """The pages' ports over the store and the guides' files."""
    settings = app.settings
    shelf = FileShelf(
        lambda: read_guides(settings, app.today()),
        lambda: files_of(settings),
        changed=lambda library: sync(store, library, app.clock.now()),
    )
    return Site(
        bench=store.bench,
        shelf=shelf,
        scribe=FileScribe(settings.root, settings.guides, prefer=settings.review.write),
        board=Board(store.bench, shelf),
        policy=settings.policy,
        now=app.clock.now,
        today=app.today,
        guard=Guard(allow=settings.network.allow, connect_to=settings.network.connect_to),
        people=lambda: tuple(each.name for each in store.accounts.accounts()),
        archive=settings.archive.memento,
        file_url=settings.review.file_url,
    )


def _serve(server: "uvicorn.Server", options: argparse.Namespace, app: App, unlocked: bool) -> None:
    told = threading.Thread(target=_tell, args=(server, options, app, unlocked), daemon=True)
    told.start()
    server.run()


def _tell(server: "uvicorn.Server", options: argparse.Namespace, app: App, unlocked: bool) -> None:
    """Where the page is, once it is there (a free port is only known then)."""
    while not server.started:
        if server.should_exit:
            return
        threading.Event().wait(0.05)
    port = next((socket.getsockname()[1] for each in server.servers for socket in each.sockets), options.port)
    name = f"[{options.host}]" if ":" in options.host else options.host
    how = "is open without login, on this machine alone" if unlocked else "asks for a login"
    app.say(f"http://{name}:{port}/ {how}; Ctrl-C stops")
