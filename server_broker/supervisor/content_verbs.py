"""The command line of the verbs that publish content for stations, and the forms of the files that they read."""

import argparse
import datetime as dt
from collections.abc import Callable

from server_broker.platform.home import CountyHome

type Verb = Callable[[CountyHome, argparse.Namespace], int]
"""Does a verb and returns the exit status."""
type Add = Callable[..., argparse.ArgumentParser]
"""Adds a verb: its name, the verb, its help, and the Chinese name of each positional argument."""

_BUNDLE_FORM = """清单是一个 JSON 文件，例如：
{
  "id": "guide-2027",
  "kind": "library",
  "title": "示例资料",
  "regions": ["990101000000"],
  "until": "2027-06-30",
  "items": [{"name": "示例手册.pdf"}, {"name": "示例图.jpg"}]
}

id       内容编号，撤回时也用它；同一编号再发布就是新的一版
kind     library 资料，clips 语音
regions  发给哪里：县、镇或村的 12 位区划代码，可写多个
until    用到哪天，含这一天
items    附件，放在清单旁边；可加 size、sha256 核对，可加 media_type 写明类型
night    不写是 true，等夜间时段再取；要马上取就写 false
types    只给哪几类人看，不写就是所有人
"""
_DOCUMENTS_FORM = """每个工作表是一份，第一列写这一行是什么：

标题 所属期 公布日期 来源 类别   第二列写内容；所属期像 2026-11
小标题 段落                     第二列写文字
图片                            第二列写文件名，第三列写图上是什么；图片放在 Excel 文件旁边
表头                            从第二列起写每列的名字；最后一列可以叫“明细”
列类型                          文字、金额、数量 或 日期；金额按元写，最多两位小数
行 合计                         从第二列起写内容；“明细”列写另一个工作表的名字

合计与各项不符就不发布。现在发布的都标“示例”。
"""
_PACK_FORM = """学习包是一个 JSON 文件（或同样内容的 MessagePack 文件），例如：
{
  "id": "sample", "version": 1, "title": "示例题库",
  "levels": [{
    "id": "l1", "name": "第一关", "draw": 5,
    "questions": [{
      "id": "q1", "kind": "single", "stem": "示例题目？", "options": ["对", "错"],
      "answer": [0], "explanation": "示例解释。", "source": "示例来源"
    }]
  }]
}

version  版本，改了内容或发给的地方就要加大
draw     每次抽几题，5 到 10；questions 每关至少 5 题，也不少于 draw
kind     single 单选，multiple 多选，true_false 判断，ordering 排序
answer   正确选项的序号，从 0 数起；排序题按先后写全
picture、sound  题目的图片和声音的文件名，可不写
"""


def add_content_verbs(add: Add, with_models: Callable[[str], Verb], file: str) -> None:
    """Add the verbs that publish content for stations, show what is on their shelves, and take it back.

    Args:
        add: Adds a verb by its name, what it does and its help.
        with_models: Returns what does a verb of this name (`server_broker.supervisor.bundles_cli`).
        file: The help of a verb's file.
    """
    pack = add("publish-pack", with_models("publish-pack"), "给学习包签名并发布，发给所有站点或一个镇、村", file=file)
    pack.formatter_class = argparse.RawDescriptionHelpFormatter
    pack.epilog = _PACK_FORM
    pack.add_argument("--items", default="", metavar="文件夹", help="题目的图片和声音在哪里（不写就是学习包旁边）")
    starter = add(
        "publish-starter", with_models("publish-starter"), "发布四个示例学习包：村委会组织法、反诈、用药、防汛"
    )
    starter.set_defaults(items="")
    for one in (pack, starter):
        one.add_argument("--until", type=_day, metavar="日期", help="用到哪天，例如 2027-06-30（不写就是一年）")
        one.add_argument(
            "--to", action="append", metavar="区划代码", help="只发给这个县、镇或村，可写多次（不写就是所有站点）"
        )
    listed = add("publish-bundle", with_models("publish-bundle"), "发布一份资料：清单和它旁边的文件", file=file)
    listed.formatter_class = argparse.RawDescriptionHelpFormatter
    listed.epilog = _BUNDLE_FORM
    documents = add(
        "publish-documents",
        with_models("publish-documents"),
        "发布公示或资料：一个 Excel 文件和它旁边的图片",
        file=file,
    )
    documents.formatter_class = argparse.RawDescriptionHelpFormatter
    documents.epilog = _DOCUMENTS_FORM
    documents.add_argument("--id", required=True, metavar="内容编号", help="撤回时也用它；同一编号再发布就是新的一版")
    documents.add_argument(
        "--kind",
        choices=("disclosure", "library"),
        default="disclosure",
        help="disclosure 公示（不写就是），library 资料",
    )
    documents.add_argument("--to", required=True, metavar="区划代码", help="发给哪个县、镇或村")
    documents.add_argument(
        "--written-by",
        required=True,
        metavar="谁写的",
        help="写的人；运行命令的人看过再发布，不能是同一个人。命令查不了这个人是谁，只照写的记入审计",
    )
    documents.add_argument("--until", type=_day, required=True, metavar="日期", help="用到哪天，例如 2027-06-30")
    withdrawn = add("withdraw-bundle", with_models("withdraw-bundle"), "撤回已发布的内容", bundle="内容编号")
    withdrawn.add_argument("--reason", required=True, metavar="理由", help="记入审计")
    stick = add("shelf-stick", with_models("shelf-stick"), "把一个站点的内容拷到 U 盘", station="站点编号")
    stick.add_argument("--to", required=True, metavar="文件夹", help="U 盘上的文件夹")


_QUESTIONS_FORM = """写法：
  questions template 文件.xlsx            写一份空模板
  questions import 文件 --dry-run         逐题说明收下没有、为什么，什么也不写
  questions import 文件                   全部收下时，在旁边写 文件.pack.json，用 publish-pack 发布
  questions export 文件 --to 文件.gift    Excel、GIFT 和学习包互相转换，按 --to 的结尾：.xlsx、.gift 或 .txt

文件可以是模板填的 Excel（.xlsx、.csv）、Moodle 的 GIFT（.gift、.txt），或学习包（.json）。
怎样出题见 docs/guides/学习内容手册.md。不需要县平台在运行。
"""


def add_question_verbs(add: Add, verb: Verb, file: str) -> None:
    """Add the verb that reads and writes question banks; it needs no county."""
    questions = add("questions", verb, "从 Excel 和 GIFT 导入题库、互相转换、写空模板")
    questions.formatter_class = argparse.RawDescriptionHelpFormatter
    questions.epilog = _QUESTIONS_FORM
    questions.add_argument("what", choices=("import", "export", "template"), metavar="做什么", help="见下面的写法")
    questions.add_argument("file", metavar=file)
    questions.add_argument("--dry-run", action="store_true", help="只说会怎样，什么也不写")
    questions.add_argument("--take-good", action="store_true", help="有的题没有收下时，也用收下的写学习包")
    questions.add_argument("--version", type=_version, default=1, metavar="版本", help="学习包的版本（不写就是 1）")
    questions.add_argument("--to", default="", metavar="文件", help="export 写到哪里")
    questions.add_argument("--json", action="store_true", help="给程序读")


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:10]) < 2**31):
        raise argparse.ArgumentTypeError(f"{text[:20]} 不是版本，要写 1 或更大的数")
    return int(text)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} 不是日期，要写成 2027-06-30 这样") from error
