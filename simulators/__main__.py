"""Serves every simulator from one process: `python -m simulators --port N --state DIR`, the token in REGISTRIES_TOKEN."""

import argparse
import gc
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from simulators.mail import Mail
from simulators.payments import Payments
from simulators.population import DEFAULT_SIZE
from simulators.post import Post
from simulators.registries import Registries
from simulators.sms import Sms
from simulators.snapshot import get_population
from simulators.web import Lasting, json_response, running


@dataclass(frozen=True)
class Companies:
    """SMS, post, payments and mail: `smtp` is where mail is taken, host and port."""

    state_dir: Path
    token: str
    delivery_seconds: float = 20
    smtp: tuple[str, int] | None = None
    public_url: str = ""

    def parts(self) -> tuple[Sms, Post, Payments, Mail]:
        host, port = self.smtp or ("127.0.0.1", None)
        return (
            Sms(self.state_dir / "sms", self.token),
            Post(self.state_dir / "post", self.token, self.delivery_seconds),
            Payments(self.state_dir / "payments", self.token, public_url=self.public_url),
            Mail(self.state_dir / "mail", host=host, port=port),
        )


def create_app(registries: Registries | None, companies: Companies | None) -> Starlette:
    """Registries under /registries, SMS under /sms, post under /post, payments under /payments, mail under /mail, and /healthz."""
    served: dict[str, object] = {}
    routes: list[BaseRoute] = []
    lasting: list[Lasting] = []
    if registries is not None:
        routes += registries.routes()
        served |= {"people": len(registries.population), "seed": registries.population.seed}
    if companies is not None:
        sms, post, payments, mail = companies.parts()
        routes += [*sms.routes(), *post.routes(), *payments.routes(), *mail.routes()]
        lasting += [post, payments, mail]

    async def healthz(request: Request) -> Response:
        return json_response({"status": "ok", **served})

    return Starlette(routes=[*routes, Route("/healthz", healthz)], lifespan=running(*lasting))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description="Registries, SMS, mail, post and payments for OneTrip, simulated"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--only", choices=("registries", "companies"), help="leave out the other authorities, or the companies")
    parser.add_argument("--smtp-port", type=int, help="where mail is taken; left out, none is")
    parser.add_argument("--public-url", default="", help="how a payer's browser reaches this server")
    parser.add_argument("--state", type=Path, required=True, help="folder for keys, added people, messages, parcels and payments")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--population", type=int, default=DEFAULT_SIZE)
    parser.add_argument("--portraits-for-all", action="store_true", help="serve the demo portrait for everybody: for benchmarks")
    return parser.parse_args()


def _registries(arguments: argparse.Namespace, token: str) -> Registries:
    population = get_population(arguments.seed, arguments.population, arguments.state / "registries")
    gc.freeze()  # the people stay: no collection need ever look at them
    if arguments.portraits_for_all:
        population.give_everybody_a_portrait()
    demo = os.environ.get("ONETRIP_DEMO", "true").lower() not in ("0", "false", "no")
    return Registries(population, arguments.state / "registries", token, demo=demo)


def _companies(arguments: argparse.Namespace, token: str) -> Companies:
    return Companies(
        arguments.state,
        token,
        delivery_seconds=float(os.environ.get("ONETRIP_POST_SECONDS", "20")),
        smtp=(arguments.host, arguments.smtp_port) if arguments.smtp_port else None,
        public_url=arguments.public_url,
    )


def main() -> None:
    arguments = _arguments()
    token = os.environ.get("REGISTRIES_TOKEN", "")
    if not token:
        sys.exit("The simulators want a bearer token: set REGISTRIES_TOKEN and start again.")
    registries = _registries(arguments, token) if arguments.only != "companies" else None
    companies = _companies(arguments, token) if arguments.only != "registries" else None
    uvicorn.run(
        create_app(registries, companies),
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
