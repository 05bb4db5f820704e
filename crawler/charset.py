"""From bytes to text: which encoding a page is in (after the WHATWG Encoding Standard's order, but UTF-8 first)."""

import codecs
import re

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_META = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:\-]{2,40})""", re.I)
_PARAMETER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:\-]{2,40})""", re.I)
_PRESCAN = 4096
# Browsers read these labels as the wider encoding (Encoding Standard, section 4.2).
_WIDER = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}


def decode(body: bytes, content_type: str = "") -> str:
    """The body as text; never fails (undecodable bytes become U+FFFD), NULs are dropped.

    UTF-8 is tried before what the page declares: text in another encoding is practically never valid UTF-8,
    while wrong declarations are common.
    """
    return decode_both(body, content_type)[0]


def decode_both(body: bytes, content_type: str = "") -> tuple[str, bytes | None]:
    """The body as text, and the body itself where it is that very text in UTF-8, else None."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _clean(body[len(mark) :].decode(name, "replace")), None
    # NULs are looked for in the bytes: in a text of wider characters that takes ten times as long.
    plain = body.replace(b"\0", b"") if b"\0" in body else body
    try:
        return plain.decode("utf-8"), plain
    except UnicodeDecodeError as error:
        return _decode_others(body, content_type, early=error.start), None


def _decode_others(body: bytes, content_type: str, *, early: int) -> str:
    """A body that is not wholly UTF-8; `early`: where it ceases to be."""
    for label in (_declared(content_type), _in_body(body)):
        name = _codec(label)
        if name and name != "utf-8":
            return _clean(body.decode(name, "replace"))
        if name == "utf-8" and _mostly_utf8(body):
            return _clean(body.decode("utf-8", "replace"))
    # A truncated last character, or a stray byte in a page that is UTF-8 otherwise.
    if early > 200_000 or _mostly_utf8(body):
        return _clean(body.decode("utf-8", "replace"))
    return _clean(body.decode("cp1252", "replace"))


def _clean(text: str) -> str:
    return text.replace("\0", "") if "\0" in text else text


def _declared(content_type: str) -> str:
    match = _PARAMETER.search(content_type[:1000])
    return match[1] if match else ""


def _in_body(body: bytes) -> str:
    match = _META.search(body, 0, _PRESCAN)
    return match[1].decode("ascii") if match else ""


def _codec(label: str) -> str:
    try:
        name = codecs.lookup(label).name if label else ""
        # Only text encodings: "hex" or "rot13" are codecs too.
        b"".decode(name or "utf-8")
    except (LookupError, ValueError, TypeError, AttributeError):
        return ""
    if name.startswith("utf-16"):
        # A page whose declaration could be read as ASCII is not UTF-16 (HTML standard, prescan).
        return "utf-8"
    return _WIDER.get(name, name)


def _mostly_utf8(body: bytes) -> bool:
    sample = body[:200_000].decode("utf-8", "replace")
    broken = sample.count("\ufffd")
    wide = sum(1 for character in sample if character > "\x7f") - broken
    return wide > 4 * broken
