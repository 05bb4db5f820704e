"""What is asked of a page in the browser, in a world of its own that the page's scripts cannot reach.

`PAGE` is JavaScript: a function of ("text" | "html", most characters). "text" gives how much text there is and a hash
of it; "html" the document as markup. What stands in shadow trees is put where a reader sees it. Scripts, styles and
frames are left out, and so is what was typed into fields.
"""

from typing import Final

PAGE: Final = r"""
(mode, most) => {
  const skip = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'IFRAME', 'FRAME', 'OBJECT', 'EMBED', 'VIDEO',
    'AUDIO', 'CANVAS', 'SVG', 'svg', 'MATH', 'SOURCE', 'TRACK', 'BASE']);
  const empty = new Set(['AREA', 'BR', 'COL', 'HR', 'IMG', 'INPUT', 'LINK', 'META', 'WBR']);
  const drop = new Set(['srcset', 'value', 'nonce', 'integrity']);
  const html = mode === 'html';
  const parts = [];
  let chars = 0, hash = 0x811c9dc5, size = 0, nodes = 0, over = false;
  const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  const put = (text) => { size += text.length; parts.push(text); };
  const opened = (element, tag) => {
    let written = '<' + tag;
    for (const {name, value} of Array.from(element.attributes).slice(0, 60)) {
      if (name.startsWith('on') || drop.has(name) || value.length > 2000) continue;
      if (name === 'style' && !/display|visibility/.test(value)) continue;
      if (!/^[A-Za-z_][\w:.-]*$/.test(name)) continue;
      written += ' ' + name + '="' + escaped(value).replace(/"/g, '&quot;') + '"';
    }
    return written + '>';
  };
  const below = (node) => {
    if (node.shadowRoot) return node.shadowRoot.childNodes;
    if (node.nodeName === 'SLOT' && node.assignedNodes) {
      const given = node.assignedNodes();
      if (given.length) return given;
    }
    return node.childNodes;
  };
  const stack = [html ? document.documentElement : document.body];
  while (stack.length) {
    const node = stack.pop();
    if (typeof node === 'string') { if (html) put(node); continue; }
    if (!node) continue;
    if (size > most || ++nodes > 400000) { over = true; break; }
    if (node.nodeType === 3) {
      const text = node.data;
      if (html) { put(escaped(text)); continue; }
      const shown = text.trim();
      if (!shown) continue;
      chars += shown.length;
      for (let i = 0; i < shown.length; i++) hash = Math.imul(hash ^ shown.charCodeAt(i), 0x01000193);
      continue;
    }
    if (node.nodeType !== 1 && node.nodeType !== 11) continue;
    const name = node.nodeName;
    if (node.nodeType === 1) {
      if (skip.has(name) || (name === 'LINK' && node.getAttribute('rel') !== 'canonical')) continue;
      const tag = name.toLowerCase();
      if (html && /^[a-z][\w.-]*$/.test(tag)) {
        put(opened(node, tag));
        if (empty.has(name)) continue;
        stack.push('</' + tag + '>');
      }
    }
    const children = below(node);
    for (let i = children.length - 1; i >= 0; i--) stack.push(children[i]);
  }
  const told = {chars, hash, over, ready: document.readyState, url: String(location.href)};
  if (html) told.html = '<!doctype html>' + parts.join('');
  return told;
}
"""
