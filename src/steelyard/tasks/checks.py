"""Which strings of digits are a phone, an identity card, a bank card or a part of an IPv4 address.
Knows no texts around them.

Example: `is_card("6222021234567894") and not is_card("6222021234567895")`
"""

from __future__ import annotations

import re
from datetime import date

CARD_LENGTHS = (16, 19, 18, 17, 15, 14)  # in the order in which a run of digits is tried
PHONE_LENGTHS = (11, 13, 15, 12)
ID_LENGTH = 18
_PHONE = re.compile(r"(?:86|0086|0)?1[3-9][0-9]{9}")
_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_SHORT_CARDS = {14: re.compile("30[0-5]|3[689]"), 15: re.compile("3[47]|2131|1800")}
_DOUBLED = str.maketrans("0123456789", "0246813579")  # twice the digit, its two digits added
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"


def is_phone(digits: str) -> bool:
    """A Chinese mobile number, with 86, 0086 or the trunk prefix 0 in front; a 12-digit product
    code begins with 0 as well, and has a check digit."""
    return bool(_PHONE.fullmatch(digits)) and not (len(digits) == 12 and _is_product(digits))


def is_id_card(value: str) -> bool:
    """Resident identity number: a real date and the MOD 11-2 check (GB 11643-1999)."""
    if len(value) != ID_LENGTH or not value[:17].isdecimal():
        return False
    if not "1800" <= value[6:10] <= "2099" or value[0] == "0":
        return False
    try:
        date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    total = sum(int(d) * w for d, w in zip(value[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11] == value[17].upper()


def is_card(digits: str) -> bool:
    """14 to 19 digits with the Luhn check (ISO/IEC 7812-1), begun as an issuer begins them; one
    repeated digit, a date in front (an order number) or a product code is no card."""
    if not 14 <= len(digits) <= 19 or digits[0] == "0" or _DATE.match(digits):
        return False
    short = _SHORT_CARDS.get(len(digits))
    if short and (not short.match(digits) or (len(digits) == 14 and _is_product(digits))):
        return False
    doubled = digits[-2::-2].translate(_DOUBLED)
    return sum(map(int, digits[-1::-2] + doubled)) % 10 == 0 and len(set(digits)) > 1


def is_octet(digits: str) -> bool:
    """A number up to 255 in at most three digits."""
    return len(digits) <= 3 and int(digits) <= 255


def is_date(digits: str) -> bool:
    """A day of the 20th or 21st century in eight digits."""
    return bool(_DATE.fullmatch(digits))


def _is_product(digits: str) -> bool:
    """The check digit of bar codes: UPC, EAN-13, ISBN-13, GTIN-14 (ISO/IEC 15420)."""
    return sum(int(d) * (1 + 2 * (i % 2)) for i, d in enumerate(reversed(digits))) % 10 == 0
