"""The demonstration: people, clerks and clips. Off, and unreachable, when the office has no demo world."""

from typing import Any
from uuid import UUID

import pyotp

from casework import accounts
from casework.actors import Actor, ApplicantActor
from casework.office import DemoWorld, Office
from casework.showing_oneself import renew_challenge, show_challenge
from domain.cards import CardSide
from domain.errors import NotFound
from domain.jurisdiction import Role

PASSWORD = "onetrip-demo"  # noqa: S105  (of demo clerks, shown on the sign-in page)


def _world(office: Office) -> DemoWorld:
    if not office.settings_view.demo or office.demo_world is None:
        raise NotFound()
    return office.demo_world


async def people(office: Office) -> list[dict[str, Any]]:
    """Demo people with key, name, id_number, phone and what_for (zh, en)."""
    return await _world(office).people()


async def clerks(office: Office) -> list[dict[str, Any]]:
    """Demo clerks with login, name, role, password and the one-time password of this moment."""
    _world(office)
    logins = [login for login in await office.accounts.logins() if await office.accounts.recall(f"demo-clerk:{login}")]
    known = [clerk for login in logins if (clerk := await office.accounts.clerk_by_login(login))]
    return [
        {
            "login": c["login"],
            "name": c["name"],
            "role": c["role"],
            "county": c["county"],
            "station": c["station"],
            "password": PASSWORD,
            "totp": pyotp.TOTP(c["totp_secret"]).now(),
            "totp_secret": c["totp_secret"],
        }
        for c in known
    ]


async def add_clerk(office: Office, clerk: accounts.NewClerk) -> str:
    """A demo clerk with the demo password; returns the TOTP secret."""
    _world(office)
    secret = pyotp.random_base32()
    await accounts.add_clerk(office, clerk, password=PASSWORD, totp_secret=secret)
    await office.accounts.remember(f"demo-clerk:{clerk.login}", "1")
    return secret


async def seed(office: Office) -> int:
    """The demo clerks that are not there yet, each somebody of the population; returns how many were made."""
    world = _world(office)
    people = await world.staff()
    made = 0
    for clerk, person in zip(world.clerks(), people, strict=False):
        if await office.accounts.recall(f"demo-clerk:{clerk['login']}"):
            continue
        await add_clerk(office, accounts.NewClerk(**clerk | {"role": Role(clerk["role"]), "id_number": person["id_number"]}))
        made += 1
    return made


async def demo_clip(office: Office, actor: Actor, application_id: UUID) -> tuple[bytes, str]:
    """A clip of the demo person showing what is asked for from now on, in the language that the synthetic voice speaks."""
    world = _world(office)
    await renew_challenge(office, actor, application_id, world.clip_language)
    challenge = await show_challenge(office, actor, application_id)
    return await world.clip(challenge.asked), "video/webm"


async def demo_card(office: Office, actor: ApplicantActor, side: CardSide) -> bytes:
    """A JPEG of the demo person's own card, drawn and marked as a sample."""
    return await _world(office).card(await office.desk.id_number_of(actor.person_id), side)
