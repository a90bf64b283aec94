"""`onetrip audit`: the record sealed, exported, and held against what was published."""

from pathlib import Path
from typing import Annotated

import typer

from domain.record_checks import Finding, Verification

app = typer.Typer(no_args_is_help=True, help="The record: sealed, exported, and verified against what was published.")
WHOLE, WRONG, UNREADABLE = 0, 1, 2


@app.command()
def seal() -> None:
    """Vouch for everything that was entered up to now, with a signed head."""
    from casework import record
    from casework.office import Office
    from casework.responsible import Operator
    from commands.running import with_office

    async def use(office: Office) -> None:
        for signed in await record.seal(office, Operator.here()):
            head = signed.head
            print(f"第 {head.number} 期日签：{head.chains} 条链，{head.entries} 个条目")
            print(f"head {head.number} of {head.day}: {head.chains} chains, {head.entries} entries, root {head.root}")

    with_office(use)


@app.command()
def heads(file: Annotated[Path, typer.Argument(help="Where to: one signed head a line")]) -> None:
    """Write the published heads to a file, for whoever keeps them elsewhere."""
    from casework import record
    from casework.office import Office
    from commands.running import with_office

    async def use(office: Office) -> None:
        cursor, written = "", 0
        with file.open("w", encoding="ascii") as out:
            while True:
                page = await record.published_heads(office, cursor, limit=1000)
                out.writelines(f"{head.jws}\n" for head in page.items)
                written += len(page.items)
                if page.next_cursor is None:
                    break
                cursor = page.next_cursor
        print(f"{file}: {written} 期日签 / {written} heads")

    with_office(use)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to: JSON lines")],
    until: Annotated[int | None, typer.Option(min=1, help="The last head that shall vouch for it; default: the newest")] = None,
    tail: Annotated[bool, typer.Option("--tail", help="Also what was entered since, which nothing vouches for yet")] = False,
) -> None:
    """Write the record to a file, as far as a head vouches for it."""
    from casework import record
    from casework.office import Office
    from casework.responsible import Operator
    from commands.running import with_office

    async def use(office: Office) -> None:
        lines_written = 0
        with file.open("wb") as out:
            async for lines in record.export(office, Operator.here(), until=until, tail=tail):
                out.writelines(lines)
                lines_written += len(lines)
        print(f"{file}: {lines_written} 行 / lines")

    with_office(use)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="An export")],
    heads: Annotated[str, typer.Option(help="Published heads: a file, or the address of /v1/record/heads")],
    key: Annotated[Path, typer.Option(help="The office's public key: token-key.json of its public folder, or /v1/record/keys")],
    until: Annotated[int | None, typer.Option(min=1, help="Only as far as this head; default: the newest published")] = None,
) -> None:
    """Tell whether an export is what was published: 0 whole, 1 altered (what and where is said), 2 something cannot be read.

    Needs no database and no secret.
    """
    from adapters.heads import HeadKeys, KeysUnreadable
    from commands.published import HeadsUnreadable, read_heads
    from domain.record_checks import RecordCheck, check_heads

    try:
        keys, tokens = HeadKeys.of_file(key), read_heads(heads)
    except (OSError, KeysUnreadable, HeadsUnreadable) as error:
        print(error)
        raise typer.Exit(UNREADABLE) from None
    if not file.is_file():
        print(f"There is no file {file}")
        raise typer.Exit(UNREADABLE)
    signed, forged = check_heads(tokens, keys)
    check = RecordCheck(signed, until=until)
    with file.open("rb") as lines:
        check.feed(lines)
    found = check.finish()
    for finding in forged:
        found.add(finding)
    print("\n".join(told(found)))
    raise typer.Exit(WHOLE if found.whole else WRONG)


@app.command()
def check() -> None:
    """Hold the tables themselves against the record, and the sealed decisions against the digests in it; 1 when anything differs."""
    from commands.running import with_wiring
    from wiring import Wiring

    async def use(wiring: Wiring) -> int:
        from adapters.database.record_audit import RecordAudit

        audit = RecordAudit(wiring.database)
        wrong = 0
        async for difference in audit.differences():
            wrong += 1
            print(f"{difference.text.zh} / {difference.text.en}: {difference.where}")
        print(
            f"已核对 {audit.rows} 行、{audit.decisions} 件的决定 / {audit.rows} rows and the decisions of {audit.decisions} cases checked"
        )
        print("一致 / they agree" if not wrong else f"{wrong} 处不一致 / {wrong} differences")
        return WRONG if wrong else WHOLE

    with_wiring(use)


def told(found: Verification) -> list[str]:
    """The result in lines, Chinese and English."""
    lines = [line for finding in found.findings for line in _told(finding)]
    if found.found > len(found.findings):
        lines.append(f"…… 共 {found.found} 处 / {found.found} findings in all")
    lines.append(f"{found.entries} 个条目，{found.chains} 条链，{found.heads} 期日签")
    lines.append(f"{found.entries} entries in {found.chains} chains, {found.heads} heads")
    if found.unvouched:
        lines.append(f"其中 {found.unvouched} 个在最后一期日签之后，尚无日签为其作证")
        lines.append(f"{found.unvouched} of them came after the last head: not yet vouched for")
    zh, en = ("完整，未被改动", "whole: nothing was altered") if found.whole else ("已被改动", "NOT what was published")
    return [*lines, f"{zh} / {en}"]


_FAULTS = {"altered": "改动", "deleted": "删除", "reordered": "换序", "inserted": "插入", "truncated": "截断"}


def _told(finding: Finding) -> list[str]:
    places = [
        *([f"{finding.chain}"] if finding.chain is not None else []),
        *([f"#{finding.seq}"] if finding.seq is not None else []),
        *([f"head {finding.head}"] if finding.head is not None and finding.chain is None else []),
        *([f"line {finding.line}"] if finding.line is not None else []),
    ]
    where = " ".join(places)
    return [f"{_FAULTS[finding.fault]}  {where}  {finding.text.zh}", f"{finding.fault.value.upper()}  {where}  {finding.text.en}"]
