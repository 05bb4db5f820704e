"""Addresses that give themselves away: where a redirect ends at a login, a consent form, a bot wall or "not found"."""

import re

from crawler.urls import ResourceUrl, resource_url

_LOGIN_HOST = re.compile(r"(?:log-?in|sign-?in|accounts?|auth|sso|idp|passport)\.")
_LOGIN_PATH = re.compile(
    r"/(?:(?:users?|accounts?|members?|auth|session|customer)/)?"
    r"(?:log-?in|log_in|sign-?in|sign_in|signon|wp-login|authwall|checkpoint/lg|oauth2?/authorize|saml2?|sso)"
    r"(?:\.[a-z]{3,4})?(?:/|$)"
)
_CONSENT_HOST = re.compile(r"consent\.|guce\.|myprivacy\.|zustimmung\.")
_CHALLENGE_HOST = re.compile(r"(?:geo\.)?captcha-delivery\.com$|validate\.perfdrive\.com$|challenges\.cloudflare\.com$")
_CHALLENGE_PATH = re.compile(
    r"/sorry/index$|/cdn-cgi/(?:challenge|l/chk)|/(?:captcha|recaptcha|blocked|distil_r_captcha)(?:\.|/|$)"
)
_MISSING_PATH = re.compile(
    r"/(?:error[-_/]?)?(?:404|not[-_]?found|page[-_]?not[-_]?found|file[-_]?not[-_]?found|pagenotfound|error404)"
    r"(?:\.[a-z]{3,5})?/?$"
)
_NUMBERED = re.compile(
    r"/(?!(?:errors?|pages?|status|http|static|public|www|web|site|common)/)[^/]{3,}/404/?$", re.IGNORECASE
)
"""The 404th of something (`/posts/404/`): a number in a folder that is neither a language's nor one of errors."""


def wall_reason(start: str, end: str) -> str:
    """What a redirect from `start` to `end` ran into: a reason of `blocked`, `soft-404`, or "" for nothing.

    An address that was such a page from the start (a link to the login page) is what was asked for.
    """
    target, origin = resource_url(end), resource_url(start)
    if not isinstance(target, ResourceUrl) or not isinstance(origin, ResourceUrl):
        return ""
    there, before = _kind(target), _kind(origin)
    if there == "soft-404" and _NUMBERED.search(target.path):
        return ""
    return there if there != before else ""


def _kind(url: ResourceUrl) -> str:
    path = url.path.lower()
    if _CHALLENGE_HOST.search(url.host) or _CHALLENGE_PATH.search(path):
        return "challenge"
    if _CONSENT_HOST.match(url.host):
        return "consent-wall"
    if _LOGIN_HOST.match(url.host) or _LOGIN_PATH.search(path):
        return "login-wall"
    return "soft-404" if _MISSING_PATH.search(path) else ""
