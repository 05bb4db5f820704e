"""What is ignored is neither fetched nor failing, and every format says why."""

from pathlib import Path

from loccit_site import page, project


def test_ignored_links_are_skipped_with_their_reason(tmp_path: Path) -> None:
    with project(tmp_path) as (site, work):
        site["/a"] = page("Here it is.")
        file = work.guide("a", "/a", "/members", "/gone")
        text = file.read_text("utf-8").replace("/gone\n", "/gone  # loccit: ignore kept for the record\n")
        file.write_text(text, "utf-8")
        with (tmp_path / "loccit.toml").open("a", encoding="utf-8") as settings:
            settings.write('[[links.ignore]]\nurl = "*/members"\nreason = "members only"\n')
        said = work.json("check")
        assert [(each["verdict"], each["reason"]) for each in said["citations"]] == [
            ("ok", "http-200"),
            ("skipped", "ignored"),
            ("skipped", "ignored"),
        ]
        assert "/members" not in site.seen and "/gone" not in site.seen
        done = work.run("check", "--all")
        assert done.returncode == 0
        words = " ".join(done.stdout.split())
        assert "was skipped (ignored): members only" in words
        assert "was skipped (ignored): kept for the record" in words
        assert work.run("crawl").returncode == 0
        assert "/gone" not in site.seen


def test_an_ignore_needs_a_reason_and_something_to_match(tmp_path: Path) -> None:
    with project(tmp_path) as (_, work):
        work.guide("a", "/a")
        settings = tmp_path / "loccit.toml"
        before = settings.read_text("utf-8")
        for entry, said in (
            ('host = "a"\nreason = " "', "an entry gives no reason"),
            ('reason = "r"', "an entry names neither `url` nor `host`"),
            ('host = "a"', "reason"),
            ('hots = "a"\nreason = "r"', "Did you mean `host`?"),
        ):
            settings.write_text(f"{before}[[links.ignore]]\n{entry}\n", "utf-8")
            done = work.run("check")
            assert done.returncode == 2
            assert said in done.stderr
