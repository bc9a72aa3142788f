"""Function words that decide where a line may end: those that belong to the next word, and those that open a phrase.

Sources: the grammar of each language, and the rules of subtitling guides: never break a line between article and noun,
preposition and noun, subject pronoun and verb, auxiliary or negation and verb, or number and what it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

# Articles, prepositions, possessives, demonstratives.
_HELPERS = {
    "en": """
        a an the of to in on at by for from with into onto over under about as my your his her its our their this
        these those every no
    """,
    "pt": """
        o os a as um uma uns umas de do da dos das em no na nos nas num numa por pelo pela pelos pelas para pra
        pro pros pras com sem sob sobre até entre durante desde contra após perante ante mediante conforme ao à aos
        às dum duma duns dumas nuns numas
        meu minha meus minhas teu tua teus tuas seu sua seus suas nosso nossa nossos nossas vosso vossa vossos vossas
        este esta estes estas esse essa esses essas aquele aquela aqueles aquelas
        deste desta destes destas desse dessa desses dessas daquele daquela daqueles daquelas
        neste nesta nestes nestas nesse nessa nesses nessas naquele naquela naqueles naquelas
        àquele àquela àqueles àquelas doutro doutra noutro noutra cada algum alguma alguns algumas nenhum nenhuma
        qualquer quaisquer cujo cuja cujos cujas
    """,
    "es": """
        el la los las lo un una unos unas de del a al en con sin por para sobre entre hasta desde su sus mi mis tu
        tus este esta estos estas ese esa esos esas aquel aquella aquellos aquellas nuestro nuestra nuestros nuestras
        cada algún ningún hacia según tras ante bajo cuyo cuya
    """,
    "fr": """
        le la les un une des de du d' l' à au aux en dans sur sous avec sans pour par chez entre vers ce cet cette
        ces mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs chaque
    """,
    "de": """
        der die das den dem des ein eine einen einem einer eines kein keine keinen im am ins zum zur vom beim mit
        von zu bei nach für auf aus an in um über unter durch gegen ohne vor hinter mein meine meinem meinen
        meiner dein deine sein seine seinem seinen seiner seines ihr ihre ihrem ihren ihrer unser unsere dieser
        diese dieses diesem jeder
    """,
    "it": """
        il lo la i gli le un uno una di del dello della dei degli delle a al allo alla ai agli alle da dal dalla
        in nel nella nei nelle con su sul sulla per tra fra il mio suo sua ogni
    """,
    "nl": """
        de het een van in op aan bij met voor door over onder naar uit tot te om zonder mijn jouw zijn haar ons
        onze hun dit deze die elke
    """,
    "ca": """
        el la els les un una uns unes de del dels d' l' a al als en amb sense per pel pels sobre fins el seu la
        seva meu meva aquest aquesta cada
    """,
    "ro": """
        un o unei unui de la în din pe cu fără pentru prin spre sub între al a ai ale acest această fiecare
    """,
    "pl": "w we z ze na do od o u po za przed pod nad przy dla bez przez mój moja twój jego jej ich ten ta to każdy",
    "cs": "v ve z ze s se na do od o u po za před pod nad při pro bez přes můj moje tvůj jeho její ten ta to každý",
    "ru": "в во на с со к ко о об от до из у за под над при для без через мой моя твой его её их этот эта каждый",
    "uk": "в у на з зі до від о об із за під над при для без через мій моя твій його її їх цей ця кожен",
    "sv": """
        en ett den det de i på av till från med för om vid under över utan hos min mitt din sin sitt vår denna
        varje
    """,
    "da": "en et den det de i på af til fra med for om ved under over uden hos min mit din sin sit vores denne hver",
    "nb": """
        en ei et den det de i på av til fra med for om ved under over uten hos min mitt din sin sitt vår denne
        hver
    """,
}
# Words that open a phrase: a break before them reads well, a break after them does not.
_JOINERS = {
    "en": "and but or nor because that which who when while if so then where although until unless",
    "pt": "e mas ou nem porque que quando enquanto se então onde embora como pois",
    "es": "y e pero o u ni porque que cuando mientras si entonces donde aunque como pues",
    "fr": "et mais ou ni parce que qu' qui quand lorsque pendant donc où si car comme",
    "de": "und aber oder denn weil dass ob wenn als während wo sondern damit obwohl",
    "it": "e ed ma o né perché che quando mentre allora dove se anche",
    "nl": "en maar of want omdat dat die als terwijl waar dus hoewel",
    "ca": "i però o ni perquè que quan mentre si doncs on",
    "ro": "și dar sau nici pentru că care când dacă unde deci",
    "pl": "i a ale lub albo bo że który która gdy kiedy jeśli gdzie więc",
    "cs": "a i ale nebo protože že který která když pokud kde tak",
    "ru": "и а но или потому что который которая когда если где чтобы",
    "uk": "і й та але або бо що який яка коли якщо де щоб",
    "sv": "och men eller för att som när om medan där så",
    "da": "og men eller fordi at som når hvis mens hvor så",
    "nb": "og men eller fordi at som når hvis mens hvor så",
}
# Subject pronouns, auxiliaries, negations: a break after them is best avoided.
_LEANERS = {
    "en": """
        i you he she we they is are was were am be been has have had will would can could do does did not very
        more too
    """,
    "pt": """
        eu tu ele ela nós eles elas você vocês é são foi era está estão tem têm vai vou não me te se lhe muito
        mais já
    """,
    "es": "yo él ella nosotros ellos ellas usted es son fue era está están ha han he va voy no me te se le muy más ya",
    "fr": "je tu il elle on nous vous ils elles est sont était a ont ai ne n' me te se y très plus bien",
    "de": "ich du er sie es wir ihr ist sind war waren hat haben habe wird werden kann nicht sich sehr mehr",
    "it": "io tu lui lei noi voi loro è sono era ha hanno ho non mi ti si ci vi molto più",
    "nl": "ik je jij hij zij ze wij we jullie is zijn was heeft hebben wordt niet zich zeer meer",
}


@dataclass(frozen=True)
class FunctionWords:
    """The function words of a language, in lower case."""

    helpers: frozenset[str]
    joiners: frozenset[str]
    leaners: frozenset[str]


@cache
def function_words(language: str | None) -> FunctionWords:
    """Return the function words for a language tag; none for an unlisted language.

    If the language is unknown (None), return those of six languages together.
    """
    primary = (language or "").replace("_", "-").partition("-")[0].lower()
    known = [primary] if primary in _HELPERS else ["en", "pt", "es", "fr", "de", "it"] if language is None else []
    return FunctionWords(_words(_HELPERS, known), _words(_JOINERS, known), _words(_LEANERS, known))


def _words(table: dict[str, str], languages: list[str]) -> frozenset[str]:
    return frozenset(word for language in languages for word in table.get(language, "").split())
