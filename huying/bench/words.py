"""Invented Chinese texts of 30 to 300 characters: a place, a time, a thing, what it does to people, a wish."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from huying.ledger.said import Requester

_ROADS = (
    "柳园路",
    "文昌街",
    "滨河东路",
    "学府巷",
    "老码头路",
    "盐仓街",
    "茶山大道",
    "建设路",
    "和平里",
    "松林路",
    "石桥巷",
    "荷塘路",
    "海云大街",
    "新洲二路",
)
_SPOTS = (
    "公交站旁",
    "小区北门外",
    "菜市场门口",
    "小学对面",
    "十字路口",
    "地下车库入口",
    "三号楼前",
    "桥头",
    "停车场里",
    "活动广场边",
)
_TIMES = (
    "昨天晚上起",
    "三天前开始",
    "从上周一到现在",
    "今天早上六点多",
    "最近半个月",
    "连着几个夜里",
    "自雨后",
    "大约一个月了",
    "每天早晚高峰",
    "周末尤其",
)
_HARMS = (
    "老人和孩子经过时很不方便，已经有人差点摔倒。",
    "住户晚上休息受到影响，邻居们都有意见。",
    "商户的生意也受了影响，希望能给个说法。",
    "之前向物业说过两次，一直没有人来处理。",
    "天气一热味道很重，窗户都不敢开。",
    "下雨的时候更严重，车辆只能绕行。",
    "我们几户人家凑钱修过一次，没过多久又坏了。",
    "附近正在施工，围挡没有留出行人通道。",
    "问了社区，社区说不归他们管，让打热线。",
    "照片拍过了，需要的话可以再补。",
)
_WISHES = (
    "请尽快派人来看看。",
    "希望有关部门核实处理并给个答复。",
    "麻烦告诉我们什么时候能解决。",
    "请问这种情况应该找谁？",
    "希望以后有人定期巡查。",
)
_DONE = (
    "接到派单后，我单位当日安排人员到现场查看，情况属实。",
    "已更换损坏部件并做了检修，现场恢复正常。",
    "已与反映人联系，说明了处理经过，对方表示理解。",
    "已责成责任方限期整改，并列入下月巡查重点。",
    "经查阅有关规定，该事项需要按程序办理，已告知所需材料和时限。",
    "施工预计在两周内完成，其间设置了提示牌和临时通道。",
)
_REASONS = (
    "按照职责分工，该事项属于本单位职责。",
    "按三定规定，该路段由养护单位负责。",
    "涉及两个单位，需要先现场核实。",
    "资金已列入年度计划，等待拨付。",
    "情况有变化，需要重新核对。",
    "领导批示要求抓紧办理。",
)
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
_GIVEN = "伟芳娜敏静秀强磊军洋艳勇杰娟涛明超兰霞平刚桂英华玉梅建国志文海燕晓东"


@dataclass(frozen=True)
class Topic:
    """What a text is about: the thing (a category's name) and the neighbourhood (an area's name)."""

    thing: str
    where: str


def text(field: str, topic: Topic, chance: Random) -> str:
    """A text for a field of that name: short for a title or place, an answer for `reply`, a reason or a story."""
    if field == "title":
        return f"{topic.where}{chance.choice(_ROADS)}{topic.thing}"
    if field == "place":
        return _spot(chance)
    if field == "reply":
        return "".join(chance.sample(_DONE, chance.randint(2, 4)))
    if field in ("text", "handling_copy"):
        return _story(topic, chance)
    return chance.choice(_REASONS)


def _spot(chance: Random) -> str:
    return f"{chance.choice(_ROADS)}{chance.randint(1, 300)}号{chance.choice(_SPOTS)}"


def _story(topic: Topic, chance: Random) -> str:
    harms = "".join(chance.sample(_HARMS, chance.choice((0, 1, 1, 2, 2, 3, 4, 7))))
    return (
        f"{topic.where}{_spot(chance)}，{chance.choice(_TIMES)}出现{topic.thing}的问题。{harms}{chance.choice(_WISHES)}"
    )


def requester(chance: Random) -> Requester:
    """Somebody who doesn't exist, with a number that no operator gives out."""
    name = chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=chance.randint(1, 2)))
    return Requester(name=name, phone=f"100{chance.randrange(10**8):08d}")
