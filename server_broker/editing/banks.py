"""Question banks in the making as wholes: begun, filled from files, judged, handed over, and given up."""

import datetime as dt
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode
from protocol.packs import MAX_DRAW, MAX_LEVELS, MAX_OPTIONS, MIN_DRAW, Question, read_pack
from protocol.units import MAX_SHORT_TEXT, is_file_name
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, WrittenPack
from server_broker.bundles.written_packs import PackDraft, PackFile, next_version, write_pack
from server_broker.content.bank import Bank, BankLevel, bank_of, level_id, pack_of, question_id, tidy
from server_broker.content.files import open_bank
from server_broker.content.gathering import Outcome
from server_broker.content.gift_reading import FIRST_LEVEL
from server_broker.content.lint import Finding, by_question, lint
from server_broker.content.text_files import FileRefused
from server_broker.dated.days import end_of
from server_broker.editing.changing import Editor, NotChanged, changing, place_at_end
from server_broker.editing.models import BankDraft, DraftFile, DraftLevel, DraftQuestion
from server_broker.editing.questions import LONGEST_FIELD, MOST_QUESTIONS, Judged, check_room, judged
from server_broker.guard.contents import Texts, find_in_texts
from server_broker.guard.county import county_for
from server_broker.guard.telling import told
from server_broker.learning.keepers import keepers
from server_broker.regions.models import Region, subtree_prefix
from server_broker.sheets.reading import MAX_FILE_BYTES

NO_LEVEL = "没有写是哪一关的题"


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What a bank says of itself."""

    title: str
    owner: str
    review_by: dt.date | None
    sample: bool


@dataclass(slots=True)
class Taken:
    """What a file brought into a bank."""

    good: int = 0
    to_mend: int = 0
    """Questions that came in and must be mended."""
    renewed: int = 0
    """Those of both that the bank had before, by their ids: the file's take their place."""
    lost: list[str] = field(default_factory=list)
    """In Chinese what did not come in, with its line."""


@dataclass
class Looked:
    """A bank as a whole: its questions, each judged, and what must or should be looked at."""

    levels: list[tuple[DraftLevel, list[DraftQuestion]]]
    bank: Bank
    judged: dict[int, Judged]
    """By the key of the question's row."""
    findings: list[Finding]
    kept_back: dict[str, str]
    """By a question's id, in Chinese, what of it must not be published."""

    @cached_property
    def to_mend(self) -> int:
        """How many questions are none yet, or must not go out as they are."""
        return sum(bool(self.why_not(one)) for one in self.judged.values())

    def why_not(self, judged: Judged) -> list[str]:
        """Return in Chinese why a question must be mended."""
        if judged.question is None:
            return list(judged.reasons)
        stops = [one.says for one in self.of(judged.question) if one.severity == "stops"]
        kept_back = self.kept_back.get(judged.question.id)
        return [*stops, kept_back] if kept_back is not None else stops

    @property
    def stops(self) -> list[str]:
        """What keeps the bank from being handed over, beside single questions."""
        return [finding.says for finding in self.findings if finding.severity == "stops" and not finding.question]

    def of(self, question: Question) -> list[Finding]:
        """Return what is to be looked at in a question."""
        return self._by_question.get(question.id, [])

    @cached_property
    def _by_question(self) -> dict[str, list[Finding]]:
        return by_question(self.findings)

    @property
    def may_go(self) -> bool:
        """Whether nothing keeps it from being handed over."""
        return not self.to_mend and all(finding.severity != "stops" for finding in self.findings)


def begin(region: Region, head: Head, by: Editor) -> BankDraft:
    """Begin a bank with one empty level.

    Raises:
        NotChanged: It has no title.
    """
    _check_head(head)
    with transaction.atomic():
        draft = BankDraft.objects.create(
            region=region,
            pack=_new_id(),
            title=head.title,
            sample=head.sample,
            owner=head.owner,
            review_by=head.review_by,
            made_by=by.name,
            made_at=by.now,
            changed_by=by.name,
            changed_at=by.now,
            editors=[by.name],
        )
        add_level(draft, FIRST_LEVEL, by)
    return draft


def begin_from(bundle: Bundle, region: Region, by: Editor, *, folder: BundleFolder) -> BankDraft:
    """Begin with what is published, as its next version.

    Raises:
        NotChanged: Somebody works on it already, or its files are gone.
    """
    if BankDraft.objects.filter(pack=bundle.bundle).exists():
        raise NotChanged("已经有人在改这个题库，请在“题库编写”里打开它")
    if not folder.has(bytes(bundle.sha256)):
        raise NotChanged("县里没有这一版的文件了，请重新导入题目")
    payload = folder.path(bytes(bundle.sha256)).read_bytes()
    bank = bank_of(read_pack(decode(payload, BundleDocument, limit=MAX_BUNDLE_BYTES).content))
    keeper = keepers().filter(pack=bundle.bundle).first()
    with transaction.atomic():
        draft = BankDraft.objects.create(
            region=region,
            pack=bank.id,
            title=bank.title,
            sample=bank.sample,
            owner=keeper.owner if keeper is not None else "",
            review_by=keeper.review_by if keeper is not None else None,
            made_by=by.name,
            made_at=by.now,
            changed_by=by.name,
            changed_at=by.now,
        )
        for place, level in enumerate(bank.levels):
            row = DraftLevel.objects.create(draft=draft, ident=level.id, name=level.name, draw=level.draw, place=place)
            DraftQuestion.objects.bulk_create(
                _row_of(question, row, number) for number, question in enumerate(level.questions)
            )
        DraftFile.objects.bulk_create(
            DraftFile(
                draft=draft,
                name=item.name,
                media_type=item.media_type,
                content=folder.path(bytes(item.sha256)).read_bytes(),
            )
            for item in bundle.items.all()
        )
    return draft


def change_head(draft: BankDraft, head: Head, by: Editor) -> None:
    """Change what a bank says of itself.

    Raises:
        NotChanged: It has no title, or waits for a second person.
    """
    _check_head(head)
    with changing(draft, by) as row:
        row.title, row.owner, row.review_by, row.sample = head.title, head.owner, head.review_by, head.sample


def add_level(draft: BankDraft, name: str, by: Editor) -> DraftLevel:
    """Add a level at the end.

    Raises:
        NotChanged: Its name is empty or taken, or there are enough.
    """
    name = _level_name(draft, name)
    with changing(draft, by):
        return _level_at_end(draft, name, MIN_DRAW)


def change_level(level: DraftLevel, name: str, draw: int, by: Editor) -> None:
    """Rename a level, and change how many questions a run asks.

    Raises:
        NotChanged: Its name is empty or taken, or nobody can be asked so many.
    """
    if level.name != name:
        name = _level_name(level.draft, name)
    if not MIN_DRAW <= draw <= MAX_DRAW:
        raise NotChanged(f"每次抽 {MIN_DRAW} 到 {MAX_DRAW} 题")
    with changing(level.draft, by):
        DraftLevel.objects.filter(pk=level.pk).update(name=name, draw=draw)


def drop_level(level: DraftLevel, by: Editor) -> None:
    """Take an empty level away.

    Raises:
        NotChanged: It has questions.
    """
    with changing(level.draft, by):
        if level.questions.exists():
            raise NotChanged("这一关还有题，请先把题移到别的关或者删掉")
        level.delete()


def take_file(draft: BankDraft, name: str, content: bytes, by: Editor, *, begins: bool = False) -> Taken:
    """Take the questions of a file into a bank, right ones and wrong ones. The caller holds a seat for reading.

    Args:
        name: The file's name. Its ending says what it is.
        begins: The bank begins with it, so that its word on keeper and review goes before a form's first guess.

    Raises:
        NotChanged: Nothing of it can be read, or there is no room for all of it.
    """
    if len(content) > MAX_FILE_BYTES:
        raise NotChanged(f"文件超过 {MAX_FILE_BYTES // 2**20} MB，请分成几个文件")
    with tempfile.TemporaryDirectory(prefix="cunhui-bank-") as folder:
        path = Path(folder) / f"bank{Path(name).suffix.lower()[:8]}"
        path.write_bytes(content)
        try:
            file = open_bank(path)
            outcomes = list(islice(file.outcomes, MOST_QUESTIONS + 1))
        except FileRefused as refused:
            raise NotChanged(str(refused)) from refused
    if len(outcomes) > MOST_QUESTIONS:
        raise NotChanged(f"文件里的题太多，一次最多 {MOST_QUESTIONS:,} 题，请分成几个文件")
    bank = file.bank()
    taken = Taken(lost=[*map(str, file.problems), *file.notes])
    with changing(draft, by) as row:
        check_room(row, sum(1 for one in outcomes if _has_text(one)))
        if begins or not row.owner:
            row.owner = bank.owner or row.owner
        if begins or row.review_by is None:
            row.review_by = bank.review_by or row.review_by
        row.sample = row.sample or bank.sample
        _take(row, outcomes, bank.levels, taken)
    return taken


def look(draft: BankDraft, *, today: dt.date) -> Looked:
    """Judge every question of a bank, and the bank as a whole."""
    files = set(draft.files.values_list("name", flat=True))
    found: dict[int, Judged] = {}
    levels, good_levels = [], []
    for level in draft.levels.prefetch_related("questions"):
        rows = list(level.questions.all())
        levels.append((level, rows))
        found |= {row.pk: judged(row, files=files) for row in rows}
        good = tuple(one for row in rows if (one := found[row.pk].question) is not None)
        good_levels.append(BankLevel(level.ident, level.name, level.draw, good))
    bank = Bank(draft.pack, draft.title, tuple(good_levels), draft.sample, draft.owner, draft.review_by)
    county = county_for([subtree_prefix(draft.region.code)])
    kept_back = {
        question.id: told(guarded)
        for question in bank.questions()
        if (guarded := find_in_texts(_texts(question), county))
    }
    return Looked(levels, bank, found, lint(bank, today=today), kept_back)


def _texts(question: Question) -> list[Texts]:
    return [
        ("题目", question.stem),
        *(("选项", option) for option in question.options),
        ("解释", question.explanation),
        ("出处", question.source),
    ]


def hand_over(draft: BankDraft, *, last_day: dt.date, by: Editor) -> WrittenPack:
    """Hand a bank over to a second person, as the next version of its pack.

    Raises:
        NotChanged: Something in it must be mended first, or it could not be published.
    """
    with changing(draft, by) as row:
        looked = look(row, today=timezone.localdate(by.now))
        if not looked.may_go:
            stopping = [f"还有 {looked.to_mend} 题要改"] if looked.to_mend else []
            stopping += [*looked.kept_back.values(), *looked.stops][:3]
            raise NotChanged("；".join(stopping))
        _name_for_good(row, looked)
        version = next_version(row.pack)[1]
        try:
            row.written = write_pack(
                PackDraft(
                    pack=pack_of(looked.bank, version=version),
                    files={
                        file.name: PackFile(file.media_type, bytes(file.content)) for file in row.files.order_by("name")
                    },
                    owner=row.owner,
                    review_by=row.review_by,
                    editors=row.editors,
                    not_after=end_of(last_day),
                ),
                region=row.region,
                actor=by.name,
                at=by.now,
            )
        except NotPublished as refused:
            raise NotChanged(str(refused)) from refused
        return row.written


def _name_for_good(draft: BankDraft, looked: Looked) -> None:
    """Keep the ids that questions got by what they ask: mended later, each is still the same question."""
    unnamed = list(DraftQuestion.objects.filter(level__draft=draft, ident=""))
    for row in unnamed:
        question = looked.judged[row.pk].question
        assert question is not None
        row.ident = question.id
    DraftQuestion.objects.bulk_update(unnamed, ["ident"])


def give_up(draft: BankDraft, by: Editor) -> None:
    """Delete a bank in the making. What was published of it stays.

    Raises:
        NotChanged: It waits for a second person.
    """
    with transaction.atomic():
        with changing(draft, by):
            pass
        BankDraft.objects.filter(pk=draft.pk).delete()


def _check_head(head: Head) -> None:
    if not 0 < len(head.title) <= MAX_SHORT_TEXT:
        raise NotChanged(f"题库要有名称，最多 {MAX_SHORT_TEXT} 个字")
    if len(head.owner) > MAX_SHORT_TEXT:
        raise NotChanged(f"负责人最多写 {MAX_SHORT_TEXT} 个字")


def _new_id() -> str:
    # Not by the title: two townships may both write a bank of that name.
    return f"b-{secrets.token_hex(6)}"


def _level_name(draft: BankDraft, name: str) -> str:
    name = tidy(name)
    if not 0 < len(name) <= MAX_SHORT_TEXT:
        raise NotChanged(f"关的名称要有 1 到 {MAX_SHORT_TEXT} 个字")
    if draft.levels.filter(name=name).exists():
        raise NotChanged(f"已有一关叫“{name}”")
    return name


def _level_at_end(draft: BankDraft, name: str, draw: int, *, ident: str = "") -> DraftLevel:
    rows = draft.levels
    if rows.count() >= MAX_LEVELS:
        raise NotChanged(f"一个题库最多 {MAX_LEVELS} 关")
    wanted = ident or level_id(name)
    while rows.filter(ident=wanted).exists():
        # A level was renamed since, and keeps what people have reached in it.
        wanted = f"l-{secrets.token_hex(6)}"
    return DraftLevel.objects.create(draft=draft, ident=wanted, name=name, draw=draw, place=place_at_end(rows))


def _has_text(outcome: Outcome) -> bool:
    draft = outcome.draft
    return outcome.question is not None or (draft is not None and bool(draft.stem or any(draft.options)))


def _take(draft: BankDraft, outcomes: Sequence[Outcome], levels: Iterable[BankLevel], taken: Taken) -> None:
    known = {level.name: level for level in draft.levels.all()}
    listed = {level.name: level for level in levels}
    only = next(iter(known.values())) if len(known) == 1 else None
    if only is not None and outcomes and not only.questions.exists():
        # The level with which each bank begins gives way to those of the file.
        only.delete()
        known = {}
    had = {
        row.ident or question_id(tidy(row.stem), [tidy(option) for option in row.options]): row
        for row in DraftQuestion.objects.filter(level__draft=draft)
    }
    rows: list[DraftQuestion] = []
    places: dict[int, int] = {}
    for outcome in outcomes:
        if not _has_text(outcome):
            reasons = "；".join(refusal.says for refusal in outcome.refusals)
            taken.lost.append(f"第 {outcome.line} 行：{reasons}")
            continue
        name = (tidy(outcome.level) or NO_LEVEL)[:MAX_SHORT_TEXT]
        if name not in known:
            of_file = listed.get(name)
            draw, ident = (of_file.draw, of_file.id) if of_file is not None else (MIN_DRAW, "")
            known[name] = _level_at_end(draft, name, min(draw, MAX_DRAW), ident=ident)
        level = known[name]
        if level.pk not in places:
            places[level.pk] = place_at_end(level.questions)
        row = _row_of_outcome(outcome, level, places[level.pk])
        before = had.pop(outcome.id, None) if outcome.id else None
        if before is not None:
            row.pk, row.revision = before.pk, before.revision + 1
            row.place = before.place if before.level_id == level.pk else row.place
            row.save(force_update=True)
            taken.renewed += 1
        else:
            rows.append(row)
        places[level.pk] = max(places[level.pk], row.place + 1)
        taken.good += outcome.question is not None
        taken.to_mend += outcome.question is None
    DraftQuestion.objects.bulk_create(rows)


def _row_of_outcome(outcome: Outcome, level: DraftLevel, place: int) -> DraftQuestion:
    if outcome.question is not None:
        row = _row_of(outcome.question, level, place)
        row.said = list(outcome.notes)
        return row
    draft = outcome.draft
    assert draft is not None
    cut = [option[:LONGEST_FIELD] for option in draft.options[:MAX_OPTIONS]]
    return DraftQuestion(
        level=level,
        place=place,
        ident=draft.id if is_file_name(draft.id) else "",
        kind=draft.kind or "",
        stem=draft.stem[:LONGEST_FIELD],
        options=cut,
        answer=[number for number in draft.answer if 0 <= number < len(cut)],
        explanation=draft.explanation[:LONGEST_FIELD],
        source=draft.source[:LONGEST_FIELD],
        picture=draft.picture if is_file_name(draft.picture) else "",
        sound=draft.sound if is_file_name(draft.sound) else "",
        said=[f"文件第 {outcome.line} 行：{refusal.says}" for refusal in outcome.refusals] + list(outcome.notes),
    )


def _row_of(question: Question, level: DraftLevel, place: int) -> DraftQuestion:
    return DraftQuestion(
        level=level,
        place=place,
        ident=question.id,
        kind=question.kind,
        stem=question.stem,
        options=list(question.options),
        answer=list(question.answer),
        explanation=question.explanation,
        source=question.source,
        picture=question.picture or "",
        sound=question.sound or "",
    )
