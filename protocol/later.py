"""Words of a later version: what a reader does with a value of a closed list that it does not know.

A closed list (``Literal``) may get a new word with a minor change. A message that has one is no malformed message. In a
*fact* the reader takes nothing, keeps it held, and reads it after its own upgrade, because what a fact says must not be
read by halves. In every other message, which tells a latest state, the reader goes on without the word: a field with a
default has its default, an item of a list is left out.
"""

import re
from functools import cache
from types import GenericAlias, UnionType
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

import msgspec

type Plain = Any
"""What `msgspec.msgpack.decode` makes of bytes without a type."""

_ABSENT = object()
_WORD = re.compile(r"[a-z][a-z0-9_.:-]{0,63}", re.ASCII)
"""What a word of a closed list may look like. Any other text is no word of a later version but plainly wrong."""


class LaterWord(Exception):
    """A word that is needed is of a later version."""


def without_later_words(value: Plain, kind: Any) -> Plain:
    """Return ``value`` of a message of type ``kind`` without the words that this version does not know.

    Raises:
        LaterWord: One of them stands where it can't be left out.
    """
    cleaned = _cleaned(value, kind, replace=False)
    if cleaned is _ABSENT:
        raise LaterWord
    return cleaned


def with_known_words(value: Plain, kind: Any) -> Plain:
    """Return ``value`` of type ``kind`` with a known word in place of each unknown one.

    If that can be read and ``value`` cannot, then words of a later version are all that is wrong with it.
    """
    return _cleaned(value, kind, replace=True)


def _cleaned(value: Plain, kind: Any, *, replace: bool) -> Plain:
    """Return ``value`` with its unknown words replaced by known ones or left out, or `_ABSENT` if it goes with one."""
    if isinstance(kind, TypeAliasType):
        return _cleaned(value, kind.__value__, replace=replace)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _cleaned(value, arguments[0], replace=replace)
    if origin is Literal:
        return _word(value, arguments, replace=replace)
    if origin in (Union, UnionType):
        return _of_union(value, arguments, replace=replace)
    if origin in (list, tuple) and isinstance(value, list):
        items = (_cleaned(item, arguments[0], replace=replace) for item in value)
        return [item for item in items if item is not _ABSENT]
    if isinstance(kind, type) and not isinstance(kind, GenericAlias) and issubclass(kind, msgspec.Struct):
        return _of_struct(value, kind, replace=replace)
    return value


def _word(value: Plain, words: tuple[Any, ...], *, replace: bool) -> Plain:
    if not isinstance(value, str) or value in words or not _WORD.fullmatch(value):
        return value
    return words[0] if replace else _ABSENT


def _of_union(value: Plain, kinds: tuple[Any, ...], *, replace: bool) -> Plain:
    """Clean by the one kind that is not None; a union of closed lists is one list of all their words."""
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    words = [_words(kind) for kind in kinds]
    if all(words):
        return _word(value, tuple(word for some in words for word in some), replace=replace)
    return _cleaned(value, kinds[0], replace=replace) if len(kinds) == 1 and value is not None else value


def _words(kind: Any) -> tuple[Any, ...]:
    while isinstance(kind, TypeAliasType):
        kind = kind.__value__
    return get_args(kind) if get_origin(kind) is Literal else ()


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _of_struct(value: Plain, kind: type[msgspec.Struct], *, replace: bool) -> Plain:
    fields = _fields(kind)
    if kind.__struct_config__.array_like:
        if not isinstance(value, list):
            return value
        items = [_cleaned(item, field.type, replace=replace) for item, field in zip(value, fields, strict=False)]
        # An array can't leave out what stands in its middle.
        return _ABSENT if _ABSENT in items else [*items, *value[len(items) :]]
    if not isinstance(value, dict):
        return value
    cleaned = dict(value)
    for field in fields:
        if field.encode_name not in value:
            continue
        of_field = _cleaned(value[field.encode_name], field.type, replace=replace)
        if of_field is not _ABSENT:
            cleaned[field.encode_name] = of_field
        elif field.required:
            return _ABSENT
        else:
            del cleaned[field.encode_name]
    return cleaned
