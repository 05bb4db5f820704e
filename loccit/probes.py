"""`/readyz` and `/metrics` among the editors' pages: the first for anybody, the second for whoever may read the API."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from loccit.metrics import CONTENT_TYPE
from loccit.watching import Watch
from review.web.access import who_reads


def probes(watch: Watch) -> list[BaseRoute]:
    """Answered in threads: both ask the store."""

    def readyz(request: Request) -> Response:  # noqa: ARG001
        whole, told = watch.readiness()
        return JSONResponse(told, status_code=200 if whole else 503)

    def metrics(request: Request) -> Response:
        who_reads(request)
        return Response(watch.meters.page(), headers={"Content-Type": CONTENT_TYPE})

    return [Route("/readyz", readyz), Route("/metrics", metrics)]
