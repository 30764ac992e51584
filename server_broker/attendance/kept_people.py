"""Why a person is never deleted, and what to do instead. PostgreSQL refuses it too, whoever tries."""

from server_broker.attendance.models import Touch, WindowRecord
from server_broker.people.models import Binding, HoldingRecord, Person, PersonRecord

INSTEAD = (
    "人走了请办“离开”；姓名、编号、村填错了请改登记；一个人登记了两次，请把卡收回、改给留下的那一个，再给多出的办“离开”"
)


def why_kept(person: Person) -> str:
    """Return in Chinese what the county has of a person, and what to do instead of deleting them."""
    numbers = PersonRecord.objects.filter(subject=person).values("number")
    tokens = Binding.objects.filter(person=person).values("subject__token")
    counts = {
        "次打卡": Touch.objects.filter(card_token__in=tokens).count()
        + Touch.objects.filter(person_number__in=numbers, card_token=b"").count(),
        "条持卡记录": Binding.objects.known().filter(person=person).count(),
        "条任职记录": HoldingRecord.objects.known().filter(subject__person=person).count(),
        "条值班记录": WindowRecord.objects.known().filter(people__contains=[person.pk]).count(),
    }
    has = "、".join(f"{count} {word}" for word, count in counts.items() if count) or "登记记录"
    return f"{person.name}（{person.number}）不能删除，县里有{has}，要作考勤和工资的凭据。{INSTEAD}"
