"""Is this body the page that was asked for, or a wall, an error, a shell?

Conservative: a good page must never be called broken, so words count only where a page says little else: in its
title or first heading, whole, above a body too short to be an article about the same subject.
"""

import re
from collections.abc import Sequence

from crawler.blocks import Block, Page
from crawler.model import Health, PageHealth
from crawler.notfound import BY_NUMBER, EXPLAINS, GEO_BLOCK, NOT_FOUND
from crawler.parking import is_parked
from crawler.urls import ResourceUrl, resource_url
from crawler.walls import wall_reason

_SHORT = 1500
_MINIMAL = 400
_LONE_WORDS = 40
_GEO = 600

_SEGMENT = re.compile(r"\s+[|\-–—·•:»]\s+|\s*[|»·]\s*")


def _whole(*alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(alternatives)})[\s.!…?:]*", re.I)


_ERROR = _whole(
    r"(?:http )?(?:error|erreur|fehler|errore)\W*(?:code)?\W*(?:4(?!04)\d\d|5\d\d)(?:\W.{0,60})?",
    r"(?:500|502|503|504|520|521|522|523|524|525|526)(?:[\W_]*|\s*[|:–—·•(!/».].{0,60}|\s+-.{0,60}"
    r"|[\s_-]+(?:errors?|internal|bad gateway|gateway|service|server|web server|connection|origin|ssl|invalid"
    r"|unknown|temporar|unavailable|time-?out|fehler|interner|erreur|oops|sorry|[^\x00-\u024f]).{0,60})",
    r"(?:internal server error|bad gateway|gateway time-?out"
    r"|service (?:temporarily )?unavailable|bad request|forbidden)",
    r"(?:internal server error|bad gateway|gateway time-?out|service unavailable)\s*[-–—:|].{1,40}",
    r"(?:oops\W+|sorry\W+|uh[ -]oh\W+)*(?:an? (?:unexpected |unknown )?error (?:has )?occurred"
    r"|something (?:just )?went wrong).{0,80}",
    r"(?:sorry\W+)?(?:this|the) (?:page|content|site|video) (?:isn['’]t|is not"
    r"|isn't) (?:available|working)(?: (?:right now|at the moment|anymore))?.{0,20}",
    r"application error.{0,200}",
    r"(?:une )?erreur (?:est survenue|inattendue|serveur|interne).{0,60}",
    r"(?:cette page|ce contenu) n['’]est pas disponible(?: pour le moment)?",
    r"(?:ein |es ist ein )?(?:unerwarteter )?fehler (?:ist )?(?:aufgetreten).{0,40}|etwas ist schief ?gelaufen.{0,40}",
    r"(?:se ha producido un error|algo (?:ha salido|salió) mal|qualcosa è andato storto|si è verificato un errore"
    r"|ocorreu um erro|algo deu errado|er is iets (?:mis|fout) ?gegaan|coś poszło nie tak|wystąpił błąd|något gick fel"
    r"|noget gik galt|noe gikk galt|jokin meni pieleen|něco se pokazilo|что-то пошло не так|произошла ошибка"
    r"|エラーが発生しました|出错了|发生错误|오류가 발생했습니다|bir hata oluştu|bir şeyler ters gitti).{0,40}",
)
_WALL = _whole(
    r"just a moment",
    r"attention required!?(?: ?\| ?cloudflare)?",
    r"access (?:to this page has been )?denied",
    r"security check(?:point)?",
    r"vercel security checkpoint",
    r"please wait\W*(?:verifying.*)?",
    r"(?:http |error )*(?:401|403|406|429)\W*(?:unauthorized|forbidden|not acceptable|too many requests)?",
    r"too many requests|request rejected|request unsuccessful.{0,80}|establishing a secure connection\W*",
    r"making sure you(?:['’]re| are) not a (?:bot|robot)",
    r"your access to this (?:site|service) has been limited.{0,40}",
    r"click the button below to continue shopping",
    r"(?:are you|confirm you are|verify (?:that )?you are|verifying you are)"
    r" (?:a |not a )?(?:human|robot).{0,20}",
    r"(?:human|bot|robot) (?:verification|check|challenge)",
    r"(?:re)?captcha(?:\W*[|:–—-].{0,30}| (?:check|challenge|required|verification|test|page).{0,20})?",
    r"un (?:instant|momento)(?:, por favor)?",
    r"einen moment(?: bitte)?",
    r"nur einen moment",
    r"pardon our interruption",
    r"checking your browser.{0,60}",
    r"accès refusé",
    r"zugriff verweigert",
    r"acceso denegado",
    r"accesso negato",
    r"acesso negado",
    r"доступ запрещ[её]н",
    r"请稍候",
    r"しばらくお待ちください",
    r"blocked",
    r"ddos-guard",
    r"you have been blocked",
    r"sorry, you have been blocked",
    r"unusual traffic.{0,60}",
)
_LOGIN = _whole(
    r"(?:please )?(?:log ?-?in|sign ?-?in|log on)(?: (?:to|or|with|into)\b.{0,60})?",
    r"login",
    r"(?:se )?connexion|connectez-vous.{0,60}|se connecter.{0,60}|identifiez-vous.{0,40}",
    r"anmelden|einloggen|anmeldung|bitte (?:melden sie sich an|anmelden).{0,40}",
    r"iniciar sesión.{0,40}|inicia sesión.{0,40}|acced[ei]r?|entrar|inicie sessão.{0,30}|fazer login|iniciar sessão",
    r"inloggen|zaloguj się.{0,30}|logowanie|logga in.{0,30}|log ind.{0,30}|logg inn.{0,30}|kirjaudu(?: sisään)?.{0,30}",
    r"تسجيل الدخول|ورود|התחברות|bejelentkezés|đăng nhập|เข้าสู่ระบบ|masuk|autentificare|σύνδεση|вхід|увійти.{0,30}",
    r"přihlášení|přihlásit se|вход|войти.{0,30}|войдите.{0,30}|ログイン.{0,20}|サインイン|登录.{0,12}"
    r"|登入.{0,12}|로그인.{0,12}|giriş yap.{0,20}|oturum aç.{0,20}",
)
_MUST_LOG_IN = _whole(
    r"you (?:must|need to|have to) (?:be logged in|(?:log|sign) ?in)(?: (?:to|before) .{0,60})?",
    r"please (?:log|sign) ?in to (?:continue|proceed|view|see|access)\b.{0,60}",
    r"vous devez (?:vous connecter|être connecté|vous identifier).{0,60}",
    r"(?:sie müssen|du musst) (?:sich |dich )?(?:anmelden|einloggen|angemeldet sein).{0,60}",
    r"(?:debe|debes|tienes que) (?:iniciar sesión|acceder|identificarte).{0,60}",
    r"(?:devi|è necessario) (?:accedere|effettuare (?:l['’]accesso|il login)).{0,60}",
    r"(?:é preciso|você precisa|tem de) (?:fazer login|iniciar sessão|entrar).{0,60}",
    r"(?:je moet|u moet) (?:inloggen|ingelogd zijn).{0,60}|musisz się zalogować.{0,60}",
    r"du (?:måste|må|skal) logg[ae]? (?:in|inn|ind).{0,60}|для продолжения (?:необходимо )?войти.{0,60}",
)
_TITLED_404 = re.compile(r"^\W*404\b|[(\[]404[)\]]|\b(?:error|erreur|fehler|http|code)\W*404\b", re.I)
_ABOUT_404 = re.compile(r"404|not[-_ ]?found", re.I)
"""In the address that was asked for: the page is about them (`/docs/errors/404`)."""
_BRIEF = 250
_TROUBLE = re.compile(
    r"\b(?:an? (?:unexpected |unknown |internal )?error (?:has )?occurred|something went wrong"
    r"|(?:refresh|reload) (?:this|the) page\b.{0,40}\btry again|try again (?:later|in a (?:few|little))"
    r"|une erreur (?:est survenue|s['’]est produite)|réessaye[rz] plus tard"
    r"|ein (?:unerwarteter )?fehler ist aufgetreten|versuche?n? (?:sie )?es (?:bitte )?später"
    r"|se ha producido un error|inténte?a?lo (?:de nuevo )?más tarde|si è verificato un errore|riprova più tardi"
    r"|ocorreu um erro|tente novamente mais tarde|er is een fout opgetreden|probeer het later"
    r"|wystąpił błąd|spróbuj ponownie później|произошла ошибка|повторите попытку позже)",
    re.I,
)
# "Not available" is said of what is gone and of what failed; it failed where one is asked to come back.
_WEAK = re.compile(r"available|disponib|verfügbar|disponív|beschikbaar|dostępn|доступн", re.I)
_PASSING = re.compile(
    _TROUBLE.pattern
    + r"|\b(?:come|check) back (?:later|soon)|try reloading|technical (?:error|issue|problem|difficult)"
    r"|(?:right now|at the moment|for now)\b|temporar|working (?:to|on) (?:get|fix)|under maintenance|en maintenance"
    r"|problème technique|pour le moment|technische[ns]? (?:problem|fehler|störung)|vorübergehend|zurzeit"
    r"|problemas? técnic|en este momento|neste momento|problem[ai] tecnic|al momento\b|technische storing",
    re.I,
)
_MAINTENANCE = _whole(
    r".{0,60}\b(?:under|down for|scheduled|undergoing|site) maintenance\b.{0,60}",
    r"maintenance(?: mode| break| page)?",
    r".{0,60}\b(?:est|sommes) (?:actuellement |momentanément )?en (?:cours de )?maintenance\b.{0,60}",
    r".{0,60}\b(?:wird|werden) (?:derzeit|gerade|momentan|zurzeit) gewartet\b.{0,40}",
    r".{0,60}\bwartungsarbeiten\b.{0,60}",
    r".{0,60}\b(?:está|estamos) en mantenimiento\b.{0,60}|.{0,60}\b(?:è|siamo) in manutenzione\b.{0,60}",
    r".{0,60}\b(?:está|estamos) em manutenção\b.{0,60}",
    r".{0,60}\b(?:is|zijn) (?:momenteel |tijdelijk )?in onderhoud\b.{0,60}",
    r"(?:we(?:'|’)ll|we will) be (?:right )?back(?: soon| shortly)?",
    r"(?:site |page )?en (?:cours de )?maintenance.{0,30}|.{0,30}maintenance en cours",
    r"wartungs(?:arbeiten|modus)?.{0,30}",
    r"(?:sitio )?en mantenimiento.{0,30}|(?:sito )?in manutenzione.{0,30}|em manutenção.{0,30}",
    r"(?:in )?onderhoud|przerwa techniczna|underhåll|vedligeholdelse|vedlikehold|huoltokatko"
    r"|údržba|техническ\w+ работ\w+|メンテナンス中?.{0,12}|维护中|维护|점검 중|bakım.{0,20}",
)
_OFFLINE = _whole(
    r"(?:you(?:'|’)re |you are )(?:currently )?offline.{0,60}|(?:currently )?offline",
    r"no internet(?: connection)?.{0,40}",
    r"vous êtes hors[ -]ligne.{0,40}|hors[ -]ligne",
    r"sie sind offline|keine internetverbindung",
)
_CONSENT = _whole(
    r"before you continue.{0,60}",
    r"avant d['’]accéder.{0,60}",
    r"bevor sie fortfahren.{0,60}",
    r"antes de continuar.{0,60}",
    r"prima di continuare.{0,60}",
    r"(?:we value your privacy|your privacy (?:choices|matters)|nous respectons votre vie privée|cookie consent)",
)
_ASKS_CONSENT = _whole(
    r"(?:accept|allow)(?: the use of)? (?:all )?cookies\b.{0,60}\?",
    r"(?:accepter|autoriser)(?: l['’]utilisation des)? (?:les )?cookies\b.{0,60}\?",
    r"(?:alle )?cookies (?:akzeptieren|erlauben|zulassen)\b.{0,60}\?",
    r"¿(?:aceptar|permitir)(?: el uso de)? (?:las )?cookies\b.{0,60}\?",
)
_WALL_MARKS = re.compile(
    r"_Incapsula_Resource|px-captcha|captcha-delivery\.com|/cdn-cgi/challenge-platform/h/[a-z]/(?!scripts/jsd)"
    r"|cf-chl-|awsWafCookie|awswaf\.com/|gokuProps"
    r"|sucuri_cloudproxy|ddos-guard|_cf_chl_opt|g-recaptcha|h-captcha|hcaptcha\.com|cf-turnstile|data-sitekey",
    re.I,
)
_WORDLESS = re.compile(
    r"_Incapsula_Resource|px-captcha|captcha-delivery\.com|/cdn-cgi/challenge-platform/h/[a-z]/orchestrate|_cf_chl_opt"
    r"|awswaf\.com/|sucuri_cloudproxy|ddos-guard/|\bbm-verify=|\bKPSDK\b|\brbzns\b|/__qrator/|/cmd/anubis/",
    re.I,
)
"""Marks that a wall has (some stand in a site's pages, too): a page without a word that has one is taken for a wall."""
_AKAMAI = re.compile(r"access denied.{0,400}reference\s*#", re.I | re.S)
_NEEDS_SCRIPT = re.compile(
    r"(?:enable|activate|requires?|turn on|need|activer|activez|nécessite|aktivier\w*|benötigt"
    r"|activar?|habilit\w*|abilita\w*|attiva\w*|ativ\w+"
    r"|inschakelen|schakel|włącz\w*|включите|有効|启用|활성화)\b.{0,80}\bjavascript"
    r"|javascript.{0,80}(?:enable|disabled|required|activ|désactivé|erforderlich"
    r"|deaktiviert|desactivado|disabilitato|desativado|有効|启用|활성화)",
    re.I | re.S,
)
_LOADING = _whole(
    r"loading",
    r"please wait",
    r"chargement(?: en cours)?",
    r"wird geladen",
    r"laden",
    r"cargando",
    r"caricamento(?: in corso)?",
    r"carregando",
    r"загрузка",
    r"読み込み中",
    r"加载中",
    r"로딩 중",
    r"yükleniyor",
    r"redirecting.{0,60}",
)
_MOUNT = re.compile(
    r"<(div|main|section)\b[^<>]{0,300}\bid\s*=\s*[\"']?"
    r"(?:root|app|__next|__nuxt|___gatsby|react-root|react-app|vue-app|main-app|app-root|q-app|svelte|spa|application)"
    r"[\"']?(?:\s[^<>]{0,300})?>(?:\s|<!--(?:(?!-->).){0,300}-->)*</\1>"
    r"|<(app-root|my-app|ng-app|webruntime-app)\b[^<>]{0,300}>(?:\s|<!--(?:(?!-->).){0,300}-->)*</\2>"
    r"|auraLoadingBox|/s/sfsites/auraFW/",
    re.I | re.S,
)
"""Where the scripts of React, Vue, Angular, Next, Nuxt, Gatsby, Quasar and Salesforce put a page, still empty."""

_LOGIN_PATH = re.compile(
    r"/(?:log-?in|sign-?in|auth|sso|accounts?/login|session/new|connexion|anmelden)(?:[/.?#]|$)", re.I
)


def page_health(page: Page, *, status: int, url: str, final_url: str, headers: Sequence[tuple[str, str]]) -> PageHealth:
    """Whether a page is one, judged by itself and how it was served (header names in lower case)."""
    if (wall := _by_headers(headers)) is not None:
        return wall
    if page.kind not in ("html", "xml"):
        empty = page.kind not in ("binary", "pdf") and not page.blocks
        return PageHealth(health=Health.EMPTY, evidence="no text") if empty else PageHealth(health=Health.OK)
    if chars := page.says_at_least(_SHORT):
        # None of the rules below speaks of a page with so much content.
        return PageHealth(health=Health.OK, chars=chars, embedded=page.made == "embedded")
    shown = [block for block in page.blocks if not block.hidden and block.key]
    content = [block for block in shown if not block.chrome] or shown
    chars = sum(len(block.text) for block in content)
    for judge in (_empty_or_shell, _wall, _by_words):
        if (found := judge(page, shown, content, chars)) is not None:
            if found.health is Health.SOFT_404 and _ABOUT_404.search(url):
                break
            return _wordless_wall(page, found, status) or found
    walled = _login(page, content, chars, url, final_url, status)
    doubt = next((one for one in _phrases(page, content) if BY_NUMBER.fullmatch(one)), "")[:120]
    return walled or PageHealth(health=Health.OK, evidence=doubt, chars=chars, embedded=page.made == "embedded")


def _wordless_wall(page: Page, found: PageHealth, status: int) -> PageHealth | None:
    """A wall that says nothing before its scripts run. With a success, a browser may get past it."""
    if found.health is Health.EMPTY or (found.health is Health.SCRIPT_SHELL and status >= 400):
        mark = _WORDLESS.search(page.source[:100_000]) or _WALL.fullmatch(page.title[:300])
        return PageHealth(health=Health.CHALLENGE, evidence=mark[0]) if mark is not None else None
    return None


def script_shell(page: Page) -> PageHealth | None:
    """Whether a page of HTML is an empty shell that scripts would fill; None where it is not."""
    if page.says_at_least(_MINIMAL):
        return None
    shown = [block for block in page.blocks if not block.hidden and block.key]
    content = [block for block in shown if not block.chrome] or shown
    found = _empty_or_shell(page, shown, content, sum(len(block.text) for block in content))
    return found if found is not None and found.health is Health.SCRIPT_SHELL else None


def _by_headers(headers: Sequence[tuple[str, str]]) -> PageHealth | None:
    for name, value in headers:
        lowered = value.lower()
        if name == "cf-mitigated" and "challenge" in lowered:
            return PageHealth(health=Health.CHALLENGE, evidence=f"{name}: {value[:80]}")
        if name == "x-amzn-waf-action" and lowered in ("captcha", "challenge"):
            return PageHealth(health=Health.CHALLENGE, evidence=f"{name}: {value[:80]}")
        if name == "x-vercel-mitigated" and lowered in ("challenge", "deny"):
            return PageHealth(health=Health.CHALLENGE, evidence=f"{name}: {value[:80]}")
    return None


def _empty_or_shell(page: Page, shown: Sequence[Block], content: Sequence[Block], chars: int) -> PageHealth | None:
    all_chars = sum(len(block.text) for block in shown)
    # What a browser made has no scripts left, but they were there.
    script = bool(page.head.scripts) or page.head.script_chars > 200 or page.made == "rendered"
    if not shown:
        hidden = sum(len(block.text) for block in page.blocks if block.hidden)
        if script or page.head.script_chars or _NEEDS_SCRIPT.search(page.head.noscript) or hidden:
            return PageHealth(health=Health.SCRIPT_SHELL, evidence="no text before scripts run")
        return PageHealth(health=Health.EMPTY, evidence=page.title[:120] or "no text")
    text = " ".join(block.text for block in content[:20])[:600]
    if all_chars < _MINIMAL and _NEEDS_SCRIPT.search(text):
        return PageHealth(health=Health.SCRIPT_SHELL, evidence=text[:120])
    if all_chars < 200 and script:
        if _LOADING.fullmatch(text) or (
            not any(_is_sentence(block) for block in content) and not _wordy(page, content)
        ):
            return PageHealth(health=Health.SCRIPT_SHELL, evidence=text[:120])
        if _NEEDS_SCRIPT.search(page.head.noscript):
            return PageHealth(health=Health.SCRIPT_SHELL, evidence=page.head.noscript[:120])
    lone = script and chars < _LONE_WORDS and not any(_is_sentence(block) for block in content)
    if lone and not page.head.forms and len(shown) > len(content):
        return PageHealth(health=Health.SCRIPT_SHELL, evidence=f"nothing but “{text}” between its menus")
    return _unfilled(page, shown)


def _unfilled(page: Page, shown: Sequence[Block]) -> PageHealth | None:
    """A page with the empty element that a known framework fills, and nothing of its own beside menus and footers."""
    own = [block for block in shown if not block.chrome]
    rendered, chars = page.made == "rendered", sum(len(block.text) for block in own)
    if not (page.head.scripts or page.head.script_chars or rendered):
        return None
    if chars >= _MINIMAL or any(_is_sentence(block) for block in own):
        return None
    if rendered and chars < _LONE_WORDS:
        return PageHealth(health=Health.SCRIPT_SHELL, evidence="nothing but menus when its scripts have run")
    mount = _MOUNT.search(page.source[:1_000_000])
    if mount is None:
        return None
    return PageHealth(health=Health.SCRIPT_SHELL, evidence=f"{mount[0][:80]} is empty before scripts run")


def _is_sentence(block: Block) -> bool:
    return len(block.text) >= 40 or block.text.rstrip().endswith((".", "。", "!", "?", "।", "؟"))


def _wordy(page: Page, content: Sequence[Block]) -> bool:
    """A short page that has a heading of its own and says something under it."""
    return (any(block.level for block in content) and len(content) > 1) or bool(_sayings(page, content, 0))


def _wall(page: Page, shown: Sequence[Block], content: Sequence[Block], chars: int) -> PageHealth | None:
    if chars >= _SHORT:
        return None
    for phrase in _phrases(page, content):
        if _WALL.fullmatch(phrase):
            return PageHealth(health=Health.CHALLENGE, evidence=phrase[:120])
    mark = _WALL_MARKS.search(page.source[:400_000]) if chars < _MINIMAL and len(shown) < 25 else None
    if mark is not None and any(
        NOT_FOUND.fullmatch(one) or BY_NUMBER.fullmatch(one) for one in _phrases(page, content)
    ):
        mark = None  # a form's captcha on a page that is not there
    if mark is not None and not page.head.password_fields and page.head.forms <= 1 and len(page.source) < 60_000:
        return PageHealth(health=Health.CHALLENGE, evidence=mark[0])
    text = " ".join(block.text for block in shown[:30])[:1500]
    if _AKAMAI.search(text):
        return PageHealth(health=Health.CHALLENGE, evidence="Access Denied, Reference #")
    if is_parked(page, shown, chars):
        return PageHealth(health=Health.PARKED, evidence=text[:120])
    return None


_WORDS: tuple[tuple[re.Pattern[str], Health, int], ...] = (
    (GEO_BLOCK, Health.GEO_BLOCK, _GEO),
    (NOT_FOUND, Health.SOFT_404, _SHORT),
    (BY_NUMBER, Health.SOFT_404, _BRIEF),
    (_ERROR, Health.ERROR_PAGE, _SHORT),
    (_MAINTENANCE, Health.MAINTENANCE, 1000),
    (_OFFLINE, Health.ERROR_PAGE, 600),
    (_CONSENT, Health.CONSENT_WALL, 1000),
)


def _by_words(page: Page, shown: Sequence[Block], content: Sequence[Block], chars: int) -> PageHealth | None:
    del shown
    for pattern, health, limit in _WORDS:
        if chars >= limit:
            continue
        for phrase in _sayings(page, content, chars):
            if pattern.fullmatch(phrase):
                passing = health is Health.SOFT_404 and _WEAK.search(phrase) and _PASSING.search(_start(content))
                return PageHealth(health=Health.ERROR_PAGE if passing else health, evidence=phrase[:120])
    return _by_its_own_word(page, chars) or _by_a_few_words(content, chars)


def _by_its_own_word(page: Page, chars: int) -> PageHealth | None:
    """What a page tells search engines: that it really is at /404, or that it is not to be kept, with 404 for title."""
    head = page.head
    canonical = resource_url(head.canonical, page.url or None) if head.canonical and chars < _SHORT else None
    if isinstance(canonical, ResourceUrl) and wall_reason(page.url, canonical.href) == Health.SOFT_404:
        return PageHealth(health=Health.SOFT_404, evidence=f"calls itself {canonical.href}"[:120])
    titled = _TITLED_404.search(page.title[:300]) if chars < _MINIMAL else BY_NUMBER.fullmatch(page.title[:300])
    if chars < _SHORT and titled and "noindex" in head.robots.lower():
        return PageHealth(health=Health.SOFT_404, evidence=page.title[:120])
    return None


def _start(content: Sequence[Block]) -> str:
    return " ".join(block.text for block in content[:40])[:_SHORT]


def _by_a_few_words(content: Sequence[Block], chars: int) -> PageHealth | None:
    """A page that says next to nothing may be taken at its word, wherever in it the word stands."""
    text = " ".join(block.text for block in content)[: 2 * _BRIEF] if chars < _BRIEF else ""
    if (found := _TROUBLE.search(text)) is not None:
        return PageHealth(health=Health.ERROR_PAGE, evidence=found[0][:120])
    if chars < 1000:
        asked = next((block.text for block in content[:4] if _ASKS_CONSENT.fullmatch(block.text)), "")
        if asked:
            return PageHealth(health=Health.CONSENT_WALL, evidence=asked[:120])
    return None


def _phrases(page: Page, content: Sequence[Block]) -> list[str]:
    """What the page calls itself: the parts of its title, and its headings' texts if it has few."""
    parts = [part.strip() for part in _SEGMENT.split(page.title[:300]) if part.strip()]
    headings = [block.text[:200] for block in content if block.level]
    if EXPLAINS.search(page.title[:300]):
        parts = []
    return [one for one in (page.title[:200], *parts[:4], *headings[:2]) if not EXPLAINS.search(one)]


def _sayings(page: Page, content: Sequence[Block], chars: int) -> list[str]:
    """The phrases, and the first words of a page that says hardly anything else."""
    first = [block.text[:200] for block in content[:3]] if chars < _MINIMAL else []
    sentences = [re.split(r"(?<=[.!?。])\s", text)[0] for text in first]
    firsts = [one for one in (*first, *sentences) if not EXPLAINS.search(one)]
    return [phrase for phrase in dict.fromkeys((*_phrases(page, content), *firsts)) if phrase]


def _login(
    page: Page, content: Sequence[Block], chars: int, url: str, final_url: str, status: int
) -> PageHealth | None:
    """A wall asks for a password, or says nothing but "log in"; an article about logging in explains."""
    if chars >= _SHORT or status >= 400:
        return None
    sent_there = final_url != url and bool(_LOGIN_PATH.search(final_url)) and not _LOGIN_PATH.search(url)
    says = next((phrase for phrase in _sayings(page, content, chars) if _LOGIN.fullmatch(phrase)), "")
    if page.head.password_fields and (says or sent_there or chars < _MINIMAL) and not _LOGIN_PATH.search(url):
        return PageHealth(health=Health.LOGIN_WALL, evidence=says or "a password field")
    if sent_there and (says or page.head.forms):
        return PageHealth(health=Health.LOGIN_WALL, evidence=final_url[:120])
    must = next((text for text in _sayings(page, content, chars) if _MUST_LOG_IN.fullmatch(text)), "")
    if must and chars < _MINIMAL + _BRIEF:
        return PageHealth(health=Health.LOGIN_WALL, evidence=must[:120])
    if says and chars < _MINIMAL and not any(_is_sentence(block) for block in content):
        return PageHealth(health=Health.LOGIN_WALL, evidence=says[:120])
    return None
