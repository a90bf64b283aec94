"""Certificates and printed pages: typeset with typst, sealed with pyHanko (PAdES), verified offline."""

from adapters.documents.authority import AuthorityDamaged, PublicAuthority, open_public
from adapters.documents.office import OfficeDocuments
from adapters.documents.token import DocumentClaims, content_digest, read_token
from adapters.documents.verification import Verifier, verify_file

__all__ = [
    "AuthorityDamaged",
    "DocumentClaims",
    "OfficeDocuments",
    "PublicAuthority",
    "Verifier",
    "content_digest",
    "open_public",
    "read_token",
    "verify_file",
]
