"""The service as it runs, with the limit endpoints beside it, in a process of its own."""

from __future__ import annotations

import os
import sys

import uvicorn

from service.app import create_app
from service.bench.limits import router
from service.cli.serve import runtime_from
from service.kit.memory import settle
from service.kit.settings import Settings


def _after_limits(route: object) -> bool:
    return not str(getattr(route, "path", "")).startswith(router.prefix)


def main() -> None:
    """Serve on the port of the settings, without jobs."""
    settings = Settings(worker=False)
    app = create_app(runtime_from(settings))
    app.include_router(router)
    app.router.routes.sort(key=_after_limits)  # to find a limit must cost nothing, so they are asked for first
    settle()
    print("bench server", os.getpid(), file=sys.stderr, flush=True)
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
