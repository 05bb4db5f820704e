"""What never stands in a log."""

import pytest

from loccit.logs import without_secrets


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("https://example.org/a?token=abc&b=1#part", "https://example.org/a?…"),
        ("see https://ann:pw@example.org/a, and more", "see https://example.org/a, and more"),
        ("postgresql+psycopg://loccit:pw@db/loccit failed", "postgresql+psycopg://db/loccit failed"),
        ("Authorization: Bearer abcdef", "Authorization: …"),
        ("api_key=abc, password: hunter2;", "api_key=…, password: …;"),
        ("no secret in here: 5 looks", "no secret in here: 5 looks"),
        ("HTTP://A:B@[::1]:8/x?y", "HTTP://[::1]:8/x?…"),
    ],
)
def test_secrets_are_left_out(written: str, shown: str) -> None:
    assert without_secrets(written) == shown
