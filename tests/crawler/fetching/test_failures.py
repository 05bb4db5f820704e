"""Every exception of the libraries below has a kind: a new one fails here before it fails in the field."""

import errno
import inspect
import socket
import ssl

import h2.exceptions
import httpcore
import httpx
import pytest

from crawler.failures import FOREIGN, failure_of
from crawler.model import FailureKind


def exceptions_of(module: object) -> list[type[Exception]]:
    found = (value for _, value in inspect.getmembers(module, inspect.isclass) if issubclass(value, Exception))
    return [one for one in found if one.__module__.split(".")[0] in ("httpx", "httpcore", "h2")]


@pytest.mark.parametrize("kind", [*exceptions_of(httpx), *exceptions_of(httpcore), *exceptions_of(h2.exceptions)])
def test_every_exception_is_caught_and_has_a_kind(kind: type[Exception]) -> None:
    assert issubclass(kind, FOREIGN)
    error = kind.__new__(kind)
    for name in ("expected_length", "actual_length", "stream_id", "max_stream_id"):
        setattr(error, name, 1)
    Exception.__init__(error, "words\nof the\x1b[31m library")
    found, detail = failure_of(error)
    assert isinstance(found, FailureKind)
    assert detail.isprintable()


def verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (verification(10), FailureKind.TLS_EXPIRED),
        (verification(9), FailureKind.TLS_EXPIRED),
        (verification(62), FailureKind.TLS_HOSTNAME),
        (verification(64), FailureKind.TLS_HOSTNAME),
        (verification(18), FailureKind.TLS_UNTRUSTED),
        (verification(20), FailureKind.TLS_UNTRUSTED),
        (ssl.SSLError(1, "wrong version number"), FailureKind.TLS_ERROR),
        (socket.gaierror(socket.EAI_NONAME, "x"), FailureKind.DNS_NXDOMAIN),
        (socket.gaierror(socket.EAI_AGAIN, "x"), FailureKind.DNS_ERROR),
        (socket.gaierror(socket.EAI_FAIL, "x"), FailureKind.DNS_ERROR),
        (OSError(errno.ECONNREFUSED, "x"), FailureKind.CONNECT_REFUSED),
        (ConnectionRefusedError(), FailureKind.CONNECT_REFUSED),
        (OSError(errno.ENETUNREACH, "x"), FailureKind.NETWORK),
        (OSError(errno.EHOSTUNREACH, "x"), FailureKind.NETWORK),
        (OSError(errno.ETIMEDOUT, "x"), FailureKind.TIMEOUT),
        (TimeoutError(), FailureKind.TIMEOUT),
        (BrokenPipeError(errno.EPIPE, "x"), FailureKind.CONNECTION_RESET),
        (httpcore.ReadTimeout(), FailureKind.TIMEOUT),
        (httpcore.RemoteProtocolError("x"), FailureKind.PROTOCOL),
        (httpx.TooManyRedirects("x"), FailureKind.REDIRECT_LOOP),
    ],
)
def test_kinds(error: Exception, kind: FailureKind) -> None:
    assert failure_of(error)[0] is kind


def test_what_lies_beneath_is_told() -> None:
    try:
        try:
            raise OSError(errno.ECONNREFUSED, "refused")
        except OSError as cause:
            raise httpcore.ConnectError("wrapped") from cause
    except httpcore.ConnectError as error:
        assert failure_of(error)[0] is FailureKind.CONNECT_REFUSED
