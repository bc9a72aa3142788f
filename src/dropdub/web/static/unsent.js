// Sound that the server has not acknowledged yet, kept by the browser: it survives a reload, and a crash of the browser.

const NAME = "dropdub-unsent";
const STORE = "parts";

function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function opened() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return answered(request);
}

function keysOf(id) {
  return IDBKeyRange.bound([id, 0], [id, Infinity]);
}

/** The unsent parts of recordings, each under its recording's id and its first byte. Without a database, none is kept. */
export class Unsent {
  constructor() {
    this.database = opened().catch(() => null);
  }

  async store(mode) {
    const database = await this.database;
    return database?.transaction(STORE, mode).objectStore(STORE);
  }

  async keep(id, offset, sound) {
    const store = await this.store("readwrite");
    await (store && answered(store.put(sound, [id, offset])));
  }

  /** Forget the parts of a recording before a byte; all of them, if none is named. */
  async forget(id, before = Infinity) {
    const store = await this.store("readwrite");
    const range = before === Infinity ? keysOf(id) : IDBKeyRange.bound([id, 0], [id, before], false, true);
    await (store && answered(store.delete(range)));
  }

  /** Return the parts of a recording in order, as [offset, sound]. */
  async of(id) {
    const store = await this.store("readonly");
    if (!store) {
      return [];
    }
    const [keys, sounds] = await Promise.all([answered(store.getAllKeys(keysOf(id))), answered(store.getAll(keysOf(id)))]);
    return keys.map((key, index) => [key[1], sounds[index]]);
  }
}
