// Ask the server, and word its refusals.

/** An error with the sentence and the remedy of the server's answer. */
export async function refusal(answer) {
  const found = await answer.json().catch(() => null);
  const error = new Error([found?.error?.message ?? answer.statusText, found?.remedy].filter(Boolean).join(" "));
  error.status = answer.status;
  return error;
}

/** Ask the server; fails with its sentence if it refuses. */
export async function ask(path, options = {}) {
  const answer = await fetch(path, options);
  if (!answer.ok) {
    throw await refusal(answer);
  }
  return answer;
}
