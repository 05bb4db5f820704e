from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loccit.errors import SettingsError
from loccit.settings import duration, find, load


def settings(folder: Path, text: str, environ: dict[str, str] | None = None):
    (folder / "loccit.toml").write_text(text, "utf-8")
    return load(folder, environ or {})


def test_the_defaults_hold_without_a_file(tmp_path: Path) -> None:
    made = load(tmp_path, {})
    assert made.root == tmp_path.resolve()
    assert made.crawl.concurrency == 64
    assert made.policy.fail_on == ("dead", "invalid")
    assert made.schedule.every == timedelta(hours=6)
    assert made.archive.memento == "https://web.archive.org/web/"


def test_every_documented_key_is_read(tmp_path: Path) -> None:
    made = settings(
        tmp_path,
        """
        [guides]
        paths = ["a/*.md"]
        [store]
        url = "postgresql+psycopg://x/y"
        keep = "all"
        [crawl]
        user_agent = "x"
        concurrency = 1
        per_host = 1
        delay = 1
        timeout = 1
        max_bytes = 1
        retries = 0
        respect_robots = false
        render = "never"
        [network]
        allow = ["127.0.0.0/8"]
        connect_to = { "a:80" = "127.0.0.1:81" }
        proxy = "http://p:1"
        [policy]
        max_age_days = 1
        confirm = 1
        unreachable_days = 1
        settle_hours = 0
        fail_on = ["dead", "missing-fragment", "stale", "material"]
        [schedule]
        every = "90m"
        min_interval = "1h"
        max_interval = "2d"
        [archive]
        memento = ""
        """,
    )
    assert made.crawl.delay == 1.0
    assert made.network.connect_to == {"a:80": "127.0.0.1:81"}
    assert made.schedule.max_interval == timedelta(days=2)


def test_the_nearest_file_going_up_counts_and_pyproject_too(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.loccit.crawl]\ndelay = 2\n", "utf-8")
    assert find(deep) == tmp_path.resolve() / "pyproject.toml"
    assert load(deep, {}).crawl.delay == 2.0
    (tmp_path / "a" / "loccit.toml").write_text("[crawl]\ndelay = 3\n", "utf-8")
    assert load(deep, {}).crawl.delay == 3.0


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    made = settings(
        tmp_path,
        "[crawl]\ndelay = 2\n",
        {"LOCCIT_CRAWL__DELAY": "0.25", "LOCCIT_NETWORK__ALLOW": '["::1/128"]', "LOCCIT_STORE__URL": "sqlite:///5.db"},
    )
    assert (made.crawl.delay, made.network.allow, made.store.url) == (0.25, ("::1/128",), "sqlite:///5.db")


MISTAKES = {
    "unknown key": ("[crawl]\n\ndelai = 1", "loccit.toml:3: unknown setting [crawl] delai", "`delay`"),
    "unknown section": ("\n[crwl]\ndelay = 1", "loccit.toml:2: unknown setting [crwl]", "`crawl`"),
    "unknown key of a mapping": (
        '[[guides.mapping]]\npth = "x"',
        "loccit.toml:2: unknown setting [guides.mapping] pth",
        "`path`",
    ),
    "wrong type": ('[crawl]\ndelay = "x"', "loccit.toml:2: [crawl] delay: expected a number, got text", ""),
    "not a table": ("crawl = 3", "loccit.toml:1: `crawl` is a table", ""),
    "not TOML": ("[crawl\n", "not valid TOML", ""),
    "unknown word": ('[policy]\nfail_on = ["deed"]', "loccit.toml:2: [policy] fail_on: 'deed' is unknown", "'dead'"),
    "out of range": ("[policy]\nconfirm = 0", "loccit.toml:2: [policy] confirm: 0 is out of range", ""),
    "not a number": ("[crawl]\ndelay = nan", "out of range", ""),
    "not a length of time": ('[schedule]\nevery = "5 parsecs"', "loccit.toml:2: [schedule] every", ""),
    "not a network": ('[network]\nallow = ["home"]', "loccit.toml:2: [network] allow: 'home' is not a network", ""),
    "not a route": ('[network]\nconnect_to = { "a" = "b" }', "loccit.toml:2: [network] connect_to", "host:port"),
    "no such file": ('[network]\nca_file = "x.pem"', "loccit.toml:2: [network] ca_file: there is no file", ""),
    "upside down": ('[schedule]\nmin_interval = "31d"', "loccit.toml:2: [schedule] min_interval", ""),
    "unknown policy of keeping": ('[store]\nkeep = "some"', "loccit.toml:2: [store] keep", ""),
}


@pytest.mark.parametrize("text, message, hint", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, message: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, text)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_mistake_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="LOCCIT_CRAWL__DELY"):
        load(tmp_path, {"LOCCIT_CRAWL__DELY": "1"})
    with pytest.raises(SettingsError, match="LOCCIT_CRAWL__DELAY"):
        load(tmp_path, {"LOCCIT_CRAWL__DELAY": "fast"})


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "loccit.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load(tmp_path, {})


@given(st.integers(1, 1000), st.sampled_from("smhd"))
def test_lengths_of_time(number: int, unit: str) -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert duration(f"{number}{unit}", "x") == timedelta(seconds=number * seconds)
