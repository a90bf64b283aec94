"""What a catalogue editor does: write a service item's file, check and try it, and make a version live.

Commands use the same functions; those that take no office need no running stack.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from casework.actors import ClerkActor
from casework.office import Office
from catalogue.difference import Difference, difference
from catalogue.forms import check_answers
from catalogue.guide import guide_markdown, guide_of
from catalogue.loader import check_periods, digest_of
from catalogue.reading import read_service_item
from catalogue.refusals import CatalogueError, Refusal, Refusals
from catalogue.simulation import Simulation, by_hand, simulate_example
from catalogue.skeleton import is_code, packaged_file, skeleton
from domain.clock import day_in_china
from domain.errors import FieldError, InvalidInput, NotAllowed, NotFound, WrongState
from domain.jurisdiction import Role
from domain.service_item import Example, ServiceItem
from domain.source import Source
from domain.text import Bilingual, Language

MOST_CHARACTERS = 200_000  # ten times the longest file that comes with the system


@dataclass(frozen=True)
class DraftNote:
    """Somebody is writing this file."""

    name: str
    updated_at: datetime
    mine: bool


@dataclass(frozen=True)
class Listed:
    """A line of the catalogue as editors see it; `current` is in force today, `coming` begins later."""

    code: str
    name: Bilingual | None
    current: ServiceItem | None
    coming: ServiceItem | None
    versions: int
    published_by: str | None
    published_at: datetime | None
    drafts: list[DraftNote]


@dataclass(frozen=True)
class OpenFile:
    """A file as it is shown for editing: this editor's draft, else what was published last, else what came with the system."""

    code: str
    text: str
    is_draft: bool
    current: ServiceItem | None
    others: list[DraftNote]


@dataclass(frozen=True)
class Checked:
    """`item` when the file can be; `before_publishing` is what only stands against making it live: number and period."""

    item: ServiceItem | None
    refusals: list[Refusal]
    before_publishing: list[Refusal]

    @property
    def may_be_published(self) -> bool:
        return self.item is not None and not self.before_publishing


@dataclass(frozen=True)
class Published:
    item: ServiceItem
    digest: str
    live_now: bool


# --- who -------------------------------------------------------------------------------------------------------------


def may_edit(actor: ClerkActor) -> bool:
    return actor.scope.role is Role.CATALOGUE_EDITOR


def may_read(actor: ClerkActor) -> bool:
    return actor.scope.role in (Role.CATALOGUE_EDITOR, Role.SUPERVISOR)


def _require(allowed: bool) -> None:
    if not allowed:
        raise NotAllowed()


# --- reading and trying, without an office ---------------------------------------------------------------------------


def check(
    text: str,
    file: str,
    sources: Mapping[str, Source],
    *,
    versions_of: Callable[[str], Iterable[ServiceItem]] = lambda code: (),
    code: str | None = None,
) -> Checked:
    """Everything that is wrong with a file. `versions_of` a code are those known already; `code` is what the file must be about."""
    try:
        item = read_service_item(text, file, sources)
    except CatalogueError as error:
        return Checked(None, error.refusals, [])
    refusals = Refusals(file, text)
    if code is not None and item.code != code:
        refusals.say(
            "code",
            f"这里编辑的是“{code}”",
            f"this is the file of {code}",
            f"改回 {code}，或另建新文件",
            f"write {code}, or begin another file",
        )
        return Checked(None, refusals.found, [])
    check_periods(item, versions_of(item.code), refusals)
    return Checked(item, [], refusals.found)


def run_examples(item: ServiceItem, sources: Mapping[str, Source]) -> list[tuple[Example, Simulation]]:
    return [(example, simulate_example(item, example, sources)) for example in item.examples]


def run_by_hand(
    item: ServiceItem, answers: Mapping[str, Any], registries: Mapping[str, Any], today: date, sources: Mapping[str, Source]
) -> Simulation:
    """What the item would do with answers and registry answers typed by hand; the applicant is the sample person.

    Raises:
        InvalidInput: the answers are not what the form takes, or a registry is not asked, or answers what it cannot.
    """
    check_answers(item, answers)
    if strange := sorted(registries.keys() - item.fact_names):
        known = ", ".join(sorted(item.fact_names)) or "-"
        text = Bilingual(zh=f"没有这个依据；可用：{known}", en=f"No registry is asked under this name; there are: {known}")
        raise InvalidInput(fields=[FieldError(path=f"/registries/{name}", text=text) for name in strange])
    try:
        return by_hand(item, answers, registries, today, sources)
    except ValueError as error:
        text = Bilingual(zh="请写 none、down、sample，或样例上要改的值", en="Write none, down, sample, or values put over the sample")
        raise InvalidInput(fields=[FieldError(path="/registries", text=text)]) from error


def guide_text(item: ServiceItem, sources: Mapping[str, Source], items: Iterable[ServiceItem], language: Language) -> str:
    """The item's guide as Markdown; `items` are the catalogue's, for the table of a public notice."""
    return guide_markdown(guide_of(item, sources, items), language)


def in_force(versions: Iterable[ServiceItem], day: date) -> ServiceItem | None:
    fitting = [version for version in versions if version.in_force_on(day)]
    return max(fitting, key=lambda version: (version.effective_from, version.version), default=None)


# --- the catalogue as editors see it ---------------------------------------------------------------------------------


def _today(office: Office) -> date:
    return day_in_china(office.now())


async def overview(office: Office, actor: ClerkActor) -> list[Listed]:
    """Every service item with its version, period, drafts and last publisher; those being written first.

    Raises:
        NotAllowed: neither an editor nor a supervisor.
    """
    _require(may_read(actor))
    await office.catalogue.refresh()
    published = {row["code"]: row for row in await office.publications.newest_of_each()}
    drafts: dict[str, list[DraftNote]] = {}
    for row in await office.publications.open_drafts():
        drafts.setdefault(row["code"], []).append(_note(row, actor))
    listed = [_listed(office, code, published.get(code), drafts.get(code, [])) for code in {*office.catalogue.codes(), *drafts}]
    return sorted(listed, key=lambda line: (not line.drafts, line.code))


def _note(row: Mapping[str, Any], actor: ClerkActor) -> DraftNote:
    return DraftNote(name=row["name"] or row["clerk_id"], updated_at=row["updated_at"], mine=row["clerk_id"] == actor.clerk_id)


def _listed(office: Office, code: str, published: Mapping[str, Any] | None, drafts: list[DraftNote]) -> Listed:
    versions, today = office.catalogue.versions(code), _today(office)
    coming = [version for version in versions if version.effective_from > today]
    return Listed(
        code=code,
        name=versions[-1].name if versions else None,
        current=in_force(versions, today),
        coming=coming[0] if coming else None,
        versions=len(versions),
        published_by=published["published_by"] if published else None,
        published_at=published["published_at"] if published else None,
        drafts=drafts,
    )


async def open_file(office: Office, actor: ClerkActor, code: str) -> OpenFile:
    """The file to edit, or to read.

    Raises:
        NotFound: no version and no draft of this code. NotAllowed.
    """
    _require(may_read(actor))
    await office.catalogue.refresh()
    draft = await office.publications.draft(actor.clerk_id, code)
    text = draft if draft is not None else await last_text(office, code)
    if text is None:
        raise NotFound()
    notes = [_note(row, actor) for row in await office.publications.open_drafts() if row["code"] == code]
    current = in_force(office.catalogue.versions(code), _today(office))
    return OpenFile(code, text, draft is not None, current, [note for note in notes if not note.mine])


async def last_text(office: Office, code: str) -> str | None:
    """The file of the newest version: as it was published, or as it came with the system when that is newer."""
    history = await office.publications.history(code)
    versions = office.catalogue.versions(code)
    if history and (not versions or history[0]["version"] >= versions[-1].version):
        return str(history[0]["text"])
    path = packaged_file(code, office.catalogue.folder)
    if path is not None:
        return path.read_text(encoding="utf-8")
    return str(history[0]["text"]) if history else None


async def history(office: Office, actor: ClerkActor, code: str) -> list[dict[str, Any]]:
    """Who published which version when, the newest first."""
    _require(may_read(actor))
    return await office.publications.history(code)


async def text_of_version(office: Office, actor: ClerkActor, code: str, version: int | None) -> str:
    """A published version's file, or what stands there to be edited.

    Raises:
        NotFound: no such version was published.
    """
    if version is None:
        return (await open_file(office, actor, code)).text
    rows = await history(office, actor, code)
    text = next((row["text"] for row in rows if row["version"] == version), None)
    if text is None:
        raise NotFound()
    return str(text)


# --- writing ---------------------------------------------------------------------------------------------------------


async def begin(office: Office, actor: ClerkActor, code: str, kind: str) -> None:
    """A new draft from a skeleton.

    Raises:
        InvalidInput: the code is no code or is taken, or there is no such kind. NotAllowed: not an editor.
    """
    _require(may_edit(actor))
    await office.catalogue.refresh()
    if not is_code(code):
        raise _wrong(
            "/code", "代码由小写字母、数字和短横组成，不超过 64 个字符", "A code has small letters, digits and hyphens, at most 64"
        )
    if office.catalogue.versions(code) or await office.publications.draft(actor.clerk_id, code) is not None:
        raise _wrong("/code", "已有这个代码的事项，请换一个，或直接编辑它", "This code is taken. Choose another, or edit that item")
    try:
        text = skeleton(code, kind, _today(office))
    except LookupError as error:
        raise _wrong("/kind", "请选择一种开头", "Choose what to begin with") from error
    await office.publications.save_draft(actor.clerk_id, code, text, office.now())


def _wrong(path: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(fields=[FieldError(path=path, text=Bilingual(zh=zh, en=en))])


async def save(office: Office, actor: ClerkActor, code: str, text: str) -> None:
    """Keep what an editor wrote, whatever it is.

    Raises:
        InvalidInput: longer than any file may be. NotAllowed: not an editor.
    """
    _require(may_edit(actor))
    if len(text) > MOST_CHARACTERS:
        raise _wrong("/text", f"文件太长，最多 {MOST_CHARACTERS} 字", f"The file is too long: at most {MOST_CHARACTERS} characters")
    await office.publications.save_draft(actor.clerk_id, code, text, office.now())


async def discard(office: Office, actor: ClerkActor, code: str) -> None:
    """Go back to what was published last."""
    _require(may_edit(actor))
    await office.publications.drop_draft(actor.clerk_id, code)


async def check_file(office: Office, actor: ClerkActor, code: str, text: str) -> Checked:
    """As `check`, against every version that is known now."""
    _require(may_read(actor))
    await office.catalogue.refresh()
    return check(text, f"{code}.yaml", office.catalogue.sources, versions_of=office.catalogue.versions, code=code)


def changes_of(office: Office, item: ServiceItem) -> Difference:
    """Against the version that it would follow: the one in force on its first day, else on this day."""
    versions = office.catalogue.versions(item.code)
    others = [version for version in versions if version.version != item.version]
    return difference(in_force(others, item.effective_from) or in_force(versions, _today(office)), item)


async def publish(office: Office, text: str, *, by: str, file: str, code: str | None = None) -> Published:
    """Make a version live in every process.

    Raises:
        CatalogueError: it does not pass the checks, or its number or period does not follow those known.
        WrongState: somebody else published this version at the same moment.
    """
    await office.catalogue.refresh()
    checked = check(text, file, office.catalogue.sources, versions_of=office.catalogue.versions, code=code)
    if (item := checked.item) is None or not checked.may_be_published:
        raise CatalogueError(checked.refusals or checked.before_publishing)
    digest = digest_of(item)
    try:
        await office.publications.publish(item, digest, text, by, office.now())
    except WrongState as error:
        raise WrongState(
            Bilingual(
                zh=f"第 {item.version} 版刚刚已由他人发布。请查看该版本，再把版本号加一。",
                en=f"Version {item.version} was published by somebody else a moment ago. Look at it, then raise the number.",
            )
        ) from error
    await office.catalogue.refresh()
    return Published(item, digest, item.in_force_on(_today(office)))


async def publish_draft(office: Office, actor: ClerkActor, code: str, text: str) -> Published:
    """Publish what this editor confirmed; the draft, now kept as the version's text, is put away.

    Raises:
        NotAllowed: not an editor. Else as `publish`.
    """
    _require(may_edit(actor))
    published = await publish(office, text, by=actor.login, file=f"{code}.yaml", code=code)
    await office.publications.drop_draft(actor.clerk_id, code)
    return published
