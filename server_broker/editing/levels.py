"""The levels of a bank in the making: added, renamed, moved, taken away."""

import secrets

from protocol.packs import MAX_DRAW, MAX_LEVELS, MIN_DRAW
from protocol.units import MAX_SHORT_TEXT
from server_broker.content.bank import level_id, tidy
from server_broker.editing.changing import Editor, NotChanged, changing, place_at_end
from server_broker.editing.models import BankDraft, DraftLevel


def add_level(draft: BankDraft, name: str, by: Editor) -> DraftLevel:
    """Add a level at the end.

    Raises:
        NotChanged: Its name is empty or taken, or there are enough.
    """
    with changing(draft, by):
        return level_at_end(draft, _level_name(draft, name), MIN_DRAW)


def change_level(level: DraftLevel, name: str, draw: int, by: Editor) -> None:
    """Rename a level, and change how many questions a run asks.

    Raises:
        NotChanged: Its name is empty or taken, or nobody can be asked so many.
    """
    if not MIN_DRAW <= draw <= MAX_DRAW:
        raise NotChanged(f"每次抽 {MIN_DRAW} 到 {MAX_DRAW} 题")
    with changing(level.draft, by):
        if level.name != name:
            name = _level_name(level.draft, name)
        DraftLevel.objects.filter(pk=level.pk).update(name=name, draw=draw)


def move_level_up(level: DraftLevel, by: Editor) -> None:
    """Let people reach a level before the one that stood before it. The first one stays the first.

    Raises:
        NotChanged: The bank waits for a second person.
    """
    with changing(level.draft, by) as draft:
        levels = list(draft.levels.all())
        place = next((number for number, one in enumerate(levels) if one.pk == level.pk), 0)
        if place:
            levels[place - 1 : place + 1] = levels[place], levels[place - 1]
        for number, one in enumerate(levels):
            one.place = number
        DraftLevel.objects.bulk_update(levels, ["place"])


def drop_level(level: DraftLevel, by: Editor) -> None:
    """Take an empty level away.

    Raises:
        NotChanged: It has questions.
    """
    with changing(level.draft, by):
        if level.questions.exists():
            raise NotChanged("这一关还有题，请先把题移到别的关或者删掉")
        level.delete()


def level_at_end(draft: BankDraft, name: str, draw: int, *, ident: str = "") -> DraftLevel:
    """Add a level in the caller's change, with a name that is free.

    Args:
        ident: The id that it should have, if that is free.

    Raises:
        NotChanged: There are enough.
    """
    rows = draft.levels
    if rows.count() >= MAX_LEVELS:
        raise NotChanged(f"一个题库最多 {MAX_LEVELS} 关")
    wanted = ident or level_id(name)
    while rows.filter(ident=wanted).exists():
        # A level was renamed since, and keeps what people have reached in it.
        wanted = f"l-{secrets.token_hex(6)}"
    return DraftLevel.objects.create(draft=draft, ident=wanted, name=name, draw=draw, place=place_at_end(rows))


def _level_name(draft: BankDraft, name: str) -> str:
    name = tidy(name)
    if not 0 < len(name) <= MAX_SHORT_TEXT:
        raise NotChanged(f"关的名称要有 1 到 {MAX_SHORT_TEXT} 个字")
    if draft.levels.filter(name=name).exists():
        raise NotChanged(f"已有一关叫“{name}”")
    return name
