"""`onetrip service`: a service item from an empty file to the public. What needs no running stack works without one."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from commands.reader import Spoken, either, language_of, say
from domain.text import Language

if TYPE_CHECKING:
    from datetime import date

    from catalogue.loader import Catalogue
    from catalogue.refusals import Refusal
    from domain.service_item import ServiceItem
    from domain.source import Source

app = typer.Typer(no_args_is_help=True, help="Service items: write, check, try, publish.")
File = Annotated[Path, typer.Argument(help="A service item file")]


# --- writing ---------------------------------------------------------------------------------------------------------


@app.command()
def new(
    code: Annotated[str, typer.Argument(help="Small letters, digits, hyphens; part of every address, for ever")],
    kind: Annotated[str, typer.Option(help="certificate, machine-decides, people-decide, query or notice")] = "certificate",
    out: Annotated[Path | None, typer.Option(help="Default: CODE.yaml in this folder")] = None,
    language: Spoken = None,
) -> None:
    """Write a file to begin with. It passes the checks as it is."""
    from catalogue.skeleton import KINDS, is_code, packaged_file, skeleton

    reader, path = language_of(language), out or Path(f"{code}.yaml")
    if not is_code(code):
        _fail(reader, "代码由小写字母、数字和短横组成，不超过 64 个字符", "A code has small letters, digits and hyphens, at most 64")
    if kind not in KINDS:
        known = ", ".join(KINDS)
        _fail(reader, f"没有“{kind}”；可用：{known}", f"There is no kind {kind}; there are: {known}")
    if packaged_file(code) is not None:
        _fail(reader, f"已有事项“{code}”，请换一个代码", f"There is an item {code} already. Choose another code")
    if path.exists():
        _fail(reader, f"{path} 已存在，没有改动它", f"{path} exists and was left as it is")
    path.write_text(skeleton(code, kind, _today()), encoding="utf-8")
    say(reader, f"{path}：改好后运行 onetrip service check {path}", f"{path}: change it, then run onetrip service check {path}")


@app.command()
def schema(
    write: Annotated[bool, typer.Option("--write", help="Put it beside the catalogue, where editors find it")] = False,
    source: Annotated[bool, typer.Option("--source", help="Of an authority's file instead")] = False,
) -> None:
    """Print the JSON Schema of a service item file."""
    from catalogue.schema import FILE, schema_text
    from domain.source import source_file_schema

    if source:
        typer.echo(json.dumps(source_file_schema(), ensure_ascii=False, indent=2))
        return
    if write:
        FILE.write_text(schema_text(), encoding="utf-8")
        typer.echo(str(FILE))
        return
    typer.echo(schema_text(), nl=False)


@app.command()
def check(files: Annotated[list[Path], typer.Argument(help="Service item files")], language: Spoken = None) -> None:
    """Tell everything that cannot be, as file:line: field: what is wrong; what cures it. 1 when there is anything."""
    from casework.editing import check as check_text

    reader, sources, wrong = language_of(language), _sources(), 0
    for file in files:
        checked = check_text(_text_of(file, reader), str(file), sources)
        if checked.item is None:
            wrong += 1
            _tell(checked.refusals, reader)
            continue
        item, examples = checked.item, len(checked.item.examples)
        say(
            reader,
            f"{file}：没有问题（{item.name.zh}，第 {item.version} 版，{examples} 个示例）",
            f"{file}: nothing wrong ({item.name.en}, version {item.version}, {examples} examples)",
        )
    raise typer.Exit(1 if wrong else 0)


# --- trying ----------------------------------------------------------------------------------------------------------


@app.command()
def simulate(
    file: File,
    example: Annotated[str | None, typer.Option(help="Only this example")] = None,
    answers: Annotated[str | None, typer.Option(help='By hand: JSON, such as {"reason": "school"}, or @FILE')] = None,
    registries: Annotated[str | None, typer.Option(help='By hand: JSON, fact to "none", "down", "sample" or values; or @FILE')] = None,
    language: Spoken = None,
) -> None:
    """Run the examples, or answers typed by hand, and draw the path with each rule's truth and inputs."""
    from casework.editing import run_by_hand, run_examples
    from commands.drawing import console, draw_simulation
    from domain.errors import InvalidInput

    reader, sources = language_of(language), _sources()
    item = _item_of(file, reader, sources)
    if answers is not None or registries is not None:
        try:
            today = _today()
            simulated = run_by_hand(item, _json(answers, "--answers"), _json(registries, "--registries"), today, sources)
        except InvalidInput as error:
            for field in error.fields:
                typer.echo(f"{field.path}: {field.text.in_language(reader)}", err=True)
            raise typer.Exit(1) from None
        console().print(draw_simulation(item, either(reader, item.name), simulated, reader))
        return
    chosen = [(e, s) for e, s in run_examples(item, sources) if example in (None, e.name)]
    if not chosen:
        known = ", ".join(e.name for e in item.examples) or "-"
        _fail(reader, f"没有这个示例；有：{known}", f"There is no such example; there are: {known}")
    for said, simulated in chosen:
        console().print(draw_simulation(item, said.name, simulated, reader))


@app.command()
def guide(
    what: Annotated[str, typer.Argument(metavar="FILE|CODE", help="A service item file, or the code of an item in force")],
    language: Spoken = None,
) -> None:
    """Print the guide that applicants read, made from the file."""
    from casework.editing import guide_text
    from domain.errors import UnknownServiceItem

    reader, sources = language_of(language), _sources()
    if Path(what).is_file():
        typer.echo(guide_text(_item_of(Path(what), reader, sources), sources, [], reader))
        return

    async def show(catalogue: "Catalogue") -> int:
        try:
            item = catalogue.get(what)
        except UnknownServiceItem:
            say(reader, f"没有事项或文件“{what}”", f"There is no item and no file {what}")
            return 1
        typer.echo(guide_text(item, catalogue.sources, catalogue.all(), reader))
        return 0

    _with_catalogue(show)


@app.command()
def diff(
    file: File,
    against: Annotated[str | None, typer.Option(help="A code or a file; default: the version in force of the same code")] = None,
    language: Spoken = None,
) -> None:
    """Tell what the file changes, field by field, against the version that it would follow."""
    from casework.editing import in_force
    from catalogue.difference import difference
    from commands.drawing import console, draw_difference

    reader, sources = language_of(language), _sources()
    item = _item_of(file, reader, sources)
    if against is not None and Path(against).is_file():
        console().print(draw_difference(difference(_item_of(Path(against), reader, sources), item), reader))
        return

    async def compare(catalogue: "Catalogue") -> int:
        versions = catalogue.versions(against or item.code)
        if against is not None and not versions:
            say(reader, f"没有事项或文件“{against}”", f"There is no item and no file {against}")
            return 1
        others = [version for version in versions if version.version != item.version or version.code != item.code]
        console().print(draw_difference(difference(in_force(others, item.effective_from) or in_force(versions, _today()), item), reader))
        return 0

    _with_catalogue(compare)


@app.command(name="try")
def try_on_past_cases(
    file: File,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day of the cases to decide again, in China's time")],
    language: Spoken = None,
) -> None:
    """Decide all past cases of the item again under this file, from stored evidence: who would fare otherwise, by which rule."""
    from zoneinfo import ZoneInfo

    from casework.office import Office
    from casework.redeciding import try_service_item
    from commands.drawing import console, draw_trial
    from commands.running import with_office

    reader = language_of(language)
    item = _item_of(file, reader, _sources())

    async def use(office: Office) -> int:
        trial = await try_service_item(office, item, since.replace(tzinfo=ZoneInfo("Asia/Shanghai")))
        console().print(draw_trial(trial, reader))
        return 0

    with_office(use)


# --- making it live --------------------------------------------------------------------------------------------------


@app.command()
def publish(
    file: File,
    by: Annotated[str | None, typer.Option(help="Login of the catalogue editor who answers for it; default: you at this machine")] = None,
    language: Spoken = None,
) -> None:
    """Make a version live: new applications follow it at once in every process, running ones end under theirs."""
    import getpass

    from casework import editing
    from casework.office import Office
    from catalogue.refusals import CatalogueError
    from commands.running import with_office
    from domain.jurisdiction import Role

    reader = language_of(language)
    text = _text_of(file, reader)

    async def use(office: Office) -> int:
        clerk = await office.accounts.clerk_by_login(by) if by is not None else None
        if by is not None and (clerk is None or clerk["role"] != Role.CATALOGUE_EDITOR.value):
            say(reader, f"“{by}”不是事项目录编辑", f"{by} is no catalogue editor")
            return 1
        try:
            published = await editing.publish(office, text, by=by or f"command:{getpass.getuser()}", file=str(file))
        except CatalogueError as error:
            _tell(error.refusals, reader)
            return 1
        item, today = published.item, _today()
        since_zh = "即刻起" if item.effective_from <= today else f"自 {item.effective_from} 起"
        since_en = "from now on" if item.effective_from <= today else f"from {item.effective_from}"
        say(
            reader,
            f"{item.name.zh}第 {item.version} 版已发布，{since_zh}新的申请按这一版办理；正在办理的仍按原版本。",
            f"{item.name.en}, version {item.version}, is published: new applications follow it {since_en}; running ones end under theirs.",
        )
        typer.echo(f"SHA-256 {published.digest}")
        return 0

    with_office(use)


@app.command(name="list")
def list_items(language: Spoken = None) -> None:
    """Every service item with its version and period: of the running installation, or those that come with the system."""
    reader = language_of(language)

    async def show(catalogue: "Catalogue") -> int:
        for code in catalogue.codes():
            for item in catalogue.versions(code):
                period = f"{item.effective_from} – {item.effective_to or ''}".rstrip()
                typer.echo(f"{code:<36} v{item.version:<3} {item.kind.value:<7} {period:<27} {item.name.in_language(reader)}")
        return 0

    _with_catalogue(show)


@app.command()
def history(code: str, language: Spoken = None) -> None:
    """Who published which version of an item, when, with what digest."""
    from casework.office import Office
    from commands.running import with_office

    reader = language_of(language)

    async def use(office: Office) -> int:
        rows = await office.publications.history(code)
        await office.catalogue.refresh()
        for row in rows:
            typer.echo(f"v{row['version']:<3} {row['published_at']:%Y-%m-%d %H:%M %Z}  {row['published_by']:<24} {row['digest']}")
        if rows:
            return 0
        if not office.catalogue.versions(code):
            say(reader, f"没有“{code}”这一事项", f"There is no service item {code}")
            return 1
        say(reader, f"“{code}”随系统提供，没有发布过", f"{code} came with the system; nothing of it was published")
        return 0

    with_office(use)


# --- shared ----------------------------------------------------------------------------------------------------------


def _today() -> "date":
    from domain.clock import day_in_china

    return day_in_china(datetime.now(UTC))


def _sources() -> "dict[str, Source]":
    """The sources that come with the system, and this installation's own."""
    from catalogue.sources import SOURCES, load_sources
    from settings import load_settings

    return load_sources((SOURCES, load_settings().home / "sources"))


def _with_catalogue(use: "Callable[[Catalogue], Awaitable[int]]") -> NoReturn:
    """Run `use` on this installation's catalogue; without one, or with its database away, on the files that come with the system."""
    import asyncio

    from catalogue.loader import Catalogue
    from settings import load_settings
    from wiring import Wiring

    async def run() -> int:
        settings = load_settings()
        if not settings.data_keys:
            return await use(Catalogue(sources=_sources()))
        wiring = Wiring(settings, pool_size=1)
        try:
            await wiring.catalogue.refresh()
            return await use(wiring.catalogue)
        finally:
            await wiring.close()

    raise typer.Exit(asyncio.run(run()))


def _text_of(file: Path, reader: Language) -> str:
    if not file.is_file():
        _fail(reader, f"没有文件 {file}", f"There is no file {file}")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        _fail(reader, f"{file}：不是 UTF-8；存为 UTF-8", f"{file}: not UTF-8; save the file as UTF-8")


def _item_of(file: Path, reader: Language, sources: "dict[str, Source]") -> "ServiceItem":
    from casework.editing import check as check_text

    checked = check_text(_text_of(file, reader), str(file), sources)
    if checked.item is None:
        _tell(checked.refusals, reader)
        raise typer.Exit(1)
    return checked.item


def _tell(refusals: "list[Refusal]", reader: Language) -> None:
    for refusal in refusals:
        typer.echo(refusal.in_language(reader))


def _json(said: str | None, option: str) -> dict[str, Any]:
    """A JSON object, typed or in a file.

    Raises:
        typer.BadParameter: it is none.
    """
    if said is None:
        return {}
    try:
        text = Path(said[1:]).read_text(encoding="utf-8") if said.startswith("@") else said
        value = json.loads(text)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
    if not isinstance(value, dict):
        raise typer.BadParameter("a JSON object", param_hint=option)
    return value


def _fail(reader: Language, zh: str, en: str) -> NoReturn:
    say(reader, zh, en)
    raise typer.Exit(1)
