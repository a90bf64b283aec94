"""Serves every simulator from one process: `python -m simulators --port N --state DIR`, the token in REGISTRIES_TOKEN."""

import argparse
import gc
import os
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.mail import Mail
from simulators.payments import Payments
from simulators.population import DEFAULT_SIZE, Population
from simulators.post import Post
from simulators.registries import Registries
from simulators.sms import Sms
from simulators.snapshot import get_population
from simulators.web import json_response, running


def create_app(
    population: Population,
    state_dir: Path,
    token: str,
    *,
    demo: bool = True,
    delivery_seconds: float = 20,
    smtp: tuple[str, int] | None = None,
    public_url: str = "",
) -> Starlette:
    """Registries under /registries, SMS under /sms, post under /post, payments under /payments, mail under /mail, and /healthz.

    `smtp` is where mail is taken: host and port.
    """
    post = Post(state_dir / "post", token, delivery_seconds)
    payments = Payments(state_dir / "payments", token, public_url=public_url)
    host, port = smtp or ("127.0.0.1", None)
    mail = Mail(state_dir / "mail", host=host, port=port)

    async def healthz(request: Request) -> Response:
        return json_response({"status": "ok", "people": len(population), "seed": population.seed})

    return Starlette(
        routes=[
            *Registries(population, state_dir / "registries", token, demo=demo).routes(),
            *Sms(state_dir / "sms", token).routes(),
            *post.routes(),
            *payments.routes(),
            *mail.routes(),
            Route("/healthz", healthz),
        ],
        lifespan=running(post, payments, mail),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description="Registries, SMS, mail, post and payments for OneTrip, simulated"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--smtp-port", type=int, help="where mail is taken; left out, none is")
    parser.add_argument("--public-url", default="", help="how a payer's browser reaches this server")
    parser.add_argument("--state", type=Path, required=True, help="folder for keys, added people, messages, parcels and payments")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--population", type=int, default=DEFAULT_SIZE)
    parser.add_argument("--portraits-for-all", action="store_true", help="serve the demo portrait for everybody: for benchmarks")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    token = os.environ.get("REGISTRIES_TOKEN", "")
    if not token:
        sys.exit("The simulators want a bearer token: set REGISTRIES_TOKEN and start again.")
    population = get_population(arguments.seed, arguments.population, arguments.state / "registries")
    gc.freeze()  # the people stay: no collection need ever look at them
    if arguments.portraits_for_all:
        population.give_everybody_a_portrait()
    app = create_app(
        population,
        arguments.state,
        token,
        demo=os.environ.get("ONETRIP_DEMO", "true").lower() not in ("0", "false", "no"),
        delivery_seconds=float(os.environ.get("ONETRIP_POST_SECONDS", "20")),
        smtp=(arguments.host, arguments.smtp_port) if arguments.smtp_port else None,
        public_url=arguments.public_url,
    )
    uvicorn.run(
        app,
        host=arguments.host,
        port=arguments.port,
        access_log=False,
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
        server_header=False,
        backlog=512,
    )


if __name__ == "__main__":
    main()
