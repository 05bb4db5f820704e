"""How far the engine of several machines goes: figures for docs/scaling.md.

    python benchmarks/scale.py crawl --resources 100000 --hosts 2000 --workers 2
    python benchmarks/scale.py simulate --resources 10000000 --hosts 500000 --days 30
    python benchmarks/scale.py pick --resources 10000000 --hosts 500000

`crawl`: real workers on a real PostgreSQL and loopback hosts, politeness off: resources a second, and the share of the
time that goes into queue and store. `simulate`: the real planning on a simulated clock and web: requests, lag, pace.
`pick`: what the scheduler and a job ask, on a database with so many rows. Each runs at any size; smaller ones say less.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT)]

from scale_crawl import crawl, worker  # noqa: E402
from scale_pick import pick  # noqa: E402
from scale_simulate import simulate  # noqa: E402


def main() -> None:
    if sys.argv[1:2] == ["_worker"]:
        worker(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for name, count, many in (
        ("crawl", 100_000, 2_000),
        ("simulate", 10_000_000, 500_000),
        ("pick", 10_000_000, 500_000),
    ):
        kind = kinds.add_parser(name)
        kind.add_argument("--resources", type=int, default=count)
        kind.add_argument("--hosts", type=int, default=many)
        kind.add_argument("--workers", type=int, default=1)
        kind.add_argument("--rounds", type=int, default=20)
        kind.add_argument("--days", type=float, default=30.0)
        kind.add_argument("--delay", type=float, default=0.5)
        kind.add_argument("--at-once", type=int, default=64)
    options = parser.parse_args()
    print(json.dumps({"crawl": crawl, "simulate": simulate, "pick": pick}[options.kind](options), indent=2))


if __name__ == "__main__":
    main()
