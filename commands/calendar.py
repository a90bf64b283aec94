"""`onetrip calendar`: working days as offices correct them."""

from datetime import datetime
from typing import Annotated

import typer

from commands.reader import Spoken, language_of, say

app = typer.Typer(no_args_is_help=True, help="Working days: announced, provisional, corrected.")
County = Annotated[str, typer.Option(help="6 digits; left out: everybody")]
Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"])]


@app.command()
def show(month: Annotated[datetime, typer.Argument(formats=["%Y-%m"])], county: County = "", language: Spoken = None) -> None:
    """Print a month, a day a line: worked or off, who says so, why."""
    from casework import calendar
    from casework.office import Office
    from casework.responsible import Operator
    from commands.running import with_office

    reader = language_of(language)

    async def use(office: Office) -> None:
        found = await calendar.month(office, Operator.here(), county, month.year, month.month)
        if not found.announced:
            say(reader, f"{month.year} 年的放假安排尚未公布，以下为推算", f"{month.year} is not announced yet; these days are provisional")
        for day in found.days:
            kind = ("上班" if day.working else "休息") if reader == "zh" else ("worked" if day.working else "off")
            why = day.name.in_language(reader) if day.name else ""
            typer.echo(f"{day.day:%Y-%m-%d %a}  {kind:<7} {day.source.value:<15} {why}".rstrip())

    with_office(use)


@app.command()
def correct(
    day: Day,
    working: Annotated[bool, typer.Option("--working/--off", help="What the day is")],
    zh: Annotated[str, typer.Option(help="Why, in Chinese")],
    en: Annotated[str, typer.Option(help="Why, in English")],
    county: County = "",
    language: Spoken = None,
) -> None:
    """Say that a day is worked, or off, whatever was announced. Running cases count their limits again."""
    from casework import calendar
    from casework.office import Office
    from casework.responsible import Operator
    from commands.running import with_office
    from domain.calendar import Correction
    from domain.text import Bilingual

    reader = language_of(language)
    correction = Correction(day=day.date(), county=county, working=working, name=Bilingual(zh=zh, en=en))

    async def use(office: Office) -> None:
        await calendar.correct(office, Operator.here(), correction)
        say(reader, "已保存，办理中的办件会重新计算期限", "Saved. Running cases count their limits again")

    with_office(use)


@app.command(name="take-back")
def take_back(day: Day, county: County = "", language: Spoken = None) -> None:
    """Let a day be again what it is without the correction."""
    from casework import calendar
    from casework.office import Office
    from casework.responsible import Operator
    from commands.running import with_office

    reader = language_of(language)

    async def use(office: Office) -> None:
        await calendar.take_back(office, Operator.here(), county, day.date())
        say(reader, "已撤销，办理中的办件会重新计算期限", "Taken back. Running cases count their limits again")

    with_office(use)
