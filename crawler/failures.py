"""Foreign exceptions become failure kinds here and nowhere else: httpx, httpcore, h11's and h2's by way of httpcore,
ssl, sockets, DNS, and our own decoder.

Kinds are told by class, errno and OpenSSL's verify code, never by the words of a message.
"""

import errno
import socket
import ssl
from collections.abc import Iterator

import h2.exceptions
import httpcore
import httpx

from crawler.decode import BombError, DecodingError, TooLargeError
from crawler.model import FailureKind
from crawler.urls import one_line

FOREIGN = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    httpx.CookieConflict,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    h2.exceptions.H2Error,
    OSError,
    DecodingError,
    TooLargeError,
    BombError,
    UnicodeError,
)
"""Everything that an exchange may raise for reasons that lie outside. Anything else is a mistake of ours."""

# OpenSSL, include/openssl/x509_vfy.h
_EXPIRED = {9, 10}  # not yet valid, has expired
_HOSTNAME = {62, 64}  # host name, address mismatch

_ERRNO = {
    errno.ECONNREFUSED: FailureKind.CONNECT_REFUSED,
    errno.ECONNRESET: FailureKind.CONNECTION_RESET,
    errno.ECONNABORTED: FailureKind.CONNECTION_RESET,
    errno.EPIPE: FailureKind.CONNECTION_RESET,
    errno.ETIMEDOUT: FailureKind.TIMEOUT,
    errno.ENETUNREACH: FailureKind.NETWORK,
    errno.EHOSTUNREACH: FailureKind.NETWORK,
    errno.ENETDOWN: FailureKind.NETWORK,
    errno.EADDRNOTAVAIL: FailureKind.NETWORK,
    errno.EAFNOSUPPORT: FailureKind.NETWORK,
    errno.EACCES: FailureKind.NETWORK,
    errno.EPERM: FailureKind.NETWORK,
    errno.EMFILE: FailureKind.NETWORK,
    errno.ENFILE: FailureKind.NETWORK,
}

_CLASSES: tuple[tuple[type[BaseException], FailureKind], ...] = (
    (BombError, FailureKind.BOMB),
    (TooLargeError, FailureKind.TOO_LARGE),
    (DecodingError, FailureKind.PROTOCOL),
    (ssl.SSLError, FailureKind.TLS_ERROR),
    (ssl.CertificateError, FailureKind.TLS_HOSTNAME),
    (TimeoutError, FailureKind.TIMEOUT),
    (httpcore.TimeoutException, FailureKind.TIMEOUT),
    (httpx.TimeoutException, FailureKind.TIMEOUT),
    (ConnectionRefusedError, FailureKind.CONNECT_REFUSED),
    (ConnectionError, FailureKind.CONNECTION_RESET),
    (httpcore.ConnectError, FailureKind.NETWORK),
    (httpx.ConnectError, FailureKind.NETWORK),
    (httpcore.ProxyError, FailureKind.NETWORK),
    (httpx.ProxyError, FailureKind.NETWORK),
    (httpcore.NetworkError, FailureKind.CONNECTION_RESET),
    (httpx.NetworkError, FailureKind.CONNECTION_RESET),
    (httpcore.ConnectionNotAvailable, FailureKind.CONNECTION_RESET),
    (httpx.TooManyRedirects, FailureKind.REDIRECT_LOOP),
    (OSError, FailureKind.NETWORK),
)

_WORDS = {
    FailureKind.TIMEOUT: "no complete answer in time",
    FailureKind.CONNECT_REFUSED: "the server refuses connections",
    FailureKind.CONNECTION_RESET: "the connection was broken off",
    FailureKind.NETWORK: "the network cannot reach the server",
    FailureKind.DNS_NXDOMAIN: "there is no host of this name",
    FailureKind.DNS_ERROR: "the name could not be looked up",
    FailureKind.TLS_EXPIRED: "the certificate is not valid at this date",
    FailureKind.TLS_HOSTNAME: "the certificate is for another host",
    FailureKind.TLS_UNTRUSTED: "the certificate is not from a trusted authority",
    FailureKind.TLS_ERROR: "no secure connection could be made",
    FailureKind.PROTOCOL: "the answer breaks the rules of HTTP",
    FailureKind.REDIRECT_LOOP: "redirects that lead nowhere",
    FailureKind.TOO_LARGE: "the body is too large",
    FailureKind.BOMB: "the compressed body unfolds out of all proportion",
}


def failure_of(error: BaseException, *, handshake: bool = False) -> tuple[FailureKind, str]:
    """The kind of an exception of `FOREIGN`, and one line for people.

    `handshake`: it came while TLS was being agreed on. Servers that know only versions or ciphers which are refused
    today break off there without a word: they are there, which a broken connection would not say.
    """
    chain = list(_causes(error))
    kind = next((found for link in chain if (found := _specific(link)) is not None), None)
    if kind is None:
        kind = next((found for link in chain if (found := _by_class(link)) is not None), FailureKind.PROTOCOL)
    if handshake and kind is FailureKind.CONNECTION_RESET:
        kind = FailureKind.TLS_ERROR
    words = one_line(str(chain[-1])) or type(chain[-1]).__name__
    return kind, f"{_WORDS[kind]} ({words})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and what it was raised from, outermost first; contexts count, since httpcore drops causes."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < 10:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _specific(error: BaseException) -> FailureKind | None:
    """What an exception's own code says, which is more than its class."""
    if isinstance(error, socket.gaierror):
        # EAI_NODATA (the name exists, without addresses) is a fault of somebody's zone, and may pass.
        return FailureKind.DNS_NXDOMAIN if error.errno == socket.EAI_NONAME else FailureKind.DNS_ERROR
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _EXPIRED:
            return FailureKind.TLS_EXPIRED
        return FailureKind.TLS_HOSTNAME if error.verify_code in _HOSTNAME else FailureKind.TLS_UNTRUSTED
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError | TimeoutError):
        return _ERRNO.get(error.errno or 0)
    return None


def _by_class(error: BaseException) -> FailureKind | None:
    return next((kind for known, kind in _CLASSES if isinstance(error, known)), None)
