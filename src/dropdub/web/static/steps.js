// Undo and redo after a reload: in the tab in which something was changed, as long as it is as that tab has left it.

import { same } from "./changes.js";
import { attempt } from "./draft.js";

/** Continue with the steps that this tab has left, and leave them again. `changes` must be loaded. */
export function keepSteps(address, changes) {
  const key = `dropdub-steps:${address}`;
  const left = attempt(() => JSON.parse(sessionStorage.getItem(key)));
  // Another tab, or the same page in between, may have changed what the steps are about.
  if (left && changes.done.length === 0 && same(left.content, changes.all)) {
    changes.resume(left.steps);
  }
  addEventListener("pagehide", () => {
    attempt(() => sessionStorage.setItem(key, JSON.stringify({ content: changes.all, steps: changes.steps })));
  });
}
