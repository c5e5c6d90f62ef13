"""What users write, checked, with messages in their terms."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable, Mapping

from . import _native


def suggestion(name: object, known: Iterable[object]) -> str:
    """Make ``"; did you mean 'cab'?"`` of the known name that is nearest, or nothing."""
    plain = {_plain(it): str(it) for it in known}
    near = difflib.get_close_matches(_plain(name), list(plain), n=1, cutoff=0.7)
    return f"; did you mean {plain[near[0]]!r}?" if near else ""


def _plain(name: object) -> str:
    return "".join(c for c in str(name).casefold() if c.isalnum())


def names(what: str, given: object) -> list[str]:
    """Take a sequence of names."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"{what} is {given!r}; allowed: a sequence of names, such as ['LAI', 'cab']")
    taken = list(given)
    for name in taken:
        if not isinstance(name, str):
            raise TypeError(f"{what} has {name!r} in it; allowed: names")
    return taken


def text(what: str, given: object) -> str:
    """Take one name."""
    if not isinstance(given, str):
        raise TypeError(f"{what} is {given!r}; allowed: a name")
    return given


def numbers_by_name(what: str, given: object) -> dict[str, float]:
    """Take a mapping of names to numbers."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{what} is {given!r}; allowed: a mapping of names to numbers, such as {{'LAI': 3.0}}")
    return {text(f"a name in {what}", name): number(f"{what}[{name!r}]", value) for name, value in given.items()}


def number(what: str, given: object) -> float:
    """Take one number."""
    if isinstance(given, (str, bytes, bool)):
        raise TypeError(f"{what} is {given!r}; allowed: a number")
    try:
        return float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise TypeError(f"{what} is {given!r}; allowed: a number") from None
    except OverflowError:
        raise ValueError(f"{what} is {given!r}; allowed: a number that a float can hold") from None


def whole(what: str, given: object, least: int, most: int, otherwise: str = "") -> int:
    """Take a whole number of a range."""
    if isinstance(given, bool):
        raise TypeError(f"{what} is {given!r}; allowed: a whole number")
    try:
        taken = operator.index(given)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{what} is {given!r}; allowed: a whole number") from None
    if not least <= taken <= most:
        raise ValueError(f"{what} is {taken}; allowed: {least} to {most}{otherwise}")
    return taken


def threads(given: object) -> int | None:
    """Take a number of threads, or None for one per core."""
    return None if given is None else whole("threads", given, 1, _native.MOST_THREADS, ", or None for one per core")
