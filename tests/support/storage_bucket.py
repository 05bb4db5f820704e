"""A real S3 server for the tests, on loopback: moto's, as a process of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

from storage.blobs import BlobSettings

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


class BucketServer:
    """A running server that makes buckets."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._number = 0

    def new_bucket(self) -> BlobSettings:
        self._number += 1
        name = f"evidence-{self._number}"
        self._ask("PUT", f"/{name}")
        return BlobSettings(address=f"s3://{name}/of/guides", endpoint=self.endpoint)

    def names(self, bucket: BlobSettings) -> list[str]:
        """The names of the objects, without the prefix."""
        place, _, prefix = bucket.address.removeprefix("s3://").partition("/")
        told = self._ask("GET", f"/{place}?list-type=2").decode()
        return [part.partition("</Key>")[0].removeprefix(f"{prefix}/") for part in told.split("<Key>")[1:]]

    def _ask(self, method: str, path: str) -> bytes:
        request = urllib.request.Request(self.endpoint + path, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            data: bytes = answer.read()
            return data


@contextmanager
def running_bucket_server() -> Iterator[BucketServer]:
    """Skips where moto is not installed."""
    if find_spec("moto") is None or find_spec("obstore") is None:
        pytest.skip("tests of the bucket need moto and obstore")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    before = {name: os.environ.get(name) for name in CREDENTIALS}
    os.environ.update(CREDENTIALS)
    server = BucketServer(f"http://127.0.0.1:{port}")
    try:
        until = time.monotonic() + 30
        while True:
            try:
                server._ask("GET", "/")
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None and time.monotonic() < until, "moto does not start"
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
