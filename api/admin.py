"""/v1/admin: the calendar, counter hours and accounts by program, under the same three administrators as on the pages."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, status
from pydantic import BaseModel, ConfigDict, Field

from api.access import Clerk, OfficeHere
from casework import administering, calendar, kin
from casework.administering import Account, NewAccount, Refused, Secret
from domain.appointments import Hours
from domain.calendar import EVERYWHERE, Correction, DayOfCalendar
from domain.jurisdiction import Role
from domain.text import Bilingual

router = APIRouter(prefix="/v1/admin", tags=["administration"])
County = Annotated[str, Query(max_length=6, description="6 digits; empty: as it holds for everybody")]
Month = Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-10"])]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MonthAnswer(BaseModel):
    """`announced` False: the State Council has not announced the year, so its days are provisional."""

    county: str
    announced: bool
    untold: bool = Field(description="Running cases are being told of a correction")
    days: list[DayOfCalendar]


class CorrectionBody(_Body):
    county: str = Field(default=EVERYWHERE, max_length=6)
    working: bool
    name: Bilingual = Field(description="The reason, as pages show it")


class HoursAnswer(BaseModel):
    station: str
    default: bool
    hours: list[Hours]


class HoursBody(_Body):
    hours: list[Hours] = Field(max_length=50, description="None at all goes back to the default")


class AccountBody(_Body):
    login: str = Field(max_length=40)
    name: str = Field(max_length=60)
    county: str = Field(max_length=6)
    station: str | None = Field(default=None, max_length=12)
    id_number: str = Field(max_length=18)


class PlaceBody(_Body):
    name: str = Field(max_length=60)
    county: str = Field(max_length=6)
    station: str | None = Field(default=None, max_length=12)


class RoleBody(_Body):
    role: Role
    leads: bool = False


class SecretAnswer(BaseModel):
    """What is shown once."""

    account: Account
    password: str | None
    totp_secret: str | None

    @classmethod
    def of(cls, secret: Secret) -> "SecretAnswer":
        return cls(account=secret.account, password=secret.password, totp_secret=secret.totp_secret)


class Freed(BaseModel):
    work_items: int


class Household(BaseModel):
    others: int


# --- the system administrator ----------------------------------------------------------------------------------------


@router.get("/calendar", summary="A month of working days, each with who says so")
async def month(office: OfficeHere, actor: Clerk, month: Month, county: County = EVERYWHERE) -> MonthAnswer:
    year, number = month.split("-")
    found = await calendar.month(office, actor, county, int(year), int(number))
    return MonthAnswer(county=found.county, announced=found.announced, untold=found.untold, days=found.days)


@router.put("/calendar/{day}", summary="Correct a day; running cases count their limits again", status_code=status.HTTP_204_NO_CONTENT)
async def correct(day: date, body: CorrectionBody, office: OfficeHere, actor: Clerk) -> None:
    await calendar.correct(office, actor, Correction(day=day, county=body.county, working=body.working, name=body.name))


@router.delete("/calendar/{day}", summary="Take a correction back", status_code=status.HTTP_204_NO_CONTENT)
async def take_back(day: date, office: OfficeHere, actor: Clerk, county: County = EVERYWHERE) -> None:
    await calendar.take_back(office, actor, county, day)


@router.get("/office-hours/{station}", summary="When a counter takes appointments")
async def hours(station: str, office: OfficeHere, actor: Clerk) -> HoursAnswer:
    found = await calendar.hours_of(office, actor, station)
    return HoursAnswer(station=found.station, default=found.default, hours=found.hours)


@router.put("/office-hours/{station}", summary="Replace a counter's hours", status_code=status.HTTP_204_NO_CONTENT)
async def set_hours(station: str, body: HoursBody, office: OfficeHere, actor: Clerk) -> None:
    await calendar.set_hours(office, actor, station, body.hours)


@router.post("/accounts", summary="Make an account; its first password is answered this once", status_code=status.HTTP_201_CREATED)
async def make_account(body: AccountBody, office: OfficeHere, actor: Clerk) -> SecretAnswer:
    return SecretAnswer.of(await administering.make_account(office, actor, NewAccount(**body.model_dump())))


@router.put("/accounts/{clerk_id}", summary="Another name or place", status_code=status.HTTP_204_NO_CONTENT)
async def move_account(clerk_id: str, body: PlaceBody, office: OfficeHere, actor: Clerk) -> None:
    await administering.move_account(office, actor, clerk_id, name=body.name, county=body.county, station=body.station)


@router.post("/accounts/{clerk_id}/password", summary="A first password again, answered this once")
async def renew_password(clerk_id: str, office: OfficeHere, actor: Clerk) -> SecretAnswer:
    return SecretAnswer.of(await administering.renew_password(office, actor, clerk_id))


@router.post("/accounts/{clerk_id}/household", summary="Read the owner's household now")
async def refresh_household(clerk_id: str, office: OfficeHere, actor: Clerk) -> Household:
    return Household(others=await kin.refresh_household(office, actor, clerk_id))


# --- the security administrator --------------------------------------------------------------------------------------


@router.get("/accounts", summary="Accounts, for both administrators")
async def accounts(office: OfficeHere, actor: Clerk, q: Annotated[str, Query(max_length=60)] = "") -> list[Account]:
    return await administering.accounts(office, actor, q)


@router.get("/accounts/{clerk_id}", summary="One account")
async def account(clerk_id: str, office: OfficeHere, actor: Clerk) -> Account:
    return await administering.account(office, actor, clerk_id)


@router.put("/accounts/{clerk_id}/role", summary="Give a role and activate; with the first one the second factor is answered this once")
async def appoint(clerk_id: str, body: RoleBody, office: OfficeHere, actor: Clerk) -> SecretAnswer:
    return SecretAnswer.of(await administering.appoint(office, actor, clerk_id, body.role, leads=body.leads))


@router.delete("/accounts/{clerk_id}/role", summary="Take the role; what was held goes back into the queue")
async def dismiss(clerk_id: str, office: OfficeHere, actor: Clerk) -> Freed:
    return Freed(work_items=await administering.dismiss(office, actor, clerk_id))


@router.post("/accounts/{clerk_id}/second-factor", summary="A new second factor, answered this once")
async def renew_second_factor(clerk_id: str, office: OfficeHere, actor: Clerk) -> SecretAnswer:
    return SecretAnswer.of(await administering.renew_second_factor(office, actor, clerk_id))


@router.get("/refused", summary="Refused sign-ins and call-backs")
async def refused(office: OfficeHere, actor: Clerk) -> Refused:
    return await administering.refused(office, actor)
