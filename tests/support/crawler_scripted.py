"""A loopback site of pages that scripts build, and of pages that mean harm; ears on what must never be reached."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = "You can delete your account in the settings, under Privacy. Your data is kept for 30 days after that. " * 4


def document(script: str, *, body: str = '<div id="root"></div>', head: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><title>Delete your account</title>{head}</head><body>'
        f"<nav><a href=/>Home</a></nav>{body}<script>{script}</script></body></html>"
    )


SHOW = f"document.getElementById('root').innerHTML = '<main><h1>Delete your account</h1><p>{TEXT}</p></main>';"

PAGES = {
    # Built from data that is asked for.
    "/fetched": document(
        "fetch('/api/article?x=1', {headers: {'x-app': '1'}}).then(r => r.json()).then(d => setTimeout(() => {"
        "const m = document.createElement('main'); m.innerHTML = '<h1>Delete your account</h1><p>' + d.text + '</p>';"
        "document.getElementById('root').append(m)}, 300))"
    ),
    "/posted": document(
        "fetch('/api/query', {method: 'POST', body: JSON.stringify({q: 1})}).then(r => r.json())"
        ".then(d => { document.getElementById('root').innerHTML = '<p>' + d.text + '</p>' })"
    ),
    "/module": document("", body='<div id="root"></div><script type="module" src="/js/entry.js"></script>'),
    "/moved-script": document("", body='<div id="root"></div><script src="/js/old.js"></script>'),
    "/shadow": document(
        "customElements.define('help-article', class extends HTMLElement { connectedCallback() {"
        "this.attachShadow({mode: 'open'}).innerHTML = "
        f"'<h2>In the shadow</h2><slot></slot><p>{TEXT}</p>'; }} }})",
        body='<div id="root"></div><help-article><b>slotted words</b></help-article>',
    ),
    "/overridden": document(
        "for (const name of ['innerHTML', 'outerHTML', 'textContent']) Object.defineProperty(Element.prototype, name,"
        "{get() { return 'LIES' }, set: Object.getOwnPropertyDescriptor(Element.prototype, name)?.set});"
        "JSON.stringify = () => 'LIES'; Array.from = () => { throw 1 };" + SHOW
    ),
    "/ticking": document(
        SHOW + "let n = 0; setInterval(() => { document.querySelector('h1').textContent = 'n' + n++ }, 50)"
    ),
    "/polling": document(SHOW + "fetch('/slow')"),
    "/onward": document("location.replace('/fetched')"),
    "/cookie": document(
        "document.getElementById('root').innerHTML = '<p>' + (document.cookie || localStorage.seen || 'clean') + "
        f"' {TEXT}</p>'; document.cookie = 'seen=1'; localStorage.seen = 'again'"
    ),
    # Not to be had.
    "/failing": document(SHOW + "fetch('/broken')"),
    "/empty": document("document.getElementById('root').textContent = ''"),
    "/for-ever": document("while (true) {}"),
    "/hoarder": document(
        "const held = []; (function more() { for (let i = 0; i < 20; i++) { const one = new Uint8Array(1e7);"
        " one.fill(7); held.push(one) } document.getElementById('root').textContent = held.length;"
        " setTimeout(more, 1) })()"
    ),
    "/growing": document(
        "(function more() { for (let i = 0; i < 2000; i++) { const p = document.createElement('p');"
        f"p.textContent = '{TEXT}' + i; document.body.append(p) }} setTimeout(more, 1) }})()"
    ),
    "/many": document("for (let i = 0; i < 1000; i++) fetch('/api/article?n=' + i);" + SHOW),
    "/leaving": document("location = 'about:blank'"),
    "/away": document("location = 'http://127.0.0.2:{ears}/away'"),
    "/reloading": document("location.reload()"),
}

HARM = """
const other = '127.0.0.2:{ears}', own = '127.0.0.1:{ears}', quiet = (work) => {{ try {{ work() }} catch (e) {{}} }};
for (const host of [other]) {{
  fetch('http://' + host + '/fetch').catch(() => 0);
  fetch('http://' + host + '/cors', {{mode: 'no-cors', method: 'POST', body: 'x'}}).catch(() => 0);
  quiet(() => navigator.sendBeacon('http://' + host + '/beacon', 'x'));
  quiet(() => new EventSource('http://' + host + '/events'));
  new Image().src = 'http://' + host + '/image';
  const rels = 'preconnect dns-prefetch prefetch preload modulepreload stylesheet manifest icon prerender'.split(' ');
  for (const rel of rels) {{
    const link = document.createElement('link'); link.rel = rel; link.href = 'http://' + host + '/' + rel;
    if (rel === 'preload') link.as = 'fetch';
    document.head.append(link);
  }}
  const rules = document.createElement('script'); rules.type = 'speculationrules';
  rules.textContent = JSON.stringify({{prefetch: [{{source: 'list', urls: ['http://' + host + '/rules']}}]}});
  document.head.append(rules);
  const frame = document.createElement('iframe'); frame.src = 'http://' + host + '/frame'; document.body.append(frame);
  const form = document.createElement('form'); form.action = 'http://' + host + '/form'; form.method = 'post';
  form.target = 'elsewhere'; document.body.append(form); quiet(() => form.submit());
}}
for (const host of [other, own]) {{
  quiet(() => new WebSocket('ws://' + host + '/socket'));
  quiet(() => new WebSocketStream('ws://' + host + '/stream'));
  quiet(() => new WebTransport('https://' + host.replace('{ears}', '{deaf}') + '/transport'));
  quiet(() => {{
    const peer = new RTCPeerConnection({{iceServers: [{{urls: 'stun:' + host.replace('{ears}', '{deaf}')}},
      {{urls: 'turn:' + host + '?transport=tcp', username: 'a', credential: 'b'}}]}});
    peer.createDataChannel('x'); peer.createOffer().then((offer) => peer.setLocalDescription(offer));
  }});
  const inside = `fetch('http://${{'http://' && '127.0.0.2:{ears}'}}/worker').catch(() => 0);
    try {{ new WebSocket('ws://` + host + `/worker-socket') }} catch (e) {{}}
    try {{ new WebTransport('https://` + host.replace('{ears}', '{deaf}') + `/w') }} catch (e) {{}}
    try {{ importScripts('http://127.0.0.2:{ears}/imported') }} catch (e) {{}}`;
  const made = URL.createObjectURL(new Blob([inside], {{type: 'text/javascript'}}));
  quiet(() => new Worker(made));
  quiet(() => new SharedWorker(made));
}}
quiet(() => navigator.serviceWorker.register('/js/service.js'));
quiet(() => window.open('http://' + other + '/popup'));
quiet(() => window.open('/popup'));
const save = document.createElement('a'); save.download = 'x.txt'; save.href = '/download'; document.body.append(save);
quiet(() => save.click());
const held = document.createElement('a'); held.download = 'y.txt'; held.href = 'data:text/plain,x';
document.body.append(held); quiet(() => held.click());
fetch('file:///etc/passwd').then(r => r.text()).then(t => document.body.append(t)).catch(() => 0);
quiet(() => {{ const f = document.createElement('iframe'); f.src = 'file:///etc/passwd'; document.body.append(f) }});
quiet(() => alert('stop')); quiet(() => confirm('stop')); window.onbeforeunload = () => 'stay';
quiet(() => navigator.geolocation.getCurrentPosition(() => 0));
"""


@dataclass(slots=True)
class Site:
    """What was asked of the site, and what was heard where nothing may come."""

    base: str = ""
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)
    ears: int = 0
    deaf: int = 0
    """The port of TCP and that of UDP on which any sound is a leak."""


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            site.agents.add(self.headers.get("User-Agent", ""))
            path = self.path.partition("?")[0]
            if path == "/js/old.js":
                self.send_response(302)
                self.send_header("Location", "/js/new.js")
                self.end_headers()
                return
            kind, body = "text/html; charset=utf-8", ""
            if path in PAGES:
                body = PAGES[path].replace("{ears}", str(site.ears))
            elif path == "/harm":
                body = document(HARM.format(ears=site.ears, deaf=site.deaf) + SHOW)
            elif path.startswith("/api/"):
                kind, body = "application/json", f'{{"text": "{TEXT}"}}'
            elif path == "/js/entry.js":
                kind, body = "text/javascript", "import {show} from './part.js'; show()"
            elif path in ("/js/part.js", "/js/new.js"):
                kind = "text/javascript"
                body = f"export function show() {{ {SHOW} }}" if "part" in path else SHOW
            elif path == "/slow":
                threading.Event().wait(20)
            self.send_response(200 if body else 503 if path == "/broken" else 404)
            self.send_header("Content-Type", kind)
            self.send_header("ETag", '"shell"')
            self.send_header("Set-Cookie", "session=1")
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    return Handler


@contextmanager
def scripted_site() -> Iterator[Site]:
    site = Site()
    stop = threading.Event()
    listeners: list[socket.socket] = []
    tcp = socket.create_server(("127.0.0.2", 0))
    site.ears = tcp.getsockname()[1]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    site.deaf = udp.getsockname()[1]
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.bind(("127.0.0.2", site.deaf))
    listeners += [tcp, socket.create_server(("127.0.0.1", site.ears)), udp, other]

    def listen(ear: socket.socket) -> None:
        ear.settimeout(0.1)
        while not stop.is_set():
            try:
                if ear.type == socket.SOCK_STREAM:
                    connection, _ = ear.accept()
                    connection.settimeout(1)
                    said = connection.recv(200)
                    connection.close()
                else:
                    said = ear.recv(200)
            except OSError:
                continue
            site.heard.append(repr(said[:100]))

    threads = [threading.Thread(target=listen, args=(ear,), daemon=True) for ear in listeners]
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    server.daemon_threads = True
    site.base = f"http://127.0.0.1:{server.server_port}"
    threads.append(threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}))
    for thread in threads:
        thread.start()
    try:
        yield site
    finally:
        stop.set()
        server.shutdown()
        server.server_close()
        for thread in threads:
            thread.join(2)
        for ear in listeners:
            ear.close()
