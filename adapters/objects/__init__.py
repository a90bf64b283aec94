"""Clips, uploads and documents in an S3 store."""

from adapters.objects.s3 import S3Objects

__all__ = ["S3Objects"]
