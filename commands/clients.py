"""`onetrip clients`: integrators and their credentials."""

import typer

app = typer.Typer(no_args_is_help=True, help="Integrators: programs that use the API.")


@app.callback()
def clients() -> None:
    """Keeps `create` a command of its own."""


@app.command()
def create(name: str) -> None:
    """Print a new integrator's id and secret. The secret is shown this once."""
    from casework import accounts
    from casework.office import Office
    from commands.running import with_office

    async def use(office: Office) -> None:
        credentials = await accounts.add_client(office, name)
        print(f"client_id     {credentials.client_id}")
        print(f"client_secret {credentials.client_secret}")

    with_office(use)
