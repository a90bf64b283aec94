"""The catalogue as it is packaged, loaded once in a process, for tests that only read it: checking 100 items takes a second and more."""

from functools import cache

from catalogue.loader import Catalogue


@cache
def packaged_catalogue() -> Catalogue:
    return Catalogue()
