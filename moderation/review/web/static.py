"""Static files under names with their digest, so that browsers may keep them for ever."""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

FOLDER: Final = Path(__file__).parent / "static"
_FOREVER: Final = "public, max-age=31536000, immutable"
_SHORT: Final = "public, max-age=60"


@cache
def _assets() -> dict[str, tuple[str, bytes]]:
    """Digest and content of every file, by name."""
    return {
        path.name: (hashlib.sha256(content := path.read_bytes()).hexdigest()[:12], content)
        for path in sorted(FOLDER.iterdir())
        if path.is_file()
    }


def url(name: str) -> str:
    """Where a file is served; KeyError when there is none of that name."""
    digest, _ = _assets()[name]
    stem, dot, ending = name.rpartition(".")
    return f"/static/{stem}.{digest}{dot}{ending}"


def serve(request: Request) -> Response:
    """A file, under its name with or without the digest."""
    asked: str = request.path_params["name"]
    stem, dot, ending = asked.rpartition(".")
    plain, _, digest = stem.rpartition(".")
    name = f"{plain}{dot}{ending}"
    if name not in _assets():
        name, digest = asked, ""
    if name not in _assets():
        raise HTTPException(404)
    known, content = _assets()[name]
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    keep = _FOREVER if digest == known else _SHORT
    return Response(content, media_type=kind, headers={"cache-control": keep})
