"""`loccit fix` by the installed command: a diff that git takes, files changed byte for byte, archived copies."""

import subprocess
from pathlib import Path

from loccit_site import page, project

from loccit.demo.web import Answer


def test_moved_links_are_rewritten(tmp_path: Path) -> None:
    with project(tmp_path) as (site, work):
        site["/old"] = Answer(status=301, headers={"Location": "http://site.test/new"})
        site["/temporary"] = Answer(status=302, headers={"Location": "http://site.test/new"})
        site["/new"] = page("Here it is.")
        file = work.guide("a", "/old#part", "/temporary", "/gone", extra="# kept   \r\n")
        before = file.read_bytes()
        shown = work.run("fix")
        assert shown.returncode == 0, shown.stderr
        assert file.read_bytes() == before
        assert "-    url: http://site.test/old#part\n+    url: http://site.test/new#part\n" in shown.stdout
        assert "1 link in 1 file would change" in shown.stderr
        applied = subprocess.run(
            ["git", "apply", "--check", "-"], cwd=tmp_path, input=shown.stdout.encode(), capture_output=True
        )
        assert applied.returncode == 0, applied.stderr

        assert work.run("fix", "--write").returncode == 0
        assert file.read_bytes() == before.replace(b"/old#part", b"/new#part")
        assert "no link to mend" in work.run("fix").stderr


def test_dead_links_go_to_archived_copies_when_asked(tmp_path: Path) -> None:
    with project(tmp_path) as (site, work):
        with (tmp_path / "loccit.toml").open("a", encoding="utf-8") as settings:
            settings.write('[archive]\nmemento = "http://archive.test/web/"\ndelay = 0\n')
        host = "http://archive.test"
        own = (tmp_path / "loccit.toml").read_text("utf-8")
        both = own.replace('"site.test:80"', f'"archive.test:80" = "127.0.0.1:{work.port}", "site.test:80"')
        (tmp_path / "loccit.toml").write_text(both, "utf-8")
        copy = "/web/20200101000000/http://site.test/gone"
        told = {"Memento-Datetime": "Wed, 01 Jan 2020 00:00:00 GMT"}
        for name in ("gone", "framed", "soft"):
            there = f"/web/20200101000000/http://site.test/{name}"
            site[f"/web/http://site.test/{name}"] = Answer(status=302, headers={"Location": f"{host}{there}"})
        site["/web/20200101000000id_/http://site.test/gone"] = Answer(body=page("As it was.").body, headers=told)
        framed = page("As it was.").body + "<!-- BEGIN WAYBACK TOOLBAR INSERT -->"
        site["/web/20200101000000id_/http://site.test/framed"] = Answer(body=framed, headers=told)
        site["/web/20200101000000id_/http://site.test/soft"] = page("The archive says sorry, in as many words.")
        file = work.guide("a", "/gone", "/never-kept", "/framed", "/soft")
        before = file.read_bytes()
        assert "no link to mend" in work.run("fix").stderr
        done = work.run("fix", "--dead", "--write")
        assert done.returncode == 0, done.stderr
        assert file.read_bytes() == before.replace(b"http://site.test/gone", f"{host}{copy}".encode())
