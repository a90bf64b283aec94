"""`python -m api`: the site and API on 127.0.0.1."""

import logging
import os

import uvicorn

from api.main import create_app
from settings import load_settings


def main() -> None:
    logging.basicConfig(level=os.environ.get("ONETRIP_LOG_LEVEL", "INFO"), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = load_settings()
    # No access log: addresses name applications.
    uvicorn.run(
        create_app(settings),
        host=os.environ.get("ONETRIP_HOST", "127.0.0.1"),
        port=settings.onetrip_port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=5,
        proxy_headers=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
