"""Certificates and printed pages: their content, and what verifying one answers."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from domain.text import Bilingual


class DocumentField(BaseModel):
    label: Bilingual
    value: str
    value_en: str | None = None


class DocumentTable(BaseModel):
    columns: list[Bilingual]
    rows: list[list[str]]


class DocumentText(BaseModel):
    """What a document says of one case; `unfilled` counts the sentences that were left out because a fact is missing."""

    statement: list[Bilingual]
    fields: list[DocumentField]
    table: DocumentTable | None
    unfilled: int = 0


class DocumentContent(BaseModel):
    """All that a template prints. `number` is the public number that verifies; it holds no personal data."""

    number: str
    template: str  # a file of adapters/documents/templates, e.g. `certificate` or `household-page`
    title: Bilingual
    office: Bilingual
    issued_at: datetime
    fields: list[DocumentField]
    statement: list[Bilingual] = []
    table: DocumentTable | None = None
    verify_url: str


class SealedDocument(BaseModel):
    """A PDF with a PAdES signature of the office; `sha256` is of `pdf`, hex."""

    pdf: bytes
    sha256: str


class SealVerdict(BaseModel):
    """What `onetrip verify` and the public page say of a file.

    `revoked` is said online only: the seal is ours and the file unchanged, but the certificate no longer counts.
    """

    result: Literal["genuine", "altered", "not-ours", "not-a-pdf", "unsealed", "revoked"]
    number: str | None = None
    issued_at: datetime | None = None
    office: str | None = None
    text: Bilingual
