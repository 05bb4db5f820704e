# ruff: noqa: E501 (pages are written as they are)
"""Thirty pages that say nothing until scripts have run, in the ways in which help centres are built.

React, Vue, Preact and Alpine come from the npm registry into build/rendering; the rest is written by hand.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LIBRARIES = {
    "/lib/react.js": "react/umd/react.production.min.js",
    "/lib/react-dom.js": "react-dom/umd/react-dom.production.min.js",
    "/lib/vue.js": "vue/dist/vue.global.prod.js",
    "/lib/vue.esm.js": "vue/dist/vue.esm-browser.prod.js",
    "/lib/preact.js": "preact/dist/preact.min.umd.js",
    "/lib/alpine.js": "alpinejs/dist/cdn.min.js",
}
PACKAGES = ("react@18", "react-dom@18", "vue@3", "preact@10", "alpinejs@3")

_SUBJECTS = ("account", "subscription", "invoice", "address", "message", "backup", "device", "licence", "report", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """A page, the files that it asks for, and the texts that a reader sees, in order."""

    name: str
    html: str
    files: Mapping[str, str]
    texts: tuple[str, ...]
    embedded: bool = False


def article(number: int) -> dict[str, Any]:
    subject = _SUBJECTS[number % len(_SUBJECTS)]
    sections = [
        {
            "heading": f"{word} the {subject} number {number}",
            "text": f"{word} the {subject} under Settings, part {part}. It takes {number + part} days, and nothing is "
            f"lost in the meantime; after {2 * number + part + 3} days the {subject} is deleted for good.",
        }
        for part, word in enumerate(("Open", "Change", "Export", "Delete", "Restore"), 1)
    ]
    return {"title": f"How to delete a {subject} ({number})", "slug": f"page-{number}", "sections": sections}


def texts_of(made: Mapping[str, Any]) -> tuple[str, ...]:
    return (made["title"], *(text for each in made["sections"] for text in (each["heading"], each["text"])))


def _html(body: str, *, title: str = "Example Help", head: str = "") -> str:
    return f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head><body>{body}</body></html>'


_REACT = '<script src="/lib/react.js"></script><script src="/lib/react-dom.js"></script>'
_TREE = (
    "const e = React.createElement; const Section = ({s}) => e('section', null, e('h2', null, s.heading),"
    " e('p', null, s.text)); const Article = ({a}) => e('main', null, e('h1', null, a.title),"
    " a.sections.map((s, i) => e(Section, {s, key: i})));"
    "const root = ReactDOM.createRoot(document.getElementById('root'));"
)
_TEMPLATE = (
    "<main><h1>{{ a.title }}</h1><section v-for='s in a.sections'><h2>{{ s.heading }}</h2><p>{{ s.text }}</p>"
    "</section></main>"
)
_ROOT = '<div id="root"></div>'
_APP = '<div id="app"></div>'
_VUE = '<script src="/lib/vue.js"></script>'
_MARKUP = (
    "(a) => '<main><h1>' + a.title + '</h1>' + a.sections.map(s => '<h2>' + s.heading + '</h2><p>' + s.text + '</p>')"
    ".join('') + '</main>'"
)


def _react(data: str, url: str, number: int) -> dict[int, str]:
    """Six ways of one library; `data` is the article as JavaScript, `url` where it can be asked for."""
    asked = (
        "const App = () => { const [a, set] = React.useState(null);"
        " React.useEffect(() => { fetch('" + url + "').then(r => r.json()).then(set) }, []);"
        " return a ? e(Article, {a}) : e('p', null, 'Loading…') };"
    )
    late = asked.replace(".then(set)", ".then(a => setTimeout(() => set(a), 700))")
    lazy = (
        f"const Lazy = React.lazy(() => import('/part-{number}.js').then(m => ({{default: m.make(e, Article)}})));"
        "root.render(e(React.Suspense, {fallback: e('p', null, 'Loading…')}, e(Lazy)))"
    )
    portal = (
        f"const a = {data}; const App = () => ReactDOM.createPortal(e(Article, {{a}}), document.getElementById('out'));"
        "root.render(e(App))"
    )
    router = (
        f"const a = {data}; const App = () => {{ const [at, go] = React.useState(location.pathname);"
        " React.useEffect(() => { setTimeout(() => { history.pushState({}, '', at + '/article');"
        " go(location.pathname) }, 100) }, []); return at.endsWith('/article') ? e(Article, {a}) : null };"
        "root.render(e(App))"
    )
    return {
        0: f"<script>{_TREE} root.render(e(Article, {{a: {data}}}))</script>",
        1: f"<script>{_TREE}{asked} root.render(e(App))</script>",
        2: f"<script>{_TREE}{late} root.render(e(App))</script>",
        3: f"<script>{_TREE}{lazy}</script>",
        4: f'<div id="out"></div><script>{_TREE}{portal}</script>',
        5: f"<script>{_TREE}{router}</script>",
    }


def _vue(data: str, url: str) -> dict[int, str]:
    template = json.dumps(_TEMPLATE)
    mount = ".mount('#app')"
    return {
        0: f"<script>Vue.createApp({{data: () => ({{a: {data}}}), template: {template}}}){mount}</script>",
        1: (
            f"<script>Vue.createApp({{data: () => ({{a: {{sections: []}}}}), template: {template}, async mounted() {{"
            f" this.a = await (await fetch('{url}')).json() }}}}){mount}</script>"
        ),
        2: (
            f"<script>const Late = Vue.defineAsyncComponent(() => new Promise(r => setTimeout(() => r({{data: () => ({{a:"
            f" {data}}}), template: {template}}}), 500))); Vue.createApp({{components: {{Late}}, template: '<Late/>'}})"
            f"{mount}</script>"
        ),
        3: (
            f'<script type="module">import {{createApp, ref, onMounted}} from "/lib/vue.esm.js"; createApp({{setup() {{'
            f" const a = ref({{sections: []}}); onMounted(async () => {{ a.value = await (await fetch('{url}')).json() }});"
            f" return {{a}} }}, template: {template}}}){mount}</script>"
        ),
        4: (
            f"<script>const Part = {{props: ['s'], template: '<section><h2>{{{{ s.heading }}}}</h2><slot/></section>'}};"
            f'Vue.createApp({{components: {{Part}}, data: () => ({{a: {data}}}), template: "<main><h1>{{{{ a.title }}}}</h1>'
            "<Part v-for='s in a.sections' :s='s'><p>{{ s.text }}</p></Part></main>\"})"
            f"{mount}</script>"
        ),
        5: (
            f"<script>Vue.createApp({{data: () => ({{a: {data}, shown: 0}}), mounted() {{ const t = setInterval(() => {{"
            " if (++this.shown >= this.a.sections.length) clearInterval(t) }, 120) }, template: "
            + json.dumps(_TEMPLATE.replace("s in a.sections", "s in a.sections.slice(0, shown)"))
            + f"}}){mount}</script>"
        ),
    }


def _others(data: str, url: str, number: int) -> dict[int, tuple[str, str]]:
    show = f"const make = {_MARKUP};"
    element = (
        f"<help-article></help-article><script>{show}customElements.define('help-article', class extends HTMLElement {{"
        f" connectedCallback() {{ this.attachShadow({{mode: 'open'}}).innerHTML = make({data}) }} }})</script>"
    )
    alpine = (
        f"<div x-data='{{a: {{sections: []}}}}' x-init=\"a = await (await fetch('{url}')).json()\"><h1 x-text='a.title'>"
        "</h1><template x-for='s in a.sections'><div><h2 x-text='s.heading'></h2><p x-text='s.text'></p></div>"
        '</template></div><script defer src="/lib/alpine.js"></script>'
    )
    preact = (
        '<div id="root"></div><script src="/lib/preact.js"></script><script>const {h, render} = preact;'
        f"const a = {data}; render(h('main', null, h('h1', null, a.title), a.sections.map(s => [h('h2', null, s.heading),"
        " h('p', null, s.text)])), document.getElementById('root'))</script>"
    )
    asked = (
        f"<div id='root'></div><script>{show}const x = new XMLHttpRequest(); x.open('POST', '{url}');"
        "x.onload = () => { document.getElementById('root').innerHTML = make(JSON.parse(x.responseText)) };"
        "x.send('{}')</script>"
    )
    framework = (
        f"<div id='root'></div><script>{show}const w = new Worker(URL.createObjectURL(new Blob([\"fetch('\" +"
        f' location.origin + "{url}\').then(r => r.json()).then(a => postMessage(a))"])));'
        "w.onmessage = ({data}) => { document.getElementById('root').innerHTML = make(data) }</script>"
    )
    onward = f"<div id='root'></div><script>location.replace('/plain-{number}')</script>"
    return {
        0: ("custom element, shadow tree", element),
        1: ("Alpine, fetch", alpine),
        2: ("Preact", preact),
        3: ("XMLHttpRequest, POST", asked),
        4: ("worker", framework),
        5: ("location.replace", onward),
    }


def _data(value: Any, attributes: str) -> str:
    written = json.dumps(value).replace("</", "<\\/")
    return f"<script {attributes}>{written}</script>"


def _embedded(made: dict[str, Any]) -> dict[int, tuple[str, str]]:
    body = "".join(f"<h2>{each['heading']}</h2><p>{each['text']}</p>" for each in made["sections"])
    short = {"title": made["title"], "slug": made["slug"], "body": body, "author": {"name": "A"}, "tags": ["x"]}
    other = [{"title": f"Other {n}", "slug": f"other-{n}", "excerpt": "Other text. " * 20} for n in range(9)]
    plain = "\n\n".join(text for each in made["sections"] for text in (each["heading"], each["text"]))
    cache = {"ROOT_QUERY": {"article": {"__ref": "Article:1"}}, "Article:1": {"id": "1", **short}}
    document = {
        "nodeType": "document",
        "content": [
            {"nodeType": kind, "content": [{"nodeType": "text", "value": each[name]}]}
            for each in made["sections"]
            for kind, name in (("heading-2", "heading"), ("paragraph", "text"))
        ],
    }
    flat: list[Any] = [{"article": 1}, {"title": 2, "body": 3}, made["title"], body]
    tail = '<script src="/app.js"></script>'
    return {
        0: (
            "__NEXT_DATA__",
            _data(
                {"props": {"pageProps": {"article": short, "related": other}}},
                'id="__NEXT_DATA__" type="application/json"',
            )
            + tail,
        ),
        1: (
            "__NEXT_DATA__, sections",
            _data({"props": {"pageProps": made}}, 'id="__NEXT_DATA__" type="application/json"') + tail,
        ),
        2: (
            "JSON-LD",
            _data({"@type": "Article", "headline": made["title"], "articleBody": plain}, 'type="application/ld+json"')
            + tail,
        ),
        3: (
            "Apollo",
            "<script>window.__APOLLO_STATE__ = " + json.dumps(cache).replace("</", "<\\/") + "</script>" + tail,
        ),
        4: (
            "Contentful",
            _data({"page": {"title": made["title"], "content": document}}, 'id="state" type="application/json"') + tail,
        ),
        5: ("__NUXT_DATA__", _data(flat, 'id="__NUXT_DATA__" type="application/json"') + tail),
    }


def pages() -> list[Scripted]:
    """Six of each of five kinds."""
    found: list[Scripted] = []
    for kind in range(5):
        for form in range(6):
            number = 6 * kind + form
            made = article(number)
            data, url = json.dumps(made), f"/api/{number}.json"
            files = {url: data}
            title = made["title"] if kind == 4 else "Example Help"
            if kind == 0:
                name, body = "React", _ROOT + _REACT + _react(data, url, number)[form]
                files[f"/part-{number}.js"] = (
                    f"const a = {data}; export const make = (e, Article) => () => e(Article, {{a}})"
                )
            elif kind == 1:
                name, body = "Vue", _APP + (_VUE if form != 3 else "") + _vue(data, url)[form]
            elif kind == 2:
                name, body = _others(data, url, number)[form]
                files[f"/plain-{number}"] = _html(
                    "<main><h1>"
                    + made["title"]
                    + "</h1>"
                    + "".join(f"<h2>{each['heading']}</h2><p>{each['text']}</p>" for each in made["sections"])
                    + "</main>"
                )
            elif kind == 3:
                # The same libraries, with a menu around and data that comes in two answers.
                name = "React, menus, two answers" if form % 2 else "Vue, menus, markup in data"
                body = _around(_ROOT + _REACT + _two(number) if form % 2 else _APP + _VUE + _raw(made))
                half = len(made["sections"]) // 2
                files[f"/api/{number}/1.json"] = json.dumps({**made, "sections": made["sections"][:half]})
                files[f"/api/{number}/2.json"] = json.dumps(made["sections"][half:])
            else:
                name, inner = _embedded(made)[form]
                body = '<div id="__next"></div>' + inner
            found.append(
                Scripted(
                    name=f"{name} {form}" if kind in (0, 1, 3) else name,
                    html=_html(body, title=title),
                    files=files,
                    texts=texts_of(made),
                    embedded=kind == 4,
                )
            )
    return found


def _around(body: str) -> str:
    links = "".join(f'<a href="/menu-{n}">Menu entry {n}</a>' for n in range(12))
    return f"<header><nav>{links}</nav></header>{body}<footer><a href=/imprint>Imprint</a> © 2026 Example</footer>"


def _two(number: int) -> str:
    return (
        f"<script>{_TREE} const get = (n) => fetch('/api/{number}/' + n + '.json').then(r => r.json());"
        "get(1).then(a => { root.render(e(Article, {a})); get(2).then(more => root.render(e(Article, {a: {...a,"
        " sections: [...a.sections, ...more]}}))) })</script>"
    )


def _raw(made: Mapping[str, Any]) -> str:
    body = "".join(f"<h2>{each['heading']}</h2><p>{each['text']}</p>" for each in made["sections"])
    data = json.dumps({"title": made["title"], "body": body}).replace("</", "<\\/")
    template = json.dumps("<main><h1>{{ a.title }}</h1><div v-html='a.body'></div></main>")
    return f"<script>Vue.createApp({{data: () => ({{a: {data}}}), template: {template}}}).mount('#app')</script>"
