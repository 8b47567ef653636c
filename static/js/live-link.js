// One link to the server's event stream: watches the heartbeat, reconnects with back-off, resumes after the last id.
// Used by the SharedWorker (one link per browser) and, where there is none, by the page itself.

export const TOPICS = ["visit", "assessment", "stay", "reading", "alert", "device", "registry", "figures"];
const SILENCE_MAX_MS = 6000;
const BACKOFF_MIN_MS = 1000;
const BACKOFF_MAX_MS = 10000;

/**
 * Opens the link and keeps it open until `stop()`. `after` is the id of the last event already known, or "".
 * `tell` receives {kind:"event", topic, data, id}, {kind:"link", up}, {kind:"beat", at},
 * {kind:"missed"} and {kind:"gone"}.
 */
export function openLink(url, after, tell) {
  let source = null;
  let lastId = after;
  let up = null;
  let heardAt = 0;
  let backoffMs = BACKOFF_MIN_MS;
  let retryTimer = 0;
  let stopped = false;

  function setUp(now) {
    if (up !== now) {
      up = now;
      tell({ kind: "link", up });
    }
  }

  function heard() {
    heardAt = Date.now();
    backoffMs = BACKOFF_MIN_MS;
    setUp(true);
  }

  function drop() {
    if (source) {
      source.close();
      source = null;
    }
  }

  function retry() {
    drop();
    setUp(false);
    if (stopped || retryTimer) {
      return;
    }
    retryTimer = setTimeout(() => {
      retryTimer = 0;
      connect();
    }, backoffMs * (0.75 + Math.random() * 0.5));
    backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS);
  }

  function connect() {
    if (stopped) {
      return;
    }
    drop();
    heardAt = Date.now();
    // A new EventSource forgets Last-Event-ID, so the id travels in the address.
    source = new EventSource(lastId ? `${url}?after=${encodeURIComponent(lastId)}` : url);
    source.onopen = () => {
      heardAt = Date.now();
    };
    source.onerror = retry;
    source.addEventListener("beat", (event) => {
      heard();
      tell({ kind: "beat", at: parse(event.data)?.at ?? null });
    });
    // More was missed than the server still keeps: every part of the page has to be fetched again.
    source.addEventListener("reload", (event) => {
      heard();
      lastId = event.lastEventId || lastId;
      tell({ kind: "missed" });
    });
    source.addEventListener("gone", () => {
      stop();
      tell({ kind: "gone" });
    });
    for (const topic of TOPICS) {
      source.addEventListener(topic, (event) => {
        heard();
        if (event.lastEventId) {
          lastId = event.lastEventId;
        }
        tell({ kind: "event", topic, data: parse(event.data), id: event.lastEventId });
      });
    }
  }

  const watch = setInterval(() => {
    if (source && Date.now() - heardAt > SILENCE_MAX_MS) {
      retry();
    }
  }, 1000);

  function stop() {
    stopped = true;
    clearInterval(watch);
    clearTimeout(retryTimer);
    drop();
  }

  connect();
  return { stop, isUp: () => up };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
