"""The sample learning pack: one level about emergency numbers, fire, food and what a village must disclose.

It is marked as a sample and reviewed by nobody; the rules in it are public and each names its source.
"""

from protocol.packs import Level, Pack, Question

_ORGANIC_LAW = "《中华人民共和国村民委员会组织法》"
_FIRE_LAW = "《中华人民共和国消防法》"
_NUMBERING = "工业和信息化部《电信网编号计划》"
_WHO = "世界卫生组织《食品安全五大要点》"
_TRUE_FALSE = ["正确", "错误"]

_SINGLE = [
    Question(
        id="fire-number",
        kind="single",
        stem="家里或山上着火了，应该马上拨打哪个电话？",
        options=["119", "114", "122", "10086"],
        answer=[0],
        explanation="119 是全国统一的火警电话。打通后说清地点、烧的是什么、火势大小，并到路口等消防车。",
        source=_NUMBERING,
    ),
    Question(
        id="ambulance-number",
        kind="single",
        stem="有人突然胸口剧痛、说不出话，要叫救护车，应该拨打哪个电话？",
        options=["110", "119", "120", "12315"],
        answer=[2],
        explanation="120 是医疗急救电话。说清病人在哪里、怎么不舒服、多大年纪，不要先挂断。",
        source=_NUMBERING,
    ),
    Question(
        id="government-hotline",
        kind="single",
        stem="想咨询办事政策，或者反映非紧急的诉求，应该拨打哪个电话？",
        options=["110", "12345", "120", "119"],
        answer=[1],
        explanation="12345 是政务服务便民热线，各地的非紧急政务热线都归并到这个号码，全天有人接听。",
        source="国务院办公厅关于优化地方政务服务便民热线的指导意见，2020 年",
    ),
    Question(
        id="cooked-food-hours",
        kind="single",
        stem="做熟的饭菜在室温下放着，最多不要超过多久？",
        options=["2 小时", "6 小时", "12 小时", "24 小时"],
        answer=[0],
        explanation="室温下细菌长得很快，熟食放置不要超过 2 小时，吃不完应及时放进冰箱，再吃时彻底加热。",
        source=_WHO,
    ),
    Question(
        id="finance-monthly",
        kind="single",
        stem="集体财务往来较多的村，财务收支情况应当多久公布一次？",
        options=["每月一次", "每季度一次", "每半年一次", "每年一次"],
        answer=[0],
        explanation="一般事项至少每季度公布一次；集体财务往来较多的，财务收支情况应当每月公布一次。",
        source=_ORGANIC_LAW + "第三十条",
    ),
    Question(
        id="committee-term",
        kind="single",
        stem="村民委员会每届任期几年？",
        options=["三年", "四年", "五年", "六年"],
        answer=[2],
        explanation="村民委员会每届任期五年，届满应当及时举行换届选举。村民委员会成员可以连选连任。",
        source=_ORGANIC_LAW + "第十一条",
    ),
]

_MULTIPLE = [
    Question(
        id="three-disclosures",
        kind="multiple",
        stem="“三务公开”要公开哪三项？",
        options=["党务", "村务", "财务", "家务", "商务"],
        answer=[0, 1, 2],
        explanation="三务是党务、村务、财务。公开要经常化、制度化、规范化，让群众看得到、看得懂。",
        source="中办、国办《关于加强和改进乡村治理的指导意见》，2019 年",
    ),
    Question(
        id="food-keys",
        kind="multiple",
        stem="下面哪些做法属于世界卫生组织提出的“食品安全五大要点”？",
        options=["保持清洁", "生熟分开", "做熟", "剩菜在桌上放过夜"],
        answer=[0, 1, 2],
        explanation="五大要点是：保持清洁，生熟分开，做熟，保持食物的安全温度，使用安全的水和原材料。",
        source=_WHO,
    ),
]

_JUDGED = [
    Question(
        id="blocked-exit",
        kind="true_false",
        stem="楼道和疏散通道平时没人走，可以临时堆放柴草、杂物。",
        options=_TRUE_FALSE,
        answer=[1],
        explanation="任何单位、个人不得占用、堵塞、封闭疏散通道、安全出口、消防车通道，临时堆放也不行。",
        source=_FIRE_LAW + "第二十八条",
    ),
    Question(
        id="rescue-free",
        kind="true_false",
        stem="消防队来救火，不向受灾的单位和个人收取任何费用。",
        options=_TRUE_FALSE,
        answer=[0],
        explanation="国家综合性消防救援队、专职消防队扑救火灾、应急救援，不得收取任何费用。",
        source=_FIRE_LAW + "第四十九条",
    ),
    Question(
        id="major-matters",
        kind="true_false",
        stem="涉及村民利益的重大事项，应当随时公布，不必等到季度末。",
        options=_TRUE_FALSE,
        answer=[0],
        explanation="一般事项至少每季度公布一次，涉及村民利益的重大事项应当随时公布，并接受村民查询。",
        source=_ORGANIC_LAW + "第三十条",
    ),
]

_ORDERED = [
    Question(
        id="four-steps",
        kind="ordering",
        stem="村里的重大事项按“四议”决策，请按先后排出顺序。",
        options=["党员大会审议", "村党组织提议", "村民代表会议决议", "村“两委”会议商议"],
        answer=[1, 3, 0, 2],
        explanation="四议是：村党组织提议，村“两委”会议商议，党员大会审议，村民会议或村民代表会议决议。",
        source="《中国共产党农村基层组织工作条例》，2019 年",
    ),
]


def sample_pack() -> Pack:
    """Return the pack: level ``first`` draws five of its questions, which are of every kind."""
    level = Level(id="first", name="第一关", draw=5, questions=[*_SINGLE, *_MULTIPLE, *_JUDGED, *_ORDERED])
    return Pack(id="sample-common", version=1, title="示例：村里常用知识", sample=True, levels=[level])
