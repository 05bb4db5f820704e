/* Keys, dates in the reader's zone, and choosing many. Everything works without this file. */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const live = document.getElementById("live");
  const say = (words) => { if (live) live.textContent = words; };

  // ------------------------------------------------------------ dates
  const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
  const zoned = (root) => all("time[data-zone]:not([data-done])", root).forEach((time) => {
    const at = new Date(time.getAttribute("datetime"));
    if (Number.isNaN(at.getTime())) return;
    time.dataset.done = "";
    time.title = moment.format(at) + " (" + time.title + ")";
    if (time.dataset.zone === "moment") time.textContent = moment.format(at);
    if (time.dataset.zone === "day") time.textContent = day.format(at);
  });
  zoned(document);

  // ------------------------------------------------------------ the card under the cursor
  const cards = () => all("[data-card]");
  let current = null;
  const choose = (card, { focus = true } = {}) => {
    if (!card) return;
    if (current) current.classList.remove("current");
    current = card;
    card.classList.add("current");
    if (focus) {
      card.focus({ preventScroll: true });
      card.scrollIntoView({ block: "nearest" });
    }
  };
  document.addEventListener("focusin", (event) => {
    const card = event.target.closest("[data-card]");
    if (card && card !== current) choose(card, { focus: false });
  });
  const step = (by) => {
    const found = cards();
    if (!found.length) return false;
    const at = current && current.isConnected ? found.indexOf(current) : -1;
    choose(found[at < 0 ? (by > 0 ? 0 : found.length - 1) : Math.min(found.length - 1, Math.max(0, at + by))]);
    return true;
  };
  const anchored = location.hash && document.getElementById(location.hash.slice(1));
  if (anchored && anchored.matches("[data-card]")) choose(anchored);

  // ------------------------------------------------------------ keys
  const typing = (target) => target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  const pressed = {
    j: () => step(1) || follow("j"),
    k: () => step(-1) || follow("k"),
    x: () => {
      const tick = current && current.querySelector(".tick");
      if (tick) tick.click();
      return Boolean(tick);
    },
    Enter: () => {
      // Focus falls back to the body when what had it is taken away; on a link or a button, Enter is theirs.
      if (![current, document.body].includes(document.activeElement)) return false;
      const link = current && current.querySelector("a.open");
      if (link) link.click();
      return Boolean(link);
    },
    "?": () => { location.assign("/help"); return true; },
    u: () => {
      const stubs = all("[data-stub] [data-key=u]");
      const button = stubs.length ? stubs[stubs.length - 1] : document.querySelector("[data-key=u]");
      if (button) button.click();
      return Boolean(button);
    },
  };
  const follow = (key) => {
    const root = cards().length ? current : document;
    const found = root && root.querySelector(`[data-key="${CSS.escape(key)}"]`) ||
      (key === "/" && document.querySelector("[data-key='/']"));
    if (!found) {
      const focus = document.querySelector(`[data-focus="${CSS.escape(key)}"]`);
      if (focus) focus.focus();
      return Boolean(focus);
    }
    if (found.matches("input")) { found.focus(); return true; }
    if (found.matches("summary")) {
      found.parentElement.open = true;
      const input = found.parentElement.querySelector("input[name=note]");
      if (input) input.focus();
      return true;
    }
    found.click();
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) {
      const card = event.target.closest("[data-card]");
      event.target.blur();
      if (card) choose(card);
      return;
    }
    if (typing(event.target)) return;
    if (event.repeat && !["j", "k"].includes(event.key)) return;
    const act = pressed[event.key] || ("sdearo/".includes(event.key) && event.key.length === 1 ? () => follow(event.key) : null);
    if (act && act()) event.preventDefault();
  });

  // ------------------------------------------------------------ many at once
  const bulk = document.getElementById("bulk");
  if (bulk) {
    const ticks = () => all(".tick");
    const every = bulk.querySelector("[data-all]");
    const told = bulk.querySelector("[data-chosen]");
    const words = told.textContent;
    const counted = () => {
      const many = ticks().filter((tick) => tick.checked).length;
      told.textContent = many ? `${many} chosen:` : words;
      bulk.classList.toggle("active", many > 0);
      every.checked = many > 0 && many === ticks().length;
      every.indeterminate = many > 0 && !every.checked;
    };
    document.addEventListener("change", (event) => {
      if (event.target === every) ticks().forEach((tick) => { tick.checked = every.checked; });
      if (event.target === every || event.target.matches(".tick")) counted();
    });
    counted();
  }

  // ------------------------------------------------------------ decisions in place
  const going = new WeakSet();
  document.addEventListener("htmx:beforeRequest", (event) => {
    const card = event.detail.elt.closest("[data-card], [data-stub]");
    if (card && going.has(card)) event.preventDefault();
    else if (card) going.add(card);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const card = event.detail.elt.closest && event.detail.elt.closest("[data-card], [data-stub]");
    if (card) going.delete(card);
    if (event.detail.failed && !(event.detail.xhr && event.detail.xhr.status === 409)) {
      say("It could not be done: the server did not answer as it should. Nothing was changed.");
      if (card) card.classList.add("failed");
    }
  });
  let next = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const card = event.detail.target.closest("[data-card]");
    if (!card) { next = null; return; }
    const found = cards();
    next = found[found.indexOf(card) + 1] || found[found.indexOf(card) - 1] || null;
  });
  document.addEventListener("htmx:afterSwap", () => {
    zoned(document);
    const stubs = all("[data-stub]");
    const words = stubs.length ? stubs[stubs.length - 1].querySelector("p") : null;
    if (words) say(words.textContent);
    if (next && next.isConnected) choose(next);
    next = null;
    const pill = document.querySelector(".pill");
    if (pill && pill.firstChild) pill.dataset.old = "";
  });

  // ------------------------------------------------------------ what has come meanwhile
  const news = document.getElementById("news");
  if (news && news.dataset.news) {
    const ask = async () => {
      if (document.hidden) return;
      const query = new URLSearchParams(location.search);
      query.set("seen", cards().map((card) => card.dataset.card).join("."));
      try {
        const answer = await fetch(`${news.dataset.news}?${query}`, { headers: { Accept: "text/html" } });
        if (answer.ok) {
          const text = await answer.text();
          if (text !== news.innerHTML) news.innerHTML = text;
        }
      } catch {
        // The server is away for a moment: the next question tells.
      }
    };
    setInterval(ask, 60000);
  }
})();
