"""`onetrip …`: the command line. Every command imports what it needs when it runs, so that `--help` answers at once."""

from pathlib import Path
from typing import Annotated

import typer

from commands.audit import app as audit
from commands.bench import app as bench
from commands.calendar import app as calendar
from commands.clerk import app as clerk
from commands.clients import app as clients
from commands.decision import app as decision
from commands.demo import app as demo
from commands.service import app as service
from commands.supervise import app as supervise

# Without rich's markup: importing it would double the time that --help takes.
app = typer.Typer(
    name="onetrip",
    help="OneTrip 最多跑一次",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def up(parts: Annotated[list[str] | None, typer.Argument(help="Only these parts, or `infrastructure`; all when left out")] = None) -> None:
    """Start the whole stack on this machine and keep it running until Ctrl-C."""
    from stack.up import up as run

    raise typer.Exit(run(parts or ()))


@app.command()
def doctor() -> None:
    """Tell what is up, what is down, and what to do about it."""
    from stack.doctor import doctor as run

    raise typer.Exit(run())


@app.command()
def migrate() -> None:
    """Bring the database's tables up to date."""
    import runpy

    runpy.run_module("adapters.database.migrate", run_name="__main__")


@app.command()
def secrets() -> None:
    """Print fresh secrets for docker-compose.yml: `onetrip secrets > .env`."""
    from stack.home import new_secrets

    typer.echo(new_secrets(), nl=False)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The PDF")],
    public: Annotated[Path | None, typer.Option(help="The office's public folder; default: this installation's")] = None,
) -> None:
    """Tell whether a PDF is a genuine certificate of this office, with no network."""
    from commands.verify import verify as run

    run(file, public)


app.add_typer(audit, name="audit")
app.add_typer(bench, name="bench")
app.add_typer(calendar, name="calendar")
app.add_typer(clerk, name="clerk")
app.add_typer(clients, name="clients")
app.add_typer(decision, name="decision")
app.add_typer(demo, name="demo")
app.add_typer(service, name="service")
app.add_typer(supervise, name="supervise")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
