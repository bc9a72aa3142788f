"""Words before a colon that are surely speakers, and words that never are. Data."""

from __future__ import annotations

from dropdub.sentence_ends import word_set

ROLES = word_set(
    """
    narrator man woman boy girl child kid voice announcer reporter interviewer interviewee host speaker all both
    crowd narrador narradora homem mulher menino menina rapaz moça voz locutor locutora repórter entrevistador
    entrevistadora apresentador apresentadora todos ambos multidão hombre mujer niño niña chico chica reportero
    presentador narrateur narratrice homme femme garçon fille voix tous journaliste erzähler erzählerin mann
    frau junge mädchen stimme sprecher sprecherin alle narratore uomo donna ragazzo ragazza voce tutti
    """
)
"""Speakers without a name, in six languages."""
NO_NAMES = word_set(
    """
    note notes nb ps p.s warning caution danger attention example examples question answer tip hint remember
    look listen important result results conclusion summary update rule step chapter part lesson episode section
    number total first second third fourth last finally however also today tomorrow yesterday now then here
    there yes no ok okay well so but and or the a an in on at it he she we they you i what why how who where
    when which this that these those one two three four five six seven eight nine ten monday tuesday wednesday
    thursday friday saturday sunday fact facts problem solution reason point case time date place address phone
    email url http https website source sources title subject re fwd idea goal option options plan true false
    wait stop guess breaking news score age price cost name names translation subtitles captions day night year
    week month scene act verse chorus nota notas aviso cuidado perigo atenção exemplo pergunta resposta dica
    lembre lembrete olha olhe ouça importante resultado conclusão resumo regra passo capítulo parte lição
    episódio seção número primeiro primeira segundo segunda terceiro último finalmente porém hoje amanhã ontem
    agora aqui sim não bem então mas e ou o os as um uma é problema solução motivo ponto caso hora data lugar
    endereço telefone site fonte fontes título assunto ideia opção peligro atención ejemplo pregunta respuesta
    recuerda mira oye conclusión resumen regla paso lección sección primero tercero hoy mañana ayer ahora aquí
    sí bien entonces pero y el la los las un una solución razón punto fecha dirección teléfono fuente opción
    remarque avertissement exemple réponse conseil résultat règle étape chapitre partie leçon épisode premier
    deuxième enfin aujourd'hui demain hier maintenant ici oui non bon alors mais et le les une problème raison
    hinweis achtung warnung vorsicht gefahr beispiel frage antwort tipp ergebnis regel schritt kapitel teil
    lektion erstens zweitens drittens heute morgen gestern jetzt ja nein gut aber und oder der die das ein eine
    lösung grund punkt fazit avvertenza attenzione esempio domanda risposta consiglio risultato regola capitolo
    primo secondo oggi domani ieri adesso qui sì bene allora ma il lo gli uno
    """
)
"""What people say or write before a colon that is no speaker, in six languages: `Note:`, `Question:`, `First:`."""
