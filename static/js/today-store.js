// The phone's memory: steps that the office has not answered yet, and what it has answered. A step goes from the first to the
// second in one transaction, so that a browser which is killed in between loses nothing.

const NAME = "songhe-today";
/** Set once this browser has kept anything, so that other pages need not look. */
export const FLAG = "songhe-today";
const TOLD_MAX_MS = 24 * 60 * 60 * 1000;

let opened = null;

/** The open database; rejects where the browser has none for us. */
export function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("steps", { keyPath: "seq", autoIncrement: true });
      request.result.createObjectStore("told", { keyPath: "uuid" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** Runs `work` in one transaction; resolves when it is on the disk, with what `work` gives back. */
async function write(stores, work) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, "readwrite", { durability: "strict" });
    let result;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(transaction.error);
    work(transaction, (value) => {
      result = value;
    });
  });
}

async function all(store) {
  const database = await open();
  return new Promise((resolve, reject) => {
    const request = database.transaction(store).objectStore(store).getAll();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Steps that wait, in the order in which they were made. */
export const listSteps = () => all("steps");
/** What the office answered: accepted, uploaded, or refused with its words. */
export const listTold = () => all("told");

/** Keeps a step; resolves with its place in the queue once it is on the disk. */
export function addStep(step) {
  return write(["steps"], (transaction, give) => {
    const request = transaction.objectStore("steps").add(step);
    request.onsuccess = () => give(request.result);
  });
}

/** Changes a step that still waits to what `change` makes of it; resolves with that, or with nothing. */
export function changeStep(seq, change) {
  return write(["steps"], (transaction, give) => {
    const steps = transaction.objectStore("steps");
    const request = steps.get(seq);
    request.onsuccess = () => {
      const changed = request.result && change(request.result);
      if (changed) {
        steps.put(changed);
        give(changed);
      }
    };
  });
}

/** Takes a step out of the queue and keeps what the office said of it. */
export function settleStep(seq, told) {
  return write(["steps", "told"], (transaction) => {
    transaction.objectStore("steps").delete(seq);
    transaction.objectStore("told").put(told);
  });
}

/** Forgets answers: those that `isSeen` says are shown otherwise, and old ones; a refusal only when it was read. */
export async function forgetTold(isSeen) {
  const old = (told) => told.state !== "refused" && Math.abs(Date.now() - told.told_at) > TOLD_MAX_MS;
  const gone = (await listTold()).filter((told) => isSeen(told) || old(told));
  if (gone.length > 0) {
    await write(["told"], (transaction) => {
      for (const told of gone) {
        transaction.objectStore("told").delete(told.uuid);
      }
    });
  }
}
