"""Abbreviations of ten languages, by what their period means. The one list for translation, speech and line breaks."""

from __future__ import annotations

import re
from enum import StrEnum, auto

_NAMES = """
sr sra srs sras srta srtas srª srº dr dra drs dras drª prof profa profs profª profº prof.ª prof.ssa proff eng engª engº
arq exmo exma exmos exmas ilmo ilma excmo excma revmo revma rev revdo mons mr mrs ms mx messrs hon gen col lt capt cpt
cpl sgt maj cmdr adm gov sen esq insp supt dña dn ud uds vd vds lic gral cnel tte sgto pdte pte mm mme mmes mlle mlles
mgr dipl ing sigg sig.ra sig.na dott dott.ssa avv geom rag dhr mevr frl
e.g i.e z.b d.h v.g p.ex u.u u.a i.d.r s.o s.u o.ä i.a c.-à-d p.es
vs bzw ca cf cfr vgl sog evtl ggf inkl exkl zzgl approx aprox obs séc sécs viz
Hr Hrn Sig Mag Pres
bzgl wg Fam Fa o.g egr spett gent.mo gent.ma mudr judr phdr
św inż hab bp abp płk kpt ks проф акад доц тов обл пер св напр г-н г-жа δρ
"""
"""Before names, or in the middle of a thought: these never end a sentence."""
_PLACES = """
st ste av avda ave blvd bd rd hwy pça pza ctra trav estr dpto depto apto apt pág págs pagg pp vol vols núm nums nº nrs
máx mín tel tél telef fls abb abs kap aufl hrsg verf trad org orgs coord dept univ assn ref refª v.chr n.chr chap éd
Al Ed Rod Mt Ft Pl Sq Str Pe Fr Ten Brig Alm Des Dep Arch Insp Cel Cav Bd
Sto Sta Cap Cx Mal Ass Min Rel Sec Rep Attn Pvt Bs As Sn Doç Cad Sok Mah
deg med hr gem geb gest ehem str bijv tzv np tzn tzw tj im ul woj sv dl
ул пр просп бул вул см ср им ім див гг вв οδ λεωφ
"""
"""Before names or numbers; they end a sentence only if a word follows that begins one."""
_COMPANIES = """
jr inc ltd corp co bros llc plc gmbh mio mrd jh jhd jhdt std sek pty Cia Cía
"""
"""After names and numbers: they end a sentence if nothing or a word follows that begins one."""
_NUMBERED = """
art arts cap caps fig figs ex no nr num nos pag sec ch min max fl chs ver tab est inc al pt ext
env ft km kom kb rys ust pkt poz godz ur zm tab tys mln mld odst písm blz kl
стр стор ст оф рис табл гл кв корп руб коп тыс тис млн млрд грн тел род σελ αρ τηλ
jan feb fev mar apr abr jun jul aug ago sep sept set oct out okt nov dec dez déc janv févr avr juil
"""
"""Before numbers; without one they are common words in one of the languages (`no`, `art`, `mar`)."""
_CLOSING = """
etc usw ecc ltda a.m p.m a.C d.C A.D B.C e.C a.E.C B.C.E т.д т.п н.э κ.λπ κ.ά κ.τ.λ π.Χ μ.Χ π.μ μ.μ m.m
"""
"""At the end of a thought: they end a sentence if a capital follows."""
_SINGLE_WORDS = frozenset("IÉÀÓ")
"""Words of one letter that can be the last of a sentence."""
_VOWELS = frozenset("aeiouyáàâãéêíóôõúèìòù")

_STARTERS = """
the this that these those he she it we they you i there here but and so then when while what why how where if as after
before although however because my your his her its our their yes not now nobody everyone everything nothing some many
most another each did does is are was were can could would should let please also only even still perhaps maybe
meanwhile later today tomorrow yesterday in on at for from with to of no by
o a os as um uma ele ela eles elas eu nós você vocês isso isto aquilo este esta esse essa aquele aquela mas e ou porque
quando onde como se então depois antes agora hoje ontem amanhã já não sim também ainda até com para por em na nos nas
que quem qual há foi era é são está estão tem têm seu sua meu minha todos todas tudo nada ninguém alguém cada assim logo
pois portanto porém contudo entretanto embora durante sobre
él ellos ellas yo nosotros usted ustedes esto eso aquel pero y cuando donde si entonces después ahora hoy ayer ya sí
también aún su mi todo nadie alguien muy así es son fue hay
un une il elle ils on je nous vous tu ce cet cette ces mais et quand où alors après avant maintenant hier demain
aujourd'hui déjà non oui aussi encore avec pour par dans sur sous qui quel son sa ses leur mon ma mes tout tous rien
personne chaque ainsi puis donc c j qu n s m
die das ein eine er sie es wir ihr ich und aber oder denn weil wenn als während wo dann danach jetzt heute gestern
nein auch noch mit für zu bei im am auf aus nach nicht dies diese dieser dieses alle alles nichts niemand jeder hier
dort da doch wer wie warum
lo gli lui lei loro noi voi io questo questa quello ma perché dove allora dopo prima ora oggi ieri domani già anche per
che chi sono ha hanno suo tutto tutti niente nessuno ogni così poi quindi
el la los las le les des der den il i al del di du de do dos das van von della l d
on ona ono oni one ja ty my wy to ten te ci ale na po z od dla że jak kiedy gdzie jeśli potem teraz dziś wczoraj jutro
wszyscy nikt tak jego jej ich był była było są jest nie
он она оно они я ты мы вы это этот эта эти но и а в на по с у к за из для что как когда где если потом затем теперь
сегодня вчера завтра все всё никто так также его её их мой не был была было
ο η το οι τα τον την του της των αυτός αυτή αυτό και αλλά στο στη στην στον με για από όταν που πού τι πώς αν μετά
τότε τώρα σήμερα χθες αύριο δεν θα να
"""
"""Words that begin a sentence if they are written with a capital, and are hardly ever names."""
_PARTICLES = "el la los las le les des der den al del di du de do dos das da van von della l d"
"""Those that may be part of a name after an initial: `J. Le Goff`, `V. Van Gogh`."""
_DAYS_AND_ZONES = """
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
october november december eastern pacific central mountain standard gmt utc est edt cst cdt mst mdt pst pdt bst cet
cest brt bst wet west
"""
"""Words with a capital that continue a time: `at 5 p.m. Monday`, `5 p.m. EST`."""

_STREET = re.compile(r"[^\W\d_]{2,}str")
"""A German street: `Goethestr. 5`."""
_LETTERS = re.compile(r"(?:[^\W\d_]{1,3}\.-?)*[^\W\d_]{1,3}")
_DOUBLED = re.compile(r"([A-HJ-WYZ])\1")
"""The plural of initials: `EE. UU.`, `FF. AA.`; not the Roman numbers II and XX."""
_FIRST_WORD = re.compile(r"[^\W_]+")
_ROMAN = re.compile(r"[IVXLCDM]+")
_MARK_OF_NUMBER = re.compile(r"(?:[A-Z]{0,2}[$€£¥]|[Nn]\.?[º°ª]s?|[Nn]r\.|§{1,2}|#)")


class Kind(StrEnum):
    """What the period of an abbreviation means for the sentence."""

    NAME = auto()
    """It never ends a sentence."""
    PLACE = auto()
    """It ends one only if a word follows that begins sentences."""
    COMPANY = auto()
    """The same, and also if nothing follows."""
    NUMBER = auto()
    """It ends one unless a number follows."""
    CLOSING = auto()
    """It ends one if a capital follows."""


def _listed() -> dict[str, Kind]:
    lists = (_NUMBERED, Kind.NUMBER), (_COMPANIES, Kind.COMPANY), (_PLACES, Kind.PLACE), (_NAMES, Kind.NAME)
    return {word: kind for words, kind in (*lists, (_CLOSING, Kind.CLOSING)) for word in words.split()}


_KINDS = _listed()
STARTERS, _OF_NAMES = frozenset(_STARTERS.split()), frozenset(_PARTICLES.split())
_OF_TIMES = frozenset(_DAYS_AND_ZONES.split())


def kind_of(word: str) -> Kind | None:
    """Return what the period of a word means (`Dr`, `e.g`, `J`, `U.S`); None if the word is no abbreviation.

    Words that are listed with a capital (`Ed`) are abbreviations only if they have one.
    """
    found = _KINDS.get(word) or _KINDS.get(word.lower())
    if found is not None:
        return found
    if len(word) == 1:
        is_word = word in _SINGLE_WORDS or word in _VOWELS or not word.isalpha()
        return None if is_word else Kind.PLACE
    is_dotted = "." in word and _LETTERS.fullmatch(word) is not None
    return Kind.PLACE if is_dotted or _DOUBLED.fullmatch(word) or _STREET.fullmatch(word) else None


def ends_before(word: str, following: str) -> bool:
    """Return whether an abbreviation ends its sentence before the text `following`, which starts with a word."""
    kind = kind_of(word)
    if kind is None:
        return True
    first = _FIRST_WORD.search(following)
    if first is None or kind is Kind.NAME:
        return kind not in (Kind.NAME, Kind.PLACE)
    if kind is Kind.NUMBER:
        return not is_number(first[0]) or (word.lower() == "no" and first[0] == "I")
    if kind is Kind.CLOSING:
        return not (word.lower() in ("a.m", "p.m") and first[0].lower() in _OF_TIMES)
    return _begins_sentence(first, following, is_initial=len(word) == 1)


def is_number(word: str) -> bool:
    """Return whether a word is a number, in digits or Roman letters."""
    return word[:1].isdigit() or _ROMAN.fullmatch(word) is not None


def is_mark_of_number(text: str) -> bool:
    """Return whether a text is a sign that belongs to the number after it: `R$`, `n.º`, `§`."""
    return _MARK_OF_NUMBER.fullmatch(text) is not None


def _begins_sentence(first: re.Match[str], following: str, *, is_initial: bool) -> bool:
    """Return whether a first word with a capital begins a sentence, rather than continuing a name."""
    word, after = first[0], following[first.end() : first.end() + 1]
    if following[: first.start()].endswith(("¿", "¡")):
        return True
    if not word[:1].isupper() or word.lower() not in STARTERS:
        return False
    if after == "." and (len(word) == 1 or kind_of(word) is not None):
        return False
    return not (is_initial and word.lower() in _OF_NAMES)
