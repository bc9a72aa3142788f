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
    moderator caller operator teacher student customer waiter waitress doctor nurse officer interpreter translator
    professor professora aluno aluna cliente médico médica moderador moderadora entrevistado entrevistada tradutor
    """
)
"""Speakers without a name, in six languages."""
TITLES = word_set(
    """
    dr dra mr mrs ms prof sr sra srta dona dom señor señora señorita don doña herr frau m mme mlle monsieur madame
    mademoiselle signor signora signorina dott sgt lt
    """
)
"""Forms of address before a name, in six languages; not captains and kings, who begin titles of films too."""
SAYING_ENDS = ("说", "說", "道", "问", "問", "喊", "叫道", "回答", "と", "とは", "って")
"""Ends of what is said before a quotation in Chinese and Japanese: `他说：`."""
SOUND_SIGNS = (
    "笑", "泣", "哭", "拍手", "掌声", "掌聲", "音楽", "音乐", "音樂", "の音", "の声", "咳", "ため息", "息", "叹", "嘆",
    "鳴", "鸣", "웃음", "박수", "음악", "한숨", "울음", "소리", "기침",
)  # fmt: skip
"""What descriptions of sounds contain in Chinese, Japanese and Korean: laughter, tears, applause, music, sounds."""
NOT_SOUNDS = word_set(
    """
    am pm a.m p.m sic ca circa bc ad bce ce aka i.e e.g ie eg etc kg km cm mm ml plural singular optional opcional
    female male feminine masculine feminino masculino pt es en fr de it eu uk usa max min approx incl excl ed vol
    """
)
"""What stands in brackets within a sentence and is said."""
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
    pros cons input output before after pro con prós contras benefits benefit advantages advantage disadvantages
    ingredients ingredient recipe definition theorem proof lemma exercise exercises homework task tasks level round
    spoiler disclaimer quote city country spoken written meaning pronunciation synonym antonym plural singular
    remember imagine think consider listen said says say asked answered replied thought wrote shouted whispered
    added continued explained concluded asks answers thinks writes
    disse diz dizia respondeu perguntou pensou gritou escreveu falou contou explicou acrescentou dissemos disseram
    respondi perguntei pensei escrevi imagine pense lembrem lembra observação obs importante vantagens desvantagens
    definição exercício ingredientes receita cidade país significado
    dijo dice decía respondió preguntó pensó gritó escribió contó explicó dije pregunté respondí pensé imagina piensa
    recuerden ventajas desventajas definición ejercicio ciudad
    dit disait répondit demanda pensa cria écrivit expliqua ajouta rappel imaginez pensez avantages inconvénients
    définition exercice ingrédients recette ville pays attention
    sagte fragte antwortete dachte rief schrieb erklärte sagt fragt merke denken vorteile nachteile definition übung
    zutaten rezept stadt land
    disse dice rispose chiese pensò gridò scrisse ricorda ricordate immagina vantaggi svantaggi definizione esercizio
    zei zegt vroeg antwoordde dacht let onthoud opmerking waarschuwing vraag antwoord voorbeeld
    сказал сказала спросил спросила ответил ответила подумал подумала внимание примечание вопрос ответ пример помните
    powiedział powiedziała zapytał odpowiedział uwaga pytanie odpowiedź przykład
    قال قالت قلت يقول تقول سأل أجاب ملاحظة تحذير سؤال جواب مثال אמר אמרה אמרתי שאל ענה הערה אזהרה שאלה תשובה
    گفت گفتم پرسید कहा बोला बोली पूछा नोट चेतावनी प्रश्न उत्तर 注意 注 例 例えば 問題 答え 回答 结论 結論 问题 警告
    """
)
"""What people say or write before a colon that is no speaker, in six languages: `Note:`, `Question:`, `First:`."""
