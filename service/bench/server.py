"""The service as it runs, with the limit endpoints beside it, in a process of its own."""

from __future__ import annotations

import os
import sys

import uvicorn

from service.app import create_app
from service.bench.limits import router
from service.cli.serve import runtime_from
from service.kit.settings import Settings


def main() -> None:
    """Serve on the port of the settings, without jobs."""
    settings = Settings(worker=False)
    app = create_app(runtime_from(settings))
    app.include_router(router)
    print("bench server", os.getpid(), file=sys.stderr, flush=True)
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
