"""Map language tags to the FLORES-200 codes of NLLB's vocabulary."""

from __future__ import annotations

from functools import cache

from dropdub.languages import primary, three_letters

_NAMED = """
ar arb_Arab  ast ast_Latn  az azj_Latn  be bel_Cyrl  bg bul_Cyrl  bn ben_Beng  bs bos_Latn  ceb ceb_Latn  el ell_Grek
et est_Latn  fa pes_Arab  fo fao_Latn  fur fur_Latn  gd gla_Latn  gu guj_Gujr  ha hau_Latn  he heb_Hebr  hi hin_Deva
ht hat_Latn  hy hye_Armn  ig ibo_Latn  ja jpn_Jpan  jv jav_Latn  ka kat_Geor  kk kaz_Cyrl  km khm_Khmr  kn kan_Knda
ko kor_Hang  ku kmr_Latn  ky kir_Cyrl  lb ltz_Latn  lg lug_Latn  lij lij_Latn  ln lin_Latn  lo lao_Laoo  lv lvs_Latn
mi mri_Latn  mk mkd_Cyrl  ml mal_Mlym  mn khk_Cyrl  mr mar_Deva  ms zsm_Latn  mt mlt_Latn  my mya_Mymr  nb nob_Latn
ne npi_Deva  nn nno_Latn  pa pan_Guru  ps pbt_Arab  ru rus_Cyrl  rw kin_Latn  scn scn_Latn  si sin_Sinh  sm smo_Latn
sn sna_Latn  so som_Latn  sq als_Latn  sr srp_Cyrl  su sun_Latn  sw swh_Latn  ta tam_Taml  te tel_Telu  tg tgk_Cyrl
th tha_Thai  uk ukr_Cyrl  ur urd_Arab  uz uzn_Latn  vec vec_Latn  xh xho_Latn  yi ydd_Hebr  yo yor_Latn  zh zho_Hans
zu zul_Latn
"""
"""Languages whose code is not simply their ISO 639-3 code plus `_Latn`."""
_LATIN = """
af ca cs cy da de en eo es eu fi fr ga gl hr hu id is it lt nl oc pl pt ro sk sl sv tl tr vi
"""
_TRADITIONAL = ("hant", "tw", "hk", "mo")


def flores_code(tag: str) -> str | None:
    """Return the code of a tag: `por_Latn` for pt, pt-BR and por, `zho_Hant` for zh-TW; None if it has no code."""
    code = primary(tag)
    if code == "zh" and any(part in _TRADITIONAL for part in tag.replace("_", "-").lower().split("-")):
        return "zho_Hant"
    return _named().get(code) or (f"{three_letters(code)}_Latn" if code in _LATIN.split() else None)


@cache
def _named() -> dict[str, str]:
    cells = iter(_NAMED.split())
    return dict(zip(cells, cells, strict=True))
