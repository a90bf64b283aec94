"""Keys of stored objects: a kind and a UUID, never anything about a person."""

from uuid import UUID, uuid5


def clip_key(clip_id: UUID) -> str:
    return f"clips/{clip_id}"


def part_key(upload_id: UUID, offset: int, sha256: str) -> str:
    """One key for each content that ever began at an offset: of two that arrive for one place, only one counts."""
    return f"parts/{uuid5(upload_id, f'{offset}:{sha256}')}"


def frame_key(clip_id: UUID, number: int) -> str:
    """Of the clearest moments of a clip, from 0."""
    return f"frames/{uuid5(clip_id, str(number))}"


def material_key(material_id: UUID) -> str:
    return f"materials/{material_id}"


def signature_key(signature_id: UUID) -> str:
    return f"signatures/{signature_id}"


def document_key(document_id: UUID, sha256: str) -> str:
    """One key for each file ever sealed: two attempts at one document differ by their signatures, and only one attempt counts."""
    return f"documents/{uuid5(document_id, sha256)}.pdf"
