"""The service as it runs, with the limit endpoints beside it, in a process of its own."""

from __future__ import annotations

import os
import sys

import uvicorn
from fastapi import FastAPI

from service.app import create_app
from service.bench.limits import router
from service.cli.serve import runtime_from
from service.kit.memory import settle
from service.kit.settings import Settings


def put_limits_first(app: FastAPI) -> None:
    """Add the limits before every other route: to find one must cost nothing."""
    app.include_router(router)
    routes = app.router.routes
    routes.insert(0, routes.pop())


def main() -> None:
    """Serve on the port of the settings, without jobs."""
    settings = Settings(worker=False)
    app = create_app(runtime_from(settings))
    put_limits_first(app)
    settle()
    print("bench server", os.getpid(), file=sys.stderr, flush=True)
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
