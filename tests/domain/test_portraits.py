"""A portrait on its way to one look can be opened by that look and by nothing else."""

import base64

import pytest

from domain.portraits import OneLook, seal_for

PICTURE = b"\xff\xd8\xff a portrait"


def test_the_look_that_asked_opens_what_was_sealed_for_it() -> None:
    look = OneLook()
    assert look.open(seal_for(look.public, PICTURE)) == PICTURE


def test_another_look_does_not() -> None:
    with pytest.raises(ValueError, match="another look"):
        OneLook().open(seal_for(OneLook().public, PICTURE))


def test_what_was_altered_on_the_way_does_not_open() -> None:
    look = OneLook()
    sealed = bytearray(base64.b64decode(seal_for(look.public, PICTURE)))
    sealed[-1] ^= 1
    with pytest.raises(ValueError, match="another look"):
        look.open(base64.b64encode(sealed).decode())


def test_the_same_portrait_is_never_sealed_the_same_way_twice() -> None:
    look = OneLook()
    sealed = {seal_for(look.public, PICTURE) for _ in range(3)}
    assert len(sealed) == 3 and all(PICTURE not in base64.b64decode(one) for one in sealed)
