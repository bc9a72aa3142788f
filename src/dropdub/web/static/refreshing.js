// Brings parts of a page to what they are on the server.

const SHORTEST_MS = 1_000;
const AFTER_FAILURE_MS = 2_000;

/** Return a part of a page as HTML. */
export async function part(path) {
  const answer = await fetch(path);
  if (answer.status === 401) {
    location.reload();
  }
  if (!answer.ok) {
    throw new Error(answer.statusText);
  }
  return answer.text();
}

/** Show the HTML of a part; focus and scroll stay. */
export function swap(target, text) {
  return htmx.swap({ sourceElement: target, target, text, swap: "innerMorph" });
}

/** Return a function that has something read soon, however often it is called: once a second at most. */
export function throttled(read) {
  let lastRead = 0;
  let waiting = null;

  return function soon() {
    if (waiting === null) {
      const pause = Math.max(0, lastRead + SHORTEST_MS - Date.now());
      waiting = setTimeout(() => {
        waiting = null;
        lastRead = Date.now();
        read().catch(() => setTimeout(soon, AFTER_FAILURE_MS));
      }, pause);
    }
  };
}
