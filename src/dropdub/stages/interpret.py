"""interpret: translates what somebody has just said, while the listener waits for it."""

from __future__ import annotations

from dataclasses import asdict

from dropdub.config.glossary import terms_for
from dropdub.engines import answers
from dropdub.engines.abilities import TakesGlossary
from dropdub.languages import same_language
from dropdub.pipeline.task import Result, Task


def run(task: Task) -> Result:
    """Return the `text` (`params`) in the language `target`, from the language `source`; as it is if they are the same.

    Nothing is kept. Raises the errors of the engine.
    """
    text, source, target = (str(task.params[name]) for name in ("text", "source", "target"))
    if same_language(source, target):
        return {"text": text, "warnings": []}
    engine = task.engines.translator(task.options.translator, source=source, target=target)
    if isinstance(engine, TakesGlossary):
        engine.use_glossary(terms_for(task.options.glossary, target))
    [translated] = answers.translated(engine, [text], source=source, target=target)
    return {"text": translated.strip(), "engine": asdict(engine.info()), "warnings": []}
