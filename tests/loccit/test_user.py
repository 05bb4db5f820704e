"""`loccit user` and `loccit token`: what they print, what they refuse, and that secrets are shown once."""

import io
import re
import sys
from pathlib import Path

import pytest

from loccit.main import main
from loccit.settings import load
from loccit.wiring import open_store
from review.people import Role, Scope, hash_of
from review.web.sessions import Passwords


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "loccit.toml").write_text('[review]\nurl = "https://review.example.org"\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_accounts(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(["user", *words])
        out, err = capsys.readouterr()
        return code, out, err

    code, _, err = run("invite", "eve")
    assert code == 2
    assert "the first account must be an admin" in err
    code, out, err = run("invite", "ada", "--role", "admin")
    assert re.fullmatch(r"https://review\.example\.org/welcome/[\w-]{43}\n", out)
    assert out.rstrip().rpartition("/")[2] not in err
    for typed, wrong in (
        ("short\n", "10 characters at least"),
        ("password1234\n", "first that anybody"),
        ("", "at least"),
    ):
        code, _, err = run("add", "eve", typed=typed)
        assert code == 2
        assert wrong in err
    assert run("add", "eve", typed="a horse of another colour\n")[0] == 0
    assert run("add", "EVE", typed="a horse of another colour\n")[0] == 2
    assert run("add", "a/b", typed="a horse of another colour\n")[0] == 2
    assert run("role", "eve", "viewer")[0] == 0
    assert run("role", "ada", "viewer")[0] == 2
    assert run("remove", "nobody")[0] == 2
    assert run("reset", "eve")[1].startswith("https://review.example.org/welcome/")
    listed = run("list")[1]
    assert listed.splitlines() == ["ada\tadmin\tinvited", "eve\tviewer\tnever logged in"]
    with open_store(load(project, {})) as store:
        stored = store.accounts.password_hash("eve")
        assert stored.startswith("$argon2id$")
        assert Passwords().fits(stored, "a horse of another colour")
    assert run("remove", "eve")[0] == 0


def test_tokens(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "add", "the site\x1b[31m", "--scope", "feed", "--days", "30"]) == 0
    secret, err = capsys.readouterr()
    assert re.fullmatch(r"lct_[\w-]{43}\n", secret)
    assert secret.strip() not in err
    assert main(["token", "list"]) == 0
    listed = capsys.readouterr().out
    assert listed.startswith("1\tthe site\tfeed\tnever used\tends ")
    assert secret.strip() not in listed
    with open_store(load(project, {})) as store:
        found = store.accounts.token(hash_of(secret.strip()), at=store.accounts.tokens()[0].created)
        assert found is not None
        assert found.scope is Scope.FEED
    assert main(["token", "revoke", "1"]) == 0
    assert main(["token", "revoke", "1"]) == 2
    assert main(["token", "add", " "]) == 2
    assert main(["token", "add", "x", "--days", "99999"]) == 2
    assert Role.ADMIN.include(Role.VIEWER)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('[review]\nurl = "https://x.example/path"', "no address of a host"),
        ('[review]\nuser_header = "X-User"', "nobody is trusted to set it"),
        ('[review]\nproxies = ["10.0.0.0/40"]', "neither address nor network"),
        ('[review]\nreport_origins = ["*"]', "no origin"),
        ('[review]\nreport_origins = ["https://a.example; script-src *"]', "no origin"),
        ('[review]\nuser_role = "root"', "no role"),
        ('[review]\nhosts = ["*"]', "no host's name"),
        ('[notify]\ndigest = "25:00"', "no time"),
        ('[notify]\nzone = "Mars/Base"', "no time zone"),
        ('[notify]\nzone = "../../etc/passwd"', "no time zone"),
        ('[notify]\ndays = ["monday"]', "none of mon"),
        ('[notify]\ntargets = ["s3cret"]', "no address as apprise"),
    ],
)
def test_settings_that_cannot_be_meant(
    project: Path, table: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "loccit.toml").write_text(table + "\n", "utf-8")
    assert main(["user", "list"]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert "s3cret" not in err
