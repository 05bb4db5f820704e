"""The pages' own files: style, script and htmx, read once, compressed once, and named by their content."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_FOLDER: Final = Path(__file__).parent / "static"
_KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asset:
    body: bytes
    packed: bytes
    kind: str
    digest: str


@lru_cache(maxsize=1)
def _assets() -> dict[str, _Asset]:
    found = {}
    for file in sorted(_FOLDER.iterdir()):
        if file.suffix in _KINDS:
            body = file.read_bytes()
            found[file.name] = _Asset(
                body=body,
                packed=gzip.compress(body, 9, mtime=0),
                kind=_KINDS[file.suffix],
                digest=hashlib.sha256(body).hexdigest()[:16],
            )
    return found


def asset_path(name: str) -> str:
    """Where a page finds the file; the address changes with the content, so that it may be kept for ever."""
    return f"/static/{name}?{_assets()[name].digest}"


def static(request: Request) -> Response:
    asset = _assets().get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    current = request.url.query == asset.digest
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if current else "no-cache",
        "ETag": f'"{asset.digest}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.packed if packed else asset.body, media_type=asset.kind, headers=headers)
