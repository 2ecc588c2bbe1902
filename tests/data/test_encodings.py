"""An encoding is named when it is the right one; a text that it would turn into another is not."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.test_files import ZH, read, refused

from steelyard.data.magic import kind_of
from steelyard.encodings import escaped_as, looks_like

TEXTS = {
    "Russian": (
        "Очень хороший магазин, быстрая доставка. Рекомендую всем! Упаковка целая, а цвет другой, я доволен.",
        "cp1251 koi8-r mac_cyrillic iso8859-5 cp866",
    ),
    "Ukrainian": (
        "Дуже гарний магазин, швидка доставка, її якість чудова. Рекомендую всім покупцям.",
        "cp1251 koi8-u mac_cyrillic",
    ),
    "Serbian": (
        "Веома добра продавница, брза испорука, љубазно особље и њихов производ је одличан.",
        "cp1251 iso8859-5",
    ),
    "Greek": (
        "Πολύ καλό προϊόν, γρήγορη αποστολή και άψογη συσκευασία. Το συνιστώ σε όλους, αξίζει τα λεφτά του.",
        "cp1253 iso8859-7 mac_greek cp737",
    ),
    "Hebrew": (
        "מוצר מצוין, הגיע מהר מאוד והאריזה שלמה. אני ממליץ לכולם לקנות כאן שוב.",
        "cp1255 iso8859-8 cp862",
    ),
    "Arabic": (
        "المنتج ممتاز والتوصيل سريع جدا، أنصح الجميع بالشراء من هذا المتجر مرة أخرى.",
        "cp1256 iso8859-6",
    ),
    "Thai": ("สินค้าดีมาก ส่งเร็ว แพ็คของดี จะกลับมาซื้ออีกแน่นอน", "tis-620 cp874"),
    "Japanese": (
        "商品はとても良いです。配送も早くて、梱包も丁寧でした。また購入したいと思います。ありがとうございました。",
        "shift_jis cp932 euc_jp",
    ),
    "kana": ("ｼｮｳﾋﾝﾊﾄﾃﾓｲｲﾃﾞｽ ﾊｲｿｳﾓﾊﾔｸﾃ ｺﾝﾎﾟｳﾓﾃｲﾈｲﾃﾞｼﾀ ﾏﾀｺｳﾆｭｳｼﾀｲﾄｵﾓｲﾏｽ", "shift_jis cp932 euc_jp"),
    "Katakana": (
        "シャンプー、コンディショナー、ボディソープ、タオル、ドライヤー",
        "shift_jis euc_jp",
    ),
    "Korean": (
        "이 가게의 물건은 정말 좋습니다. 배송도 빠릅니다. 포장도 꼼꼼하고 다음에 또 사고 싶어요. ㅋㅋㅋㅋㅋ",
        "euc_kr cp949 johab",
    ),
    "laughing": ("ㅋㅋㅋㅋㅋㅋ ㅎㅎㅎㅎ ㅠㅠㅠㅠ ㅜㅜㅜ ㄱㄱ ㅇㅇ ㄴㄴ", "euc_kr"),
    "Chinese": (ZH, "gbk gb18030 gb2312"),
    "dishes": ("螺蛳粉酸辣粉热干面臭豆腐小笼包红烧肉糖醋排骨宫保鸡丁麻婆豆腐", "gbk"),
    "traditional": (
        "這家店的東西真的非常好，物流也很快，包裝完好，下次還會再來購買。",
        "big5 cp950 big5hkscs gbk",
    ),
    "French": (
        "très bon café, déjà reçu à l'hôtel, être très content du garçon, où ça",
        "latin-1 cp1252 mac_roman cp850 iso8859-15",
    ),
    "German": (
        "sehr schön, größer als gedacht, schnelle Lieferung über Nacht, gefällt mir",
        "latin-1 cp1252 mac_roman cp850",
    ),
    "Spanish": (
        "¡qué bueno! el niño está más contento, mañana compraré otra vez aquí, señor",
        "latin-1 cp1252 mac_roman cp850",
    ),
    "Swedish": ("mycket bra, snabb leverans, jag är nöjd, köper gärna på nytt", "latin-1 cp850"),
    "Icelandic": (
        "mjög gott, þetta er það besta, fljót sending, ánægður með þjónustuna, nýtt útlit",
        "latin-1",
    ),
    "Polish": (
        "bardzo dobry sklep, szybka wysyłka, żółć, część, jestem zadowolony, polecam każdemu",
        "cp1250 iso8859-2",
    ),
    "Czech": (
        "velmi dobrý obchod, rychlé doručení, příště znovu, kůň žluťoučký úpěl ďábelské ódy",
        "cp1250 iso8859-2",
    ),
    "Hungarian": (
        "nagyon jó termék, gyors szállítás, örülök, hogy megvettem, kitűnő minőség, erős fűszerű",
        "cp1250 iso8859-2",
    ),
    "Romanian": (
        "foarte bun, livrare rapidă, mulţumesc, îl recomand şi altora, aşteptări depăşite",
        "cp1250 iso8859-2",
    ),
    "Slovene": (
        "zelo dober izdelek, hitra dostava, priporočam vsem, škatla je bila nepoškodovana, žal",
        "cp1250 iso8859-2",
    ),
    "Turkish": (
        "çok güzel ürün, hızlı kargo, herkese tavsiye ederim, ışıltılı şeker, değerli",
        "cp1254 iso8859-9",
    ),
    "Lithuanian": (
        "labai geras produktas, greitas pristatymas, ačiū už viską, šešėlis, gražus daiktas, sąskaita",
        "cp1257 iso8859-13",
    ),
    "Latvian": (
        "ļoti labs produkts, ātra piegāde, paldies, iesaku visiem, šķīvis ir vesels, mēness",
        "cp1257",
    ),
}
CASES = [(language, codec) for language, (_, codecs) in TEXTS.items() for codec in codecs.split()]


@pytest.mark.parametrize(("language", "codec"), CASES)
def test_a_name_is_the_right_one_or_there_is_none(language, codec):
    text = TEXTS[language][0]
    for size in (25, 40, len(text)):
        for lines in (1, 30):
            whole = f"{text[:size]}\n" * lines
            name = looks_like(whole.encode(codec))
            assert name is None or whole.encode(codec).decode(name) == whole, (name, size)


@pytest.mark.parametrize(
    ("language", "codec", "name"),
    [
        ("Russian", "cp1251", "WINDOWS-1251"),
        ("Ukrainian", "cp1251", "WINDOWS-1251"),
        ("Japanese", "shift_jis", "SHIFT_JIS"),
        ("Japanese", "euc_jp", "EUC-JP"),
        ("Korean", "euc_kr", "EUC-KR"),
        ("Chinese", "gb2312", "GB18030"),
        ("traditional", "big5", "BIG5"),
        ("traditional", "gbk", "GB18030"),
        ("French", "latin-1", "ISO-8859-1"),
        ("Spanish", "latin-1", "ISO-8859-1"),
        ("Swedish", "latin-1", "ISO-8859-1"),
        ("Icelandic", "latin-1", "ISO-8859-1"),
        ("Greek", "cp1253", None),
        ("Greek", "iso8859-7", None),
        ("Hebrew", "cp1255", None),
        ("Russian", "mac_cyrillic", None),
        ("kana", "shift_jis", None),
        ("Turkish", "cp1254", None),
    ],
)
def test_there_is_evidence_for_these(language, codec, name):
    assert looks_like(f"{TEXTS[language][0]}\n".encode(codec) * 3) == name


def test_a_text_whose_encoding_nobody_knows_says_find_out(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"text,label\n" + f"{TEXTS['Greek'][0]},x\n".encode("cp1253") * 30)
    said = refused(path, reader="csv", label="label")
    assert "find out its encoding" in said and "looks like" not in said


SWITCHED = [
    ("Japanese", "iso2022_jp", "ISO-2022-JP"),
    ("kana", "iso2022_jp_ext", "ISO-2022-JP-3"),
    ("Korean", "iso2022_kr", "ISO-2022-KR"),
    ("Chinese", "hz", "HZ"),
    ("Korean", "iso2022_jp_2", "ISO-2022-JP-2"),
]


@pytest.mark.parametrize("reader", ["csv", "lines"])
@pytest.mark.parametrize(("language", "codec", "name"), SWITCHED)
def test_an_encoding_of_escape_codes_is_named_and_its_repair_gives_the_text(
    tmp_path, language, codec, name, reader
):
    text = TEXTS[language][0].replace(",", "")
    path = tmp_path / "a b.csv"
    path.write_bytes(("text\n" + f"{text}\n" * 30).encode(codec))
    said = refused(path, reader=reader)
    assert f"found {name} by its escape codes" in said
    subprocess.run(["sh", "-c", said.split("save it as UTF-8: ")[1]], cwd=tmp_path, check=True)
    raws, _ = read(tmp_path / "utf8-a b.csv", reader="csv")
    assert {r.content for r in raws} == {text}


@pytest.mark.parametrize(
    "body",
    [
        b"plain text\n",
        b"\x1b[31mred\x1b[0m\n",
        b"cost ~{100} or ~{name}~\n",
        b"~{ab~}\n",
        b"a ~{} b\n",
        b"\x1b$ prompt\n",
        b"~~{{x}}~~\n",
        b"\x1b$B\n",
        "~{中文~}".encode(),
        b"~{hello world~}\n",
    ],
)
def test_signs_of_a_text_are_no_escape_codes(body):
    assert escaped_as(body * 20) is None


NULS = [
    b"text,label\ngood and\0 bad\0,p\n",
    b"good and\0 bad\0,p",
    b"abcdefghijklm\0nopqrstuvwxyz\n",
    b"text\n" + b"good\n" * 40 + b"b\0d\n",
    f"{ZH}\n".encode() + b"\0\n",
    f"{ZH}\n".encode() * 3 + b"\0" * 20,
    b"a\0b\0c\0d" * 9 + b"plain letters" * 9,
    b"x\0\0y" * 20,
]


@pytest.mark.parametrize("body", NULS)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "latin-1"])
def test_a_nul_in_a_text_makes_no_utf_16_of_it(tmp_path, body, encoding):
    more = "très bien\n" if encoding == "latin-1" else f"{ZH}\n"
    whole = (
        body
        if encoding == "utf-8"
        else body.decode().encode(encoding, "ignore") + more.encode(encoding)
    )
    kind = kind_of(tmp_path / "a.txt", whole)
    assert kind is None or "UTF" not in kind.name


@pytest.mark.parametrize(
    ("reader", "body"),
    [("lines", b"b\0d\n"), ("jsonl", b'{"text": "b\0d"}\n'), ("csv", b'"b\n\0d"\n')],
)
def test_a_record_with_a_nul_is_a_counted_reject(tmp_path, reader, body):
    good = {"lines": b"good\n", "jsonl": b'{"text": "good"}\n', "csv": b"text\ngood\n"}[reader]
    path = tmp_path / "a"
    path.write_bytes(good * (9 if reader == "csv" else 10) + body)
    raws, rejects = read(path, reader=reader)
    assert [why for _, why in rejects] == ["a NUL byte"]
    assert rejects[0][0] in ("a:11", "a:19") and len(raws) >= 10


def test_few_nuls_cost_their_record_and_many_are_named_with_the_first(tmp_path):
    path = tmp_path / "a b.csv"
    path.write_bytes(b"text,label\n" + b"good,p\n" * 30 + b"b\0d,p\n" + b"good,p\n")
    raws, rejects = read(path, reader="csv", label="label")
    assert len(raws) == 31 and rejects == [("a b.csv:32", "a NUL byte")]
    path.write_bytes(b"text,label\ngood and\0 bad\0,p\n" + b"b\0d\0,p\n" * 3)
    said = refused(path, reader="csv", label="label")
    assert "found NUL bytes in a text, the first at line 2, byte 9" in said
    subprocess.run(["sh", "-c", said.split("take them out: ")[1]], cwd=tmp_path, check=True)
    assert len(read(tmp_path / "clean-a b.csv", reader="csv", label="label")[0]) == 4


def test_a_nul_in_a_header_and_in_a_file_of_a_folder_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"te\0xt,label\n" + b"good,p\n" * 30)
    assert 'did you mean "te\\u0000xt"?' in refused(path, reader="csv")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.txt").write_bytes(b"good" * 20 + b"\0")
    assert read(tmp_path / "d", reader="folder")[1] == [("a.txt", "a NUL byte")]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    text=st.text(
        st.characters(min_codepoint=32, max_codepoint=126) | st.just("\n"), min_size=4, max_size=80
    ),
    at=st.lists(st.integers(0, 80), min_size=1, max_size=4),
)
def test_ascii_with_some_nuls_is_never_utf_16(tmp_path_factory, text, at):
    body = bytearray(text.encode())
    for i in at:
        body.insert(i % (len(body) + 1), 0)
    kind = kind_of(tmp_path_factory.getbasetemp() / "a.txt", bytes(body))
    if body.count(0) * 5 < len(body) * 2:
        assert kind is None or "UTF" not in kind.name
