"""Texts to read aloud while a voice is recorded: half a minute each, with all sounds of the language."""

from __future__ import annotations

from collections.abc import Mapping

READING_TEXTS: Mapping[str, str] = {
    "en": (
        "Please call me tomorrow, around half past nine, before the children leave for school. The weather should be "
        "fine, so we could walk along the river, buy some fresh bread and cheese, and have lunch under the old oak. "
        "Would you like to join us? Bring a thick jacket, though: the wind gets sharp in the evening. What a view you "
        "have from up there, over the whole valley, the bridge and the small white church!"
    ),
    "pt": (
        "Amanhã, por volta das nove e meia, ligue para mim antes que as crianças saiam para a escola. O tempo deve "
        "ficar bom; então podemos caminhar ao longo do rio, comprar pão fresco e queijo, e almoçar debaixo da velha "
        "árvore. Você não gostaria de vir também? Mas traga um casaco: à noite o vento fica frio. Que vista linda se "
        "tem lá de cima, sobre o vale inteiro, a ponte e a igrejinha branca!"
    ),
    "es": (
        "Llámame mañana, hacia las nueve y media, antes de que los niños se vayan al colegio. Hará buen tiempo, así "
        "que podríamos pasear junto al río, comprar pan recién hecho y queso, y comer bajo el viejo roble. ¿Te "
        "gustaría venir con nosotros? Trae una chaqueta gruesa: por la noche el viento es frío. ¡Qué vista tan bonita "
        "hay desde allí arriba, sobre todo el valle, el puente y la pequeña iglesia blanca!"
    ),
    "fr": (
        "Appelez-moi demain, vers neuf heures et demie, avant que les enfants partent à l'école. Il devrait faire "
        "beau ; nous pourrions donc marcher le long de la rivière, acheter du pain frais et du fromage, et déjeuner "
        "sous le vieux chêne. Voulez-vous venir avec nous ? Prenez une veste chaude : le soir, le vent est froid. "
        "Quelle belle vue on a de là-haut, sur toute la vallée, le pont et la petite église blanche !"
    ),
    "de": (
        "Rufen Sie mich bitte morgen gegen halb zehn an, bevor die Kinder zur Schule gehen. Das Wetter soll schön "
        "werden; wir könnten also am Fluss entlanglaufen, frisches Brot und Käse kaufen und unter der alten Eiche zu "
        "Mittag essen. Möchten Sie mitkommen? Bringen Sie aber eine dicke Jacke mit: Abends wird der Wind kühl. Was "
        "für ein Blick von dort oben, über das ganze Tal, die Brücke und die kleine weiße Kirche!"
    ),
    "it": (
        "Chiamami domani, verso le nove e mezza, prima che i bambini vadano a scuola. Il tempo dovrebbe essere bello, "
        "quindi potremmo camminare lungo il fiume, comprare pane fresco e formaggio, e pranzare sotto la vecchia "
        "quercia. Vuoi venire con noi? Porta però una giacca pesante: la sera il vento è freddo. Che bella vista si "
        "ha da lassù, su tutta la valle, il ponte e la piccola chiesa bianca!"
    ),
}
"""By language. A speaker of another language reads a text of their own: what matters is the voice."""
LANGUAGE_NAMES: Mapping[str, str] = {
    "en": "English", "pt": "Português", "es": "Español", "fr": "Français", "de": "Deutsch", "it": "Italiano",
}  # fmt: skip
