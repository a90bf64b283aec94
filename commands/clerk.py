"""`onetrip clerk`: the first administrators of an installation, and who has an account."""

from typing import Annotated

import typer

from commands.reader import Spoken, language_of, say
from domain.jurisdiction import Role

app = typer.Typer(no_args_is_help=True, help="Accounts of staff: the first administrators, and a list.")


@app.command()
def first(
    role: Annotated[Role, typer.Option(help="system_admin, security_admin or audit_admin")],
    login: Annotated[str, typer.Option(help="Small letters, digits, dots or hyphens")],
    name: Annotated[str, typer.Option(help="The person's name")],
    county: Annotated[str, typer.Option(help="GB/T 2260 code, 6 digits")],
    language: Spoken = None,
) -> None:
    """Make the first administrator of a role; refused where there is one. Asks for the ID number, which no history keeps."""
    from casework.administering import NewAccount, first_administrator
    from casework.office import Office
    from casework.responsible import Operator
    from commands.running import with_office

    reader = language_of(language)
    asked = "本人身份证号" if reader == "zh" else "ID number of the owner"
    id_number = typer.prompt(asked, hide_input=True)

    async def use(office: Office) -> None:
        new = NewAccount(login=login, name=name, county=county, station=None, id_number=id_number)
        secret = await first_administrator(office, Operator.here(), role, new)
        say(reader, "以下只显示这一次：", "Shown this once:")
        typer.echo(f"login {secret.account.login}  first password {secret.password}  TOTP secret {secret.totp_secret}")
        say(reader, "首次登录时设置自己的密码：/staff/first-sign-in", "Choose your own password first: /staff/first-sign-in")

    with_office(use)


@app.command(name="list")
def list_accounts(language: Spoken = None) -> None:
    """Print every account with role, place and state."""
    from casework.administering import accounts
    from casework.office import Office
    from casework.responsible import Operator
    from commands.running import with_office

    reader = language_of(language)

    async def use(office: Office) -> None:
        for account in await accounts(office, Operator.here()):
            state = ("启用" if account.active else "停用") if reader == "zh" else ("active" if account.active else "inactive")
            role = account.role.value if account.role else "-"
            typer.echo(f"{account.login:<24} {role:<17} {account.station or account.county:<13} {state}  {account.name}")

    with_office(use)
