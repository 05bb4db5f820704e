"""What the names of classes and ids hint at. Only the whole page settles whether it is so."""

import re

# Products that ask for consent: nobody names a part of a document after one.
_CONSENT_KITS = r"onetrust|didomi|axeptio|tarteaucitron|usercentrics|cookiebot|cookieyes|quantcast|trustarc|iubenda-cs"
_CONSENT = re.compile(rf"cookie|consent|{_CONSENT_KITS}|gdpr|rgpd|(?:^|[\s_\-])cmp(?:\d|[\s_\-]|$)", re.I)
_CONSENT_BOX = re.compile(
    rf"{_CONSENT_KITS}"
    r"|(?:cookies?|consent)[\-_]?(?:banner|notice|confirm|consent|bar|pop-?up|modal|dialog|overlay|wall)",
    re.I,
)
_NAMED_CHROME = re.compile(
    r"(?:^|[\s_\-])(?:nav|navbar|navigation|menu|sidebar|breadcrumbs?|footer|share|sharing|social|related|newsletter"
    r"|skip(?:-?(?:to|link|nav))|pagination|toc|language-?(?:picker|switcher|selector))(?:$|[\s_\-])",
    re.I,
)
# Names that the common front-end kits give to what lies over a page.
_NAMED_OVERLAY = re.compile(
    r"(?:^|[\s_\-])(?:modals?|pop-?ups?|popover|lightbox|off-?canvas|toasts?|snackbar)(?:$|[\s_\-])", re.I
)
_UNSEEN = re.compile(
    r"(?:^|[\s_\-])(?:sr-only|visually-?hidden|screen-?reader(?:-text|-only)?|a11y-hidden)(?:$|\s)", re.I
)
# Without one of these in the lower-cased name, an expression above cannot match: asked first, for those are slow.
_CONSENT_WORDS = (
    *("cookie", "consent", "gdpr", "rgpd", "cmp", "onetrust", "didomi", "axeptio", "tarteaucitron", "usercentrics"),
    *("quantcast", "trustarc", "iubenda-cs"),
)
_OVERLAY_WORDS = ("modal", "pop", "lightbox", "canvas", "toast", "snackbar")
_CHROME_WORDS = (
    *("nav", "menu", "sidebar", "breadcrumb", "footer", "share", "sharing", "social", "related", "newsletter"),
    *("skip", "pagination", "toc", "language"),
)
_UNSEEN_WORDS = ("sr-only", "hidden", "reader")


def hint_of(names: str, *, inside: bool) -> str:
    """What class and id hint at: "consent?", "overlay?", "named?" or "". `inside`: within the marked main part."""
    folded = names.casefold()
    if _has(folded, _CONSENT_WORDS) and (_CONSENT_BOX if inside else _CONSENT).search(names):
        return "consent?"
    if _has(folded, _OVERLAY_WORDS) and _NAMED_OVERLAY.search(names):
        return "overlay?"
    return "named?" if _has(folded, _CHROME_WORDS) and _NAMED_CHROME.search(names) else ""


def is_unseen(css_class: str) -> bool:
    """Whether a class says that its element is for screen readers only."""
    return _has(css_class.casefold(), _UNSEEN_WORDS) and _UNSEEN.search(css_class) is not None


def _has(text: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - `any` over a generator takes twice as long for texts this short
        if word in text:
            return True
    return False
