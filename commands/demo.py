"""`onetrip demo`: people, clerks and one application from end to end. Nothing here works outside demo mode."""

import base64
from pathlib import Path
from typing import Annotated, get_args

import typer

from domain.identity import Asked, Movement
from domain.jurisdiction import Role

app = typer.Typer(no_args_is_help=True, help="The demonstration: people, clerks, one application.")


@app.command()
def seed(write: Annotated[Path | None, typer.Option(help="Also write who may sign in to this file")] = None) -> None:
    """Make the demo clerks, once; `onetrip up` does this by itself."""
    from casework import demo
    from casework.office import Office
    from commands.running import with_office

    async def use(office: Office) -> None:
        made = await demo.seed(office)
        print(f"{made} demo clerks made" if made else "the demo clerks exist already")
        if write is not None:
            people = [f"{person['name']}  {person['phone']}  {person['what_for']['en']}" for person in await demo.people(office)]
            clerks = [f"{clerk['login']}  {clerk['password']}  {clerk['name']}" for clerk in await demo.clerks(office)]
            write.write_text("\n".join([*people, "", *clerks, "one-time passwords: onetrip demo accounts", ""]), encoding="utf-8")

    with_office(use)


@app.command()
def accounts() -> None:
    """Print demo people and clerks, with the clerks' one-time passwords of this moment."""
    from casework import demo
    from casework.office import Office
    from commands.running import with_office

    async def use(office: Office) -> None:
        for person in await demo.people(office):
            print(f"{person['name']}  {person['id_number']}  {person['phone']}  {person['what_for']['en']}")
        for clerk in await demo.clerks(office):
            print(f"{clerk['login']:<20} {clerk['password']}  {clerk['totp']}  {clerk['role']:<13} {clerk['name']}")

    with_office(use)


@app.command()
def person(
    portrait: Annotated[Path, typer.Option(help="A JPEG or PNG with one face")],
    name: Annotated[str | None, typer.Option(help="Default: one is made up")] = None,
) -> None:
    """Add a person with this portrait to the population simulator and print the ID number."""
    import httpx

    from settings import load_settings

    settings = load_settings()
    _only_in_demo_mode(settings.onetrip_demo)
    if not portrait.is_file():
        _fail(f"There is no file {portrait}")
    body = {"portrait": base64.b64encode(portrait.read_bytes()).decode()} | ({"name": name} if name else {})
    headers = {"Authorization": f"Bearer {settings.registries_token}"}
    try:
        reply = httpx.post(f"{settings.registries}/_people", json=body, headers=headers, timeout=20)
    except httpx.HTTPError:
        _fail("The population simulator does not answer. Start it with: onetrip up")
    if reply.status_code != 201:
        _fail(str(reply.json().get("detail", reply.text)))
    print(f"{reply.json()['id_number']}  {reply.json()['name']}")


@app.command()
def clerk(
    role: Annotated[Role, typer.Option(help="What the clerk does")],
    county: Annotated[str, typer.Option(help="GB/T 2260 code, 6 digits")] = "330302",
    station: Annotated[str | None, typer.Option(help="12 digits; left out: an officer of the county")] = None,
    login: Annotated[str | None, typer.Option(help="Default: made from role and place")] = None,
) -> None:
    """Make a clerk of a role and station; prints login, password and TOTP secret."""
    import re

    import pyotp

    from casework import accounts, demo
    from casework.office import Office
    from commands.running import with_office

    if not re.fullmatch(r"\d{6}", county) or (station is not None and not re.fullmatch(rf"{county}\d{{6}}", station)):
        _fail("A county has 6 digits; a station has 12 and begins with its county")

    async def use(office: Office) -> None:
        chosen = login or f"{role.value.replace('_', '-')}-{station or county}"
        name = f"{station or county} {role.value}"
        secret = await demo.add_clerk(office, accounts.NewClerk(login=chosen, name=name, role=role, county=county, station=station))
        print(f"login {chosen}  password {demo.PASSWORD}  TOTP secret {secret}  now {pyotp.TOTP(secret).now()}")

    with_office(use)


@app.command()
def clip(
    code: Annotated[str, typer.Argument(help="The digits asked for; - where none are")],
    file: Annotated[Path, typer.Argument(help="Where to write the webm")],
    move: Annotated[
        list[str] | None, typer.Option(help="left, right, up or down; again for each movement asked for, in their order")
    ] = None,
) -> None:
    """Write a clip of the demo person reading a code in English and moving the head, for trying the API.

    Takes as long as recording it would.
    """
    import asyncio
    import re

    from settings import load_settings
    from simulators.demo_world import DemoWorld, record_clip

    _only_in_demo_mode(load_settings().onetrip_demo)
    if not re.fullmatch(r"[0-9]{1,8}|-", code):
        _fail("A code has digits only; - stands for none")
    if not set(moves := move or []) <= set(get_args(Movement)):
        _fail(f"A movement is one of {', '.join(get_args(Movement))}")
    asked = Asked.model_validate({"code": code.strip("-"), "language": DemoWorld.clip_language, "movements": moves})
    file.write_bytes(asyncio.run(record_clip(asked)))
    print(f"{file}: {file.stat().st_size // 1000} kB")


@app.command()
def apply(item: Annotated[str, typer.Argument(help="Code of a service item")] = "no-criminal-record") -> None:
    """Run one application through the API with a clip made for the code asked, and print its timeline as it happens."""
    from commands.demo_apply import run_application
    from commands.running import with_office

    with_office(lambda office: run_application(office, item))


def _only_in_demo_mode(demo: bool) -> None:
    if not demo:
        _fail("This works in demo mode only (ONETRIP_DEMO=true)")


def _fail(why: str) -> None:
    print(why)
    raise typer.Exit(1)
