"""The identity check: a clip of a person reading a code, against the portrait on file."""

from adapters.biometrics.verifier import ClipVerifier

__all__ = ["ClipVerifier"]
