"""Invented notices in any number, each a folder that loads: to see what happens when many cities are held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from random import Random
from typing import Any

import yaml

# Characters of which no two are a city, a district or an everyday word.
_HEADS = "澄沧琅霁桐槐棠蘅岚漪澹珂瑶璟骊"
_TAILS = "屿汀澜峤浦麓垣堰渚埠坞陉崤峪"
_SURNAMES, _GIVEN = (
    "赵钱孙周吴郑冯褚卫蒋沈韩",
    ("立群", "国栋", "晓岚", "建业", "雨桐", "海生", "文博", "秀珍", "志远", "思齐"),
)
_SKILLS = (
    "焊接",
    "钳工",
    "数控加工",
    "模具制造",
    "电气安装",
    "木雕",
    "刺绣",
    "制茶",
    "锻造",
    "铸造",
    "测量",
    "印染",
)
_HONOURS = ("全国技术能手", "省技术能手", "市技术能手", "五一劳动奖章", "首席技师", "市级劳模")
_ASKED = (
    "{}工匠几号截止",
    "{}技能大师要什么条件",
    "{}市工匠有几个推荐名额",
    "{}的联系电话是多少",
    "{}技能大师要交哪些材料",
    "评上{}工匠奖多少钱",
    "{}工匠要高级技师吗，我四十六岁干了十五年",
    "{}退休返聘的能报技能大师吗",
    "{}在哪里申报，网址给一个",
    "{}工匠什么时候公示",
    "{}{}的名额归哪里管",
    "{}技能大师带徒有要求吗",
)


def cities() -> Iterator[str]:
    """Names of cities that do not exist, always the same ones."""
    return (head + tail for tail, head in product(_TAILS, _HEADS))


def asked(number: int, count: int, seed: int = 7) -> list[str]:
    """`count` questions, spread over the first `number` cities."""
    random = Random(seed)
    names = list(islice(cities(), number))
    return [
        random.choice(_ASKED).format(names[at % number], random.choice(_districts(names[at % number])))
        for at in range(count)
    ]


def write(folder: Path, number: int, seed: int = 7) -> None:
    """Write the notices of the first `number` cities into `folder`."""
    random = Random(seed)
    for at, city in enumerate(islice(cities(), number)):
        _Draft(id=f"invented-{at}", city=city, random=random).write(folder)


def _districts(city: str) -> tuple[str, ...]:
    return tuple(f"{city}{side}区" for side in "东南西北")


@dataclass(kw_only=True)
class _Draft:
    """One notice under way: clauses in order, and the rows of each file."""

    id: str
    city: str
    random: Random
    clauses: list[dict[str, str]] = field(default_factory=list)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def write(self, folder: Path) -> None:
        """All files of the notice."""
        self._say(
            "provisions", "basis", f"{self.city}市开展本届工匠和技能大师选拔", about="basis", kind="about"
        )
        for name in ("工匠", "技能大师"):
            self._conditions(name)
            self._numbers(name)
            self._stages(name)
            self._materials(name)
        self._contacts()
        place = folder / self.id
        place.mkdir(parents=True)
        self.rows["clauses"] = list(self.clauses)
        self.rows["regions"] = [{"name": name, "names": [name[:-1]]} for name in _districts(self.city)]
        for file, rows in {**self.rows, "notice": self._header()}.items():
            text = yaml.dump(rows, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
            (place / f"{file}.yaml").write_text(text, encoding="utf-8")
        source = "\n\n".join(clause["text"] for clause in self.clauses)
        (place / "source.txt").write_text(source, encoding="utf-8")

    def _say(self, file: str, kind_id: str, text: str, *, about: str, **fields: Any) -> None:
        """A clause of its own, and the fact that it states."""
        clause = f"第{len(self.clauses) + 1}条"
        self.clauses.append({"id": clause, "text": f"{text}。"})
        self.rows[file].append(
            {
                "id": f"{kind_id}.{len(self.clauses)}",
                "clause": clause,
                "about": about.split(),
                "say": f"{self.city}：{text}。",
                "quote": text,
                **fields,
            }
        )

    def _own(self, name: str) -> dict[str, Any]:
        return {"programmes": [f"{self.id}-{'gj' if name == '工匠' else 'ds'}"]}

    def _conditions(self, name: str) -> None:
        age, years, pupils = (self.random.randrange(*span) for span in ((50, 60), (5, 20), (2, 9)))
        skill = self.random.choice(_SKILLS)
        for about, role, text in (
            ("overview", "all", f"{self.city}{name}应当在{skill}等岗位工作并符合全部条件"),
            ("age", "all", f"申报{name}的年龄在{age}岁以下"),
            ("level", "all", f"申报{name}应当具有高级技师职业资格或者{skill}高级技师等级"),
            ("years_of_work", "all", f"申报{name}应当在本职业工作满{years}年"),
            ("honours", "any", f"获得{self.random.choice(_HONOURS)}的可以申报{name}"),
            (
                "contests",
                "any",
                f"在市级以上{skill}竞赛中取得前{self.random.randrange(3, 9)}名的可以申报{name}",
            ),
            (
                "mentoring",
                "any",
                f"带徒{pupils}人以上并有{self.random.randrange(2, pupils + 2)}人成为技师的可以申报{name}",
            ),
            ("retired", "exclusion", f"已经办理退休手续的不得申报{name}"),
            ("managers", "exclusion", f"单位中层以上管理干部不得申报{name}"),
        ):
            self._say("conditions", "condition", text, about=about, role=role, **self._own(name))

    def _numbers(self, name: str) -> None:
        counts = {body: self.random.randrange(1, 9) for body in _districts(self.city)}
        for body, count in counts.items():
            text = f"{body}推荐{name}{count}名"
            region = {"region": body, "body": f"{body}人社局", "bodies": [body]}
            self._say(
                "quotas",
                "quota",
                text,
                about="quota.body",
                count=count,
                unit="名",
                **region,
                **self._own(name),
            )
        places, yuan = self.random.randrange(5, 40), self.random.randrange(1, 9) * 10_000
        text = f"最终选拔{name}{places}名左右"
        self._say(
            "awards",
            "award",
            text,
            about="award.count",
            count=places,
            unit="名",
            word="左右",
            **self._own(name),
        )
        text = f"对入选的{name}一次性奖励{yuan}元"
        money = {"amount": yuan, "to": "本人", "when": "入选后"}
        self._say("money", "money", text, about="money.bonus", **money, **self._own(name))

    def _stages(self, name: str) -> None:
        month = self.random.randrange(3, 9)
        steps = (
            ("网上申报", "申报人", "applicant", "deadline.apply"),
            ("区级初审", "各区人社局", "office", "stage.first_review"),
            ("专家评审", "市人社局", "office", "stage.jury"),
            ("结果公示", "市人社局", "office", "stage.publicity"),
        )
        for order, (step, actor, binds, about) in enumerate(steps, 1):
            day = self.random.randrange(10, 28)
            written = f"2024年{month + order}月{day}日前"
            when = {"until": f"2024-{month + order:02d}-{day}", "as_written": written, "order": order}
            own = {"name": step, "actor": actor, "binds": binds, **when, **self._own(name)}
            self._say("stages", "stage", f"{name}的{step}由{actor}于{written}完成", about=about, **own)

    def _materials(self, name: str) -> None:
        words = self.random.randrange(5, 30) * 100
        for about, item in (
            ("materials.overview", "申报表和证明材料"),
            ("deeds", f"{words}字以内的事迹材料"),
            ("id_card", "身份证复印件"),
            ("certificate_pages", "等级证书的照片页和等级页"),
        ):
            own = {"item": item, "way": "online", **self._own(name)}
            self._say("materials", "material", f"申报{name}应当提交{item}", about=about, **own)

    def _contacts(self) -> None:
        url = f"https://{self.id}.example/"
        site = {"name": f"{self.city}市申报平台", "way": "online", "url": url}
        self._say("places", "place", f"在{self.city}市申报平台{url}填报", about="apply_site way", **site)
        for office in (f"{self.city}市", *_districts(self.city)):
            phone = str(self.random.randrange(60_000_000, 90_000_000))
            person = self.random.choice(_SURNAMES) + self.random.choice(_GIVEN)
            street = (
                f"{self.random.choice(_HEADS)}{self.random.choice(_TAILS)}路{self.random.randrange(1, 400)}号"
            )
            row = {
                "office": f"{office}人社局",
                "role": "city" if office.endswith("市") else "district",
                "people": [person],
                "phones": [{"shown": phone, "dial": phone}],
                "address": street,
                **({} if office.endswith("市") else {"region": office}),
            }
            text = f"{office}人社局联系人{person}，电话{phone}，地址{street}"
            self._say("contacts", "contact", text, about="phone person office_address", **row)

    def _header(self) -> dict[str, Any]:
        programmes = [
            {
                "id": self._own(name)["programmes"][0],
                "name": f"{self.city}市{name}",
                "names": [f"{self.city}{name}", f"市{name}", name],
                "edition": "2024年",
                "subject": "person",
                "clause": "第1条",
            }
            for name in ("工匠", "技能大师")
        ]
        return {
            "id": self.id,
            "title": f"关于开展2024年{self.city}市工匠和技能大师选拔工作的通知",
            "short": f"{self.city}2024年通知",
            "issuer": f"{self.city}市人力资源和社会保障局",
            "issued": "2024-03-01",
            "city": self.city,
            "cities": [f"{self.city}市"],
            "edition": "2024年",
            "edition_words": ["2024年", "本届"],
            "year": 2024,
            "programmes": programmes,
        }
