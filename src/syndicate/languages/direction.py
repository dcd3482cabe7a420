"""Which way a language runs, and how to keep foreign runs apart."""

from typing import Literal

from syndicate.languages.tags import primary, region_of, script_of

# Scripts with bidi class R or AL (Unicode 15, ScriptExtensions and UAX 9).
_RTL_SCRIPTS = frozenset(
    {
        "Adlm",
        "Arab",
        "Aran",
        "Armi",
        "Avst",
        "Hebr",
        "Mand",
        "Mani",
        "Mend",
        "Nbat",
        "Nkoo",
        "Phnx",
        "Rohg",
        "Samr",
    }
    | {"Syrc", "Thaa", "Yezi"}
)
# Languages whose usual script is one of them (CLDR likely subtags).
_RTL_LANGUAGES = frozenset(
    {
        "aeb",
        "apc",
        "ar",
        "arc",
        "ary",
        "arz",
        "azb",
        "bal",
        "bqi",
        "ckb",
        "dv",
        "fa",
        "glk",
        "he",
        "ks",
        "lrc",
        "mzn",
    }
    | {"nqo", "pnb", "prs", "ps", "sd", "skr", "syr", "ug", "ur", "yi"}
)
# Languages that change script with the country (CLDR likely subtags).
_RTL_REGIONS = frozenset(
    {("az", "IR"), ("az", "IQ"), ("pa", "PK"), ("uz", "AF"), ("tk", "IR"), ("kk", "CN"), ("ky", "CN")}
)


def direction(tag: str) -> Literal["ltr", "rtl"]:
    """``rtl`` for Arabic, Persian, Hebrew and their like; an explicit script decides (``az-Arab``)."""
    script = script_of(tag)
    if script:
        return "rtl" if script in _RTL_SCRIPTS else "ltr"
    language = primary(tag)
    is_rtl = language in _RTL_LANGUAGES or (language, region_of(tag)) in _RTL_REGIONS
    return "rtl" if is_rtl else "ltr"


def isolate(text: str) -> str:
    """``text`` between FSI and PDI (UAX 9), so that it cannot reorder what stands around it."""
    return f"\u2068{text}\u2069"
