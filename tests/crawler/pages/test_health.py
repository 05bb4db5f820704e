"""Walls, errors and shells are told from pages, also from pages about them."""

import pytest
from crawler_pages import health

from crawler.model import Health

LONG = "<p>This article explains what the message means, why it appears and what you can do about it yourself.</p>" * 20


def body(title: str, main: str) -> str:
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{main}</body></html>"


@pytest.mark.parametrize(
    "title",
    ["404", "Page not found", "404 Not Found", "Seite nicht gefunden", "Página no encontrada", "Pagina non trovata",
     "Page introuvable", "Pagina niet gevonden", "Страница не найдена", "ページが見つかりません", "页面不存在",
     "Sayfa bulunamadı",
     "페이지를 찾을 수 없습니다", "Página não encontrada", "Nie znaleziono strony",
     "Sidan kunde inte hittas", "Stránka nenalezena"],
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
        body("Refunds", "<p>We refund within 30 days.</p>"),
        body("Are you a robot? How captchas work", LONG),
        body("Enable JavaScript in your browser", LONG),
        body("お問い合わせ", "<p>お問い合わせは下記までお願いします。</p>"),
    ],
)
def test_a_page_about_it_is_a_page(page: str) -> None:
    assert health(page).health is Health.OK


def test_headers_tell() -> None:
    assert health(body("Terms", LONG), headers=(("cf-mitigated", "challenge"),)).health is Health.CHALLENGE


def test_being_sent_to_a_login_page() -> None:
    page = body("Welcome", "<form><input type=password></form>")
    assert health(page, final="https://example.org/login?next=x").health is Health.LOGIN_WALL
