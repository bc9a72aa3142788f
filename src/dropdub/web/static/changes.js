// What somebody has changed of a list of lines: new texts by the numbers of lines, new names of speakers, and the steps
// by which it came so, for undo and redo. Nothing here touches the page or the server.

/** Return whether two contents, `{lines, speakers}`, change the same. */
export function same(one, other) {
  const flat = (content) =>
    JSON.stringify([
      content.lines.map((line) => [line.n, line.before, line.text]).sort((a, b) => a[0] - b[0]),
      Object.entries(content.speakers).sort(),
    ]);
  return flat(one) === flat(other);
}

/** Join what two tabs have made of `base`. Where both have changed a line, mine stays, and `disputed` names theirs. */
export function merged(base, mine, theirs) {
  const disputed = [];
  const [old, own, other] = [base, mine, theirs].map((side) => new Map(side.lines.map((line) => [line.n, line])));
  const lines = [];
  for (const n of new Set([...own.keys(), ...other.keys()])) {
    const [was, here, there] = [old, own, other].map((side) => side.get(n)?.text);
    const line = here === was ? other.get(n) : own.get(n);
    if (here !== was && there !== was && there !== here) {
      disputed.push({ n, theirs: there ?? own.get(n)?.before });
    }
    if (line) {
      lines.push(line);
    }
  }
  const speakers = {};
  for (const name of new Set([...Object.keys(mine.speakers), ...Object.keys(theirs.speakers)])) {
    const isMine = mine.speakers[name] !== base.speakers[name];
    const chosen = isMine ? mine.speakers[name] : theirs.speakers[name];
    if (chosen !== undefined) {
      speakers[name] = chosen;
    }
  }
  return { content: { lines, speakers }, disputed };
}

export class Changes {
  /** `originals`: the texts by number. `onChange` is called with the numbers and the speakers that have changed. */
  constructor(originals, onChange) {
    this.originals = originals;
    this.onChange = onChange;
    this.texts = new Map();
    this.names = new Map();
    this.others = []; // changes of lines that were published again since: kept, but not to be made
    this.done = [];
    this.undone = [];
    this.typed = null;
  }

  text(n) {
    return this.texts.get(n) ?? this.originals.get(n);
  }

  name(speaker) {
    return this.names.get(speaker) ?? speaker;
  }

  get count() {
    return this.texts.size + this.names.size;
  }

  /** What can be made: the lines that are still as they were when they were changed. */
  get content() {
    const lines = [...this.texts].map(([n, text]) => ({ n, before: this.originals.get(n), text }));
    return { lines: lines.sort((a, b) => a.n - b.n), speakers: Object.fromEntries(this.names) };
  }

  /** What is kept. */
  get all() {
    return { ...this.content, lines: [...this.content.lines, ...this.others] };
  }

  /** Take over a content that was kept, without a step that could be undone. */
  take(content) {
    const before = [...this.texts.keys()];
    const fits = (line) => this.originals.get(line.n) === line.before;
    this.others = content.lines.filter((line) => !fits(line));
    this.texts = new Map(content.lines.filter(fits).map((line) => [line.n, line.text]));
    const speakers = [...this.names.keys(), ...Object.keys(content.speakers)];
    this.names = new Map(Object.entries(content.speakers));
    this.onChange([...new Set([...before, ...this.texts.keys()])], speakers);
  }

  /** Note, for undo, that some lines had another text in another tab. */
  note(disputed) {
    const lines = disputed.map(({ n, theirs }) => ({ n, from: theirs, to: this.text(n) }));
    this.done.push({ lines: lines.filter((line) => this.originals.has(line.n)), names: [] });
  }

  /** Change lines, `[n, text]`, and speakers, `[speaker, name]`, in one step. */
  change(lines, names = []) {
    const step = {
      lines: lines.map(([n, to]) => ({ n, from: this.text(n), to })).filter((one) => one.from !== one.to),
      names: names.map(([name, to]) => ({ name, from: this.name(name), to })).filter((one) => one.from !== one.to),
    };
    this.rest();
    if (step.lines.length + step.names.length > 0) {
      this.done.push(step);
      this.undone = [];
      this.#set(step, "to");
    }
  }

  /** Change a line while it is typed: until `rest`, that is one step. */
  type(n, text) {
    if (this.typed !== n) {
      this.typed = n;
      this.done.push({ lines: [{ n, from: this.text(n), to: text }], names: [] });
    }
    this.undone = [];
    const step = this.done.at(-1);
    step.lines[0].to = text;
    this.#set(step, "to");
  }

  /** Let what is typed next be a step of its own. */
  rest() {
    this.typed = null;
  }

  /** The steps that can be undone and redone. */
  get steps() {
    return { done: this.done, undone: this.undone };
  }

  /** Continue with the steps of an earlier load of the page, which led to the same content. */
  resume({ done, undone }) {
    this.done = done;
    this.undone = undone;
    this.onChange([], []);
  }

  undo() {
    this.#move(this.done, this.undone, "from");
  }

  redo() {
    this.#move(this.undone, this.done, "to");
  }

  #move(source, target, which) {
    this.rest();
    const step = source.pop();
    if (step) {
      target.push(step);
      this.#set(step, which);
    }
  }

  #set(step, which) {
    for (const one of step.lines) {
      if (one[which] === this.originals.get(one.n)) {
        this.texts.delete(one.n);
      } else {
        this.texts.set(one.n, one[which]);
      }
    }
    for (const one of step.names) {
      if (one[which] === one.name) {
        this.names.delete(one.name);
      } else {
        this.names.set(one.name, one[which]);
      }
    }
    this.onChange(
      step.lines.map((one) => one.n),
      step.names.map((one) => one.name),
    );
  }
}
