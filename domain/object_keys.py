"""Keys of stored objects: a kind and a UUID, never anything about a person."""

from uuid import UUID


def clip_key(clip_id: UUID) -> str:
    return f"clips/{clip_id}"


def material_key(material_id: UUID) -> str:
    return f"materials/{material_id}"


def document_key(document_id: UUID) -> str:
    return f"documents/{document_id}.pdf"
