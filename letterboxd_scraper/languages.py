"""Languages of films: their codes, as ISO 639-1 and TMDB have them, and their names in English."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

# ISO 639-1, and what films need beside it: cn (as TMDB has Cantonese) and xx (nothing is spoken). Of several
# names of one language the first is the usual one. Libraries with these names take megabytes.
_TABLE = """
aa Afar; ab Abkhaz, Abkhazian; ae Avestan; af Afrikaans; ak Akan; am Amharic; an Aragonese; ar Arabic; as
Assamese; av Avaric; ay Aymara; az Azerbaijani; ba Bashkir; be Belarusian; bg Bulgarian; bi Bislama; bm
Bambara; bn Bengali, Bangla; bo Tibetan, Tibetan Standard; br Breton; bs Bosnian; ca Catalan; ce Chechen; ch
Chamorro; cn Cantonese; co Corsican; cr Cree; cs Czech; cu Church Slavonic, Old Church Slavonic, Church
Slavic, Slavic; cv Chuvash; cy Welsh; da Danish; de German; dv Divehi, Dhivehi, Maldivian; dz Dzongkha; ee
Ewe; el Greek, Modern Greek; en English; eo Esperanto; es Spanish, Castilian; et Estonian; eu Basque; fa
Persian, Farsi; ff Fulah, Fula, Pulaar, Pular; fi Finnish; fj Fijian; fo Faroese; fr French; fy Western
Frisian, Frisian; ga Irish; gd Scottish Gaelic, Gaelic; gl Galician; gn Guarani, Guaraní; gu Gujarati; gv
Manx; ha Hausa; he Hebrew; hi Hindi; ho Hiri Motu; hr Croatian; ht Haitian, Haitian Creole; hu Hungarian; hy
Armenian; hz Herero; ia Interlingua; id Indonesian; ie Interlingue; ig Igbo; ii Nuosu, Sichuan Yi, Yi; ik
Inupiaq, Inupiak; io Ido; is Icelandic; it Italian; iu Inuktitut; ja Japanese; jv Javanese; ka Georgian; kg
Kongo; ki Kikuyu, Gikuyu; kj Kwanyama, Kuanyama; kk Kazakh; kl Greenlandic, Kalaallisut; km Khmer; kn Kannada;
ko Korean; kr Kanuri; ks Kashmiri; ku Kurdish; kv Komi; kw Cornish; ky Kyrgyz, Kirghiz; la Latin; lb
Luxembourgish, Letzeburgesch; lg Ganda, Luganda; li Limburgish, Limburgan; ln Lingala; lo Lao; lt Lithuanian;
lu Luba-Katanga; lv Latvian; mg Malagasy; mh Marshallese, Marshall; mi Maori, Māori; mk Macedonian; ml
Malayalam; mn Mongolian; mo Moldavian; mr Marathi; ms Malay; mt Maltese; my Burmese; na Nauru, Nauruan; nb
Norwegian Bokmål; nd Northern Ndebele, North Ndebele; ne Nepali; ng Ndonga; nl Dutch, Flemish; nn Norwegian
Nynorsk; no Norwegian; nr Southern Ndebele, South Ndebele; nv Navajo; ny Chichewa, Chewa, Nyanja; oc Occitan;
oj Ojibwe, Ojibwa; om Oromo; or Oriya, Odia; os Ossetian, Ossetic; pa Punjabi, Panjabi, Eastern Punjabi; pi
Pali, Pāli; pl Polish; ps Pashto, Pushto; pt Portuguese; qu Quechua; rm Romansh, Raeto-Romance; rn Kirundi,
Rundi; ro Romanian; ru Russian; rw Kinyarwanda; sa Sanskrit; sc Sardinian; sd Sindhi; se Northern Sami, Sami;
sg Sango; sh Serbo-Croatian; si Sinhala, Sinhalese; sk Slovak; sl Slovenian, Slovene; sm Samoan; sn Shona; so
Somali; sq Albanian; sr Serbian; ss Swati, Swazi; st Southern Sotho, Sotho; su Sundanese; sv Swedish; sw
Swahili; ta Tamil; te Telugu; tg Tajik; th Thai; ti Tigrinya; tk Turkmen; tl Tagalog; tn Tswana; to Tonga,
Tongan; tr Turkish; ts Tsonga; tt Tatar; tw Twi; ty Tahitian; ug Uyghur, Uighur; uk Ukrainian; ur Urdu; uz
Uzbek; ve Venda; vi Vietnamese; vo Volapük; wa Walloon; wo Wolof; xh Xhosa; xx No spoken language, No
Language; yi Yiddish; yo Yoruba; za Zhuang; zh Chinese, Mandarin; zu Zulu
"""
NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {entry[:2]: tuple(entry[3:].split(", ")) for entry in " ".join(_TABLE.split()).split("; ")}
)


def name_of(code: str) -> str:
    """Return the usual name of a language; its code where there is none."""
    return NAMES.get(code, (code,))[0]


def code_of(name: str) -> str | None:
    """Return the code of the language that a site calls so; None where it has none of two letters.

    >>> code_of("French"), code_of("Greek (modern)"), code_of("Tibetan Standard, Tibetan, Central")
    ('fr', 'el', 'bo')
    """
    parts = re.sub(r"\(.*?\)", "", name).split(",")
    return next((code for part in parts if (code := _CODES.get(_folded(part)))), None)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split())).casefold()


_CODES = {_folded(name): code for code, names in NAMES.items() for name in names}
