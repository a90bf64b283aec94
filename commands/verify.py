"""`onetrip verify FILE`: whether a PDF is a certificate of this office, with no network."""

from pathlib import Path

import typer


def verify(file: Path, public: Path | None = None) -> None:
    """`public`: the folder with the office's public root and key; by default this installation's."""
    from adapters.documents import AuthorityDamaged, verify_file
    from settings import load_settings

    if not file.is_file():
        print(f"There is no file {file}")
        raise typer.Exit(2)
    folder = public or load_settings().onetrip_home / "authority" / "public"
    if not folder.is_dir():
        print(f"{folder} does not exist: give the office's public folder with --public")
        raise typer.Exit(2)
    try:
        verdict = verify_file(file, folder)
    except AuthorityDamaged:
        print(f"{folder} is incomplete: it must hold the office's root certificate and token key")
        raise typer.Exit(2) from None
    print(verdict.text.zh)
    print(verdict.text.en)
    if verdict.number:
        print(f"{verdict.number}  {verdict.issued_at:%Y-%m-%d %H:%M %Z}  {verdict.office}")
    raise typer.Exit(0 if verdict.result == "genuine" else 1)
