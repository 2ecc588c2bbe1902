"""Which characters of a text are an e-mail address, in the letters of any language. Knows no
numbers.

Han, kana, Hangul and Thai are written without spaces: directly in front of an address they are its
sentence, and behind a domain in them its sentence may go on, so their top-level domains are listed.
Example: `list(emails_in("联系josé@müller.de吧")) == [(2, 16)]`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LOCAL_MAX = 64  # the longest part before the @ (RFC 5321, 4.5.3.1.1)
_ACCENTS = "\u0300-\u036f"
# Alphabets whose words are parted by spaces, each as the inside of a class of a regular expression.
_ALPHABETS = (
    rf"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1e00-\u1eff{_ACCENTS}",  # Latin
    rf"\u0370-\u037d\u037f-\u0386\u0388-\u03ff\u1f00-\u1fff{_ACCENTS}",  # Greek
    rf"\u0400-\u0481\u0483-\u0487\u048a-\u052f{_ACCENTS}",  # Cyrillic
    r"\u0531-\u0556\u0561-\u0587",  # Armenian
    r"\u05b0-\u05bd\u05d0-\u05ea",  # Hebrew
    r"\u0620-\u065f\u066e-\u06d3",  # Arabic
    r"\u0900-\u0963\u0971-\u0df3",  # of India
    r"\u10a0-\u10fa\u10fc-\u10ff",  # Georgian
)
_UNSPACED = r"\u3400-\u9fff\u3005\u3041-\u3096\u30a1-\u30fa\u30fc\uac00-\ud7a3\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd"
# As the root zone lists them.
_TOP_LEVEL_UNSPACED = re.split(
    " ",
    "中国 中國 香港 澳門 澳门 台湾 台灣 臺灣 新加坡 佛山 慈善 集团 在线 点看 八卦 公益 公司 香格里拉 网站 移动 我爱你 "
    "联通 时尚 微博 淡马锡 商标 商店 商城 新闻 家電 中文网 中信 娱乐 谷歌 電訊盈科 购物 通販 网店 餐厅 网络 網絡 亚马逊 食品 "
    "飞利浦 手机 政府 机构 组织机构 健康 招聘 大拿 世界 書籍 网址 天主教 游戏 企业 信息 嘉里大酒店 嘉里 广东 政务 "
    "セール ファッション ストア アマゾン ポイント クラウド グーグル みんな コム 한국 삼성 닷컴 닷넷 ไทย คอม ລາວ",
)
_LETTERS = "".join(_ALPHABETS)
_APOSTROPHES = "'\u2019"
# The local part is read backwards from the @; what it may not begin with is taken off again.
_NO_LOCAL = re.compile(rf"[^{_LETTERS}0-9._%+{_APOSTROPHES}-]")
_NO_BEGINNING = ".%+-" + _APOSTROPHES + "".join(map(chr, range(0x300, 0x370)))
# The first label may mix letters, since the @ is its border; a later one has those of one alphabet.
# Atomic (?>): a label is read once.
_LABELS = "|".join(f"[{letters}0-9][{letters}0-9-]{{0,62}}" for letters in _ALPHABETS)
_DOMAIN = re.compile(
    rf"(?>[{_LETTERS}{_UNSPACED}0-9][{_LETTERS}{_UNSPACED}0-9-]{{0,62}}\.)"
    rf"(?>(?:{_LABELS}|[{_UNSPACED}]{{1,20}})\.){{0,7}}"
    r"(?:xn--[A-Za-z0-9-]{1,59}|"
    + "|".join(sorted(_TOP_LEVEL_UNSPACED, key=len, reverse=True))
    + "".join(f"|[{letters}]{{2,24}}" for letters in _ALPHABETS)
    + ")"
)


def emails_in(text: str) -> Iterator[tuple[int, int]]:
    """From each @ outwards: the end of the domain is known by its letters, so digits may follow; the
    local part reaches back to what no address holds, or to the end of the address before."""
    end, at = -1, text.find("@")
    while at >= 0:
        domain = _DOMAIN.match(text, at + 1)
        if domain:
            first = max(end, at - LOCAL_MAX, 0)
            start = _local(text, first, at, touching=first == end)
            if start < at or at == end:
                yield start, domain.end()
                end = domain.end()
        at = text.find("@", at + 1)


def _local(text: str, first: int, at: int, *, touching: bool) -> int:
    """Where the local part before this @ begins: not before `first`, where another address may end."""
    border = _NO_LOCAL.search(text[first:at][::-1])
    if touching and not border:
        return first
    local = text[at - border.start() if border else first : at]
    return at - len(local.lstrip(_NO_BEGINNING))
