"""Walls, errors and shells are told from pages, also from pages about them."""

import time

import pytest
from crawler_pages import health
from crawler_visits import page as fetched

from crawler.health import page_health
from crawler.missing import is_suspect
from crawler.model import Health
from crawler.page import read

LONG = "<p>This article explains what the message means, why it appears and what you can do about it yourself.</p>" * 20

SOME = "<p>Write to our support if you need help with any of it; we answer within two days.</p>" * 6


def body(title: str, main: str) -> str:
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{main}</body></html>"


@pytest.mark.parametrize(
    "title",
    ["404", "Page not found", "404 Not Found", "Seite nicht gefunden", "Página no encontrada", "Pagina non trovata",
     "Page introuvable", "Pagina niet gevonden", "Страница не найдена", "ページが見つかりません", "页面不存在",
     "Sayfa bulunamadı",
     "페이지를 찾을 수 없습니다", "Página não encontrada", "Nie znaleziono strony",
     "Sidan kunde inte hittas", "Stránka nenalezena", "Page not found (404)", "Sorry, page not found.",
     "Az oldal nem található", "الصفحة غير موجودة", "ไม่พบหน้าที่คุณต้องการ", "הדף לא נמצא", "Η σελίδα δεν βρέθηκε",
     "Pagina nu a fost găsită", "Không tìm thấy trang", "Сторінку не знайдено", "Halaman tidak ditemukan",
     "您访问的页面不存在", "抱歉，找不到您要的頁面", "お探しのページが見つかりませんでした", "पृष्ठ नहीं मिला",
     "صفحه مورد نظر یافت نشد", "Страницата не е намерена", "Stranica nije pronađena", "Strani ni mogoče najti",
     "Stránka sa nenašla", "Puslapis nerastas", "Lapa nav atrasta", "Lehte ei leitud", "No s'ha trobat la pàgina",
     "Sivua ei löydy", "No se encontró la página", "요청하신 페이지를 찾을 수 없습니다", "Aradığınız sayfa bulunamadı",
     "Страница није пронађена", "Die gesuchte Seite konnte leider nicht gefunden werden"],
)  # fmt: skip
def test_soft_404(title: str) -> None:
    assert health(body(title, "<p>Try the search.</p>")).health is Health.SOFT_404
    assert health(body(f"{title} | Example", "<p>Try the search.</p>")).health is Health.SOFT_404


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (body("Just a moment...", "<p>Checking</p>"), Health.CHALLENGE),
        (body("Access Denied", "You don't have permission. Reference #18.2d"), Health.CHALLENGE),
        (body("Log in", "<form><input type=password></form>"), Health.LOGIN_WALL),
        (body("Se connecter", "<form><input type=password></form>"), Health.LOGIN_WALL),
        (body("We are under maintenance", "<p>Back soon.</p>"), Health.MAINTENANCE),
        (body("Something went wrong", "<p>Try again.</p>"), Health.ERROR_PAGE),
        (body("example.org", "<p>This domain is for sale.</p>"), Health.PARKED),
        (body("Domain has expired", "<p>Are you the owner? Renew it at your registrar.</p>"), Health.PARKED),
        (body("Oh", "<p>example.org is taken. Interested? This domain is for sale.</p>" + SOME), Health.PARKED),
        (body("This content is not available in your country", "<p>Sorry.</p>"), Health.GEO_BLOCK),
        (body("451: Unavailable due to legal reasons", "<p>Sorry.</p>"), Health.GEO_BLOCK),
        (body("Oh", "<h2>Diese Seite ist in Ihrem Land nicht verfügbar</h2>"), Health.GEO_BLOCK),
        ("<html><body><div id=app></div><script src=/a.js></script></body></html>", Health.SCRIPT_SHELL),
        ("", Health.EMPTY),
        ("<p></p>", Health.EMPTY),
    ],
)
def test_walls_and_errors(page: str, kind: Health) -> None:
    assert health(page).health is kind


@pytest.mark.parametrize(
    "page",
    [
        body("404", LONG),
        body("Page not found: what it means", LONG),
        body("How to fix the error “Something went wrong”", LONG),
        body("Log in", LONG + "<form><input type=password></form>"),
        body("How to log in", "<p>Open the app and choose Log in. Then enter your address.</p>"),
        body("Maintenance mode", LONG),
        body("What happens when my domain has expired?", "<p>When a domain has expired, renew it within 30 days.</p>"),
        body("Selling a name", "<p>When your domain is for sale, visitors see a note with your price.</p>"),
        body(
            "Expired names",
            "<p>After 30 days, the domain is parked.</p><p>This domain has expired, says the page.</p>" + SOME,
        ),
        body("Films", "<p>Why is a film not available in your country? Rights are sold by country.</p>"),
        body("Streaming abroad", LONG + "<h2>Not available in your country</h2>"),
        body("Das 404. Treffen", "<p>Kommt am 4. Mai in den Saal; die Seite dazu hat nicht jeder gefunden.</p>"),
        body("Refunds", "<p>We refund within 30 days.</p>"),
        body("Are you a robot? How captchas work", LONG),
        body("Enable JavaScript in your browser", LONG),
        body("お問い合わせ", "<p>お問い合わせは下記までお願いします。</p>"),
    ],
)
def test_a_page_about_it_is_a_page(page: str) -> None:
    assert health(page).health is Health.OK


@pytest.mark.parametrize(
    ("page", "status", "kind"),
    [
        # Imperva, Cloudflare, Vercel, Anubis, F5, Amazon: as they are served.
        ("<body><iframe src='/_Incapsula_Resource?CWUDNSAI=9'>Request unsuccessful.</iframe>", 200, Health.CHALLENGE),
        ("<script src='/_Incapsula_Resource?SWJIYLWA=5'></script>", 404, Health.CHALLENGE),
        ("<title>Just a moment...</title><script>window._cf_chl_opt={}</script>", 404, Health.CHALLENGE),
        ("<title>Vercel Security Checkpoint</title><p>Enable JavaScript to continue</p>", 404, Health.CHALLENGE),
        (body("Making sure you&#39;re not a bot!", "<p>Loading...</p>"), 200, Health.CHALLENGE),
        (body("Request Rejected", "The requested URL was rejected. Your support ID is: 1"), 200, Health.CHALLENGE),
        (body("403 Forbidden", "<hr>nginx"), 200, Health.CHALLENGE),
        (body("Amazon", "<h4>Click the button below to continue shopping</h4>"), 200, Health.CHALLENGE),
        (body("تسجيل الدخول", "<p>البريد</p>"), 200, Health.LOGIN_WALL),
        # What a page tells search engines of itself.
        ("<title>Lost</title><link rel=canonical href=/404><h1>Lost in space</h1>", 200, Health.SOFT_404),
        ("<title>Nothing here (404)</title><meta name=robots content=noindex><p>Try a search.", 200, Health.SOFT_404),
        ("<title>Room 404</title><link rel=canonical href=/rooms/404><p>A room with a view.", 200, Health.OK),
        ("<title>Route 404 | Buses</title><meta name=robots content=noindex><p>To the sea, hourly.", 200, Health.OK),
        (body("Offline maps", "<p>Download them at home.</p>"), 200, Health.OK),
        (body("You are offline", "<p>Look for a network.</p>"), 200, Health.ERROR_PAGE),
        # Cloudflare puts this script into every page that it serves.
        ("<script src=/cdn-cgi/challenge-platform/h/b/scripts/jsd/main.js></script><h1>Page not found</h1>", 404,
         Health.SOFT_404),
    ],
)  # fmt: skip
def test_as_they_are_served(page: str, status: int, kind: Health) -> None:
    assert health(page, status=status).health is kind


def test_a_page_whose_address_names_it_is_about_it() -> None:
    page = read(body("Error 404", "<p>The API answers so when an id is not known.</p>").encode(), url="https://e.org/x")
    for path, expected in (("/docs/errors/404", Health.OK), ("/docs/not-found", Health.OK), ("/x", Health.SOFT_404)):
        found = page_health(page, status=200, url=f"https://e.org{path}", final_url=page.url, headers=())
        assert found.health is expected


def test_headers_tell() -> None:
    assert health(body("Terms", LONG), headers=(("cf-mitigated", "challenge"),)).health is Health.CHALLENGE


def test_being_sent_to_a_login_page() -> None:
    page = body("Welcome", "<form><input type=password></form>")
    assert health(page, final="https://example.org/login?next=x").health is Health.LOGIN_WALL


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h1>This page isn't available</h1><p>An unexpected error occurred. Try reloading it.</p>", "error-page"),
        ("<h1>This page isn't available</h1><p>The link may be broken, or it may have been removed.</p>", "soft-404"),
        ("<h1>Cette page n'est pas disponible</h1><p>Réessayez plus tard.</p>", "error-page"),
        ("<h1>Page not found</h1><p>Something went wrong, or the page was moved.</p>", "soft-404"),
        ("<p>Notice</p><p>You must log in to continue.</p><p>Log in</p><p>Forgot account?</p>", "login-wall"),
        ("<p>Sie müssen sich anmelden, um fortzufahren.</p><p>Impressum</p>", "login-wall"),
        ("<p>Notre portail est en maintenance pour quelques heures.</p><p>À très vite</p>", "maintenance"),
        ("<p>Unsere Seite wird gerade gewartet.</p>", "maintenance"),
        ("<h1>Service unavailable - DNS failure</h1>", "error-page"),
        ("<h1>We're all mixed up</h1><p>Refresh this page or try again later.</p>", "error-page"),
        ("<p>Accept cookies from us on this browser?</p><p>We use cookies. Read our policy.</p>", "consent-wall"),
        # What only speaks of such things is a page.
        ("<h1>Forbidden content</h1><p>What may not be posted here, and what we do about it when it is.</p>", "ok"),
        ("<h1>When something went wrong</h1>" + "<p>Write to us and say what it was, and we see to it.</p>" * 6, "ok"),
        ("<h1>Closing your account</h1><p>You must log in to close it. Open the settings, choose to close your account,"
         " and confirm twice. If you cannot log in any more, write to us, and we will ask you for some proof of who you"
         " are. It takes a week at most, and we tell you when it is done. You can come back within 30 days by logging"
         " in again; after that all of it is gone for good and cannot be had back by anybody, us included.</p>"
         "<p>Some of what you have bought may be kept for ten years, because the law of taxes asks for it.</p>", "ok"),
    ],
)  # fmt: skip
def test_in_so_many_words(body: str, expected: str) -> None:
    assert health(f"<!doctype html><html><body><main>{body}</main></body></html>").health == expected


ABOUT = (
    "<p>Servers answer so when an address is not known to them.</p><p>Look at the spelling first, then at the log.</p>"
    * 3
)


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        # What begins with the number is not always an error.
        (body("Police buy data - 404 Media", "<p>Documents show it.</p>"), Health.OK),
        (body("404 Main Street, Springfield", "<p>Our office is open from 9 to 5.</p>"), Health.OK),
        (body("504 Plan | Springfield Schools", "<p>A plan for pupils who need help in class.</p>"), Health.OK),
        (body("500 free icons", "<p>Take them; any use is allowed.</p>"), Health.OK),
        (body("404 Seite nicht gefunden", ABOUT), Health.SOFT_404),
        (body("404 - Oops, page not found", ABOUT), Health.SOFT_404),
        (body("404 页面不存在", "<p>返回首页</p>"), Health.SOFT_404),
        (body("502 Bad Gateway", "<p>cloudflare</p>"), Health.ERROR_PAGE),
        (body("500 | Example", "<p>We are on it.</p>"), Health.ERROR_PAGE),
        # A message's name alone stands above its explanation, too; the host is asked what it shows for what is missing.
        (body("Error 404", ABOUT), Health.OK),
        (body("Error 404", "<p>Try the search.</p>"), Health.SOFT_404),
        ("<meta name=robots content=noindex>" + body("Error 404", ABOUT), Health.SOFT_404),
        (body("404 errors explained", ABOUT), Health.OK),
        (body("Page introuvable : que faire ?", "<p>Vérifiez l'adresse.</p>"), Health.OK),
        (body("Fehler 404: Ursachen und Lösungen", "<p>So geht es.</p>"), Health.OK),
        (body("Error 524: what it means", "<p>The origin did not answer in time.</p>"), Health.OK),
        (body("CAPTCHA settings", "<p>Turn it on for your forms under Settings.</p>"), Health.OK),
        # A form's captcha is no wall where the page says that it is not there.
        (body("Page not found", "<form><div class=g-recaptcha data-sitekey=x></div></form>"), Health.SOFT_404),
    ],
)
def test_a_message_and_what_is_about_it(page: str, kind: Health) -> None:
    assert health(page).health is kind


def test_a_page_titled_with_the_number_is_a_suspect_however_long() -> None:
    long = health(body("Error 404", ABOUT * 4))
    assert (long.health, long.evidence) == (Health.OK, "Error 404")
    for one, expected in ((long, True), (health(body("Errors", ABOUT * 4)), False)):
        answer = fetched(200, url="https://e.org/x")
        assert is_suspect(answer, one) is expected


@pytest.mark.parametrize("text", ["sorry " * 50, "404 " * 75, "error 404 " * 30, "sorry 404 " * 30 + "x", "page " * 60])
def test_titles_made_to_be_slow(text: str) -> None:
    start = time.process_time()
    assert health(body(text, ABOUT)).health in (Health.OK, Health.SOFT_404)
    assert time.process_time() - start < 0.3
