"""Which letters are common where: the evidence for an encoding. Knows no bytes.

Bytes read in a wrong encoding are letters too, but seldom the common ones of any language.
Example: `HAN >= set("这个很好")`, and `western("très café")` where `western("trèþ cýfò")` is not
"""

from __future__ import annotations

import re
from itertools import pairwise

# The commonest characters of Chinese: some three in four of a running text.
_SIMPLIFIED = """
的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家
种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十
民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯
月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女
变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基
眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今
切院让识候带导争运快慢买卖店货购包装流客服值差评价钱质退换错满喜欢吗呢吧啊请谢您
"""
_TRADITIONAL = """
這個們來為國說時會對於著過發後裡種經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問並應戰頭體見產話內給門兒東
聲員論處義幾認條氣題爾變總電數報結場計資許統區隊決馬書則聽卻達難權設類據邊張該規萬覺術領確傳師觀讓識帶導爭運買
賣貨購裝評價錢質換錯滿歡嗎請謝
"""
HAN = frozenset("".join((_SIMPLIFIED + _TRADITIONAL).split()))
HANGUL = frozenset("이다는에을가고의지하로도은를니사리기어서아자나라시해한인있게요습대그만들")
HIRAGANA = frozenset("のにはをたがでとしていもなるれさあうかっりこすまくらきけんよ")
_CYRILLIC = frozenset("оеаинтсрвлі")  # two thirds of Russian, more than half of its neighbors
_VOWELS = frozenset("аеёиоуыэюяіїє")
_SMALL = frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєў")
_LATE = frozenset("ыьэюя")  # the end of the alphabet, behind that of Hebrew and of Greek
CYRILLIC_LEAST = 20

# What each language writes beside ASCII; where a text is in none of them, the encoding is another.
_WESTERN = tuple(
    frozenset(letters)
    for letters in (
        "àâæçéèêëîïôœùûüÿ",  # French
        "äöüßéèà",  # German
        "áéíñóúüçª\u00ba",  # Spanish
        "áâãàçéêíóôõúüª\u00ba",  # Portuguese
        "àçèéíïòóúü",  # Catalan
        "àèéìíîòóùú",  # Italian
        "åäöéüæøà",  # Danish, Norwegian, Swedish, Finnish
        "áéíóúýþðæö",  # Icelandic
        "éëïöüèêáóíúà",  # Dutch
        "äöõüšž",  # Estonian
    )
)
_COVERED = 0.95
_NO_HIATUS = re.compile("(?<![aeiouyéàAEIOUYÉÀ])[ïÏ]")  # its dots part it from a vowel in front


def western(text: str) -> bool:
    """Whether one Western language has nearly all of the letters beyond ASCII."""
    odd = [c.lower() for c in text if c > "\x7f" and c.isalpha()]
    most = max(sum(c in letters for c in odd) for letters in _WESTERN)
    return most >= _COVERED * len(odd) and not _NO_HIATUS.search(text)


def cyrillic(text: str) -> bool:
    """Whether the letters beyond ASCII are as frequent as in Russian and its neighbors, and the
    capitals stand where capitals do."""
    odd = [c for c in text if c > "\x7f" and c.isalpha()]
    small = [c for c in odd if c in _SMALL]
    if len(small) < CYRILLIC_LEAST:
        return False
    misplaced = sum(a in _SMALL and b.isupper() for a, b in pairwise(text))
    misplaced += sum(c.lower() not in _SMALL for c in odd)
    common = sum(c in _CYRILLIC for c in small) / len(small)
    vowels = sum(c in _VOWELS for c in small) / len(small)
    late = sum(c in _LATE for c in small) / len(small)
    return misplaced * 200 <= len(odd) and common >= 0.45 and 0.3 <= vowels <= 0.6 and late >= 0.02


def coherent(text: str) -> float:
    """Share of the characters that are common ones, or of the alphabets below U+1000."""
    kept = sum(c < "\u1000" or c in HAN or c in HANGUL or c in HIRAGANA for c in text)
    return kept / max(1, len(text))


def paired(text: str) -> bool:
    """Whether the NUL bytes of a text in UTF-16 belong to ASCII and to common characters (U+4E00,
    U+AC00), and not to some of which the other byte is what a letter of ASCII is."""
    ends = sum(not ord(c) & 0xFF and c not in HAN and c not in HANGUL for c in text)
    return ends * 10 <= sum(c < "\x80" for c in text)
