"""Currencies: the codes of ISO 4217 that are in use. Knows no amounts.

Example: `no_code("RMB") == "expected a code of ISO 4217, found 'RMB'; did you mean CNY?"`
"""

from __future__ import annotations

import re

from steelyard.near import meant, nearest

PATTERN = r"^[A-Z]{3}$"
_LIST = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN
BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD
FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS
KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH
UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD
XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG
"""
CODES = frozenset(_LIST.split())
# What people write, and codes that another has taken the place of.
_MEANT = {
    "RMB": "CNY",
    "CNH": "CNY",
    "CHY": "CNY",
    "YUAN": "CNY",
    "CN¥": "CNY",
    "人民币": "CNY",
    "元": "CNY",
    "NTD": "TWD",
    "NT$": "TWD",
    "HK$": "HKD",
    "YEN": "JPY",
    "JP¥": "JPY",
    "US$": "USD",
    "$": "USD",
    "DOLLAR": "USD",
    "EURO": "EUR",
    "€": "EUR",
    "£": "GBP",
    "STG": "GBP",
    "UKP": "GBP",
    "DEM": "EUR",
    "FRF": "EUR",
    "ITL": "EUR",
    "HRK": "EUR",
    "RUR": "RUB",
    "TRL": "TRY",
    "BYR": "BYN",
    "ANG": "XCG",
    "SLL": "SLE",
    "ZWL": "ZWG",
    "CUC": "CUP",
    "VEF": "VES",
    "MRO": "MRU",
    "STD": "STN",
    "WON": "KRW",
}


def no_code(text: str) -> str:
    """What is wrong with it, empty for a code."""
    if text in CODES:
        return ""
    large = text.strip().upper()
    likely = large if large in CODES else _MEANT.get(large)
    if likely is None and len(large) == 3:
        likely = nearest(large, sorted(CODES))
    hint = meant(likely) if likely else "use the one your prices are in, such as CNY"
    expected = (
        "a code of ISO 4217" if re.match(PATTERN, text) else "three capital letters such as CNY"
    )
    return f"expected {expected}, found {ascii(text) if not text.isprintable() else repr(text)}; {hint}"
