// Loaded on every signed-in page: turns live events into DOM events, keeps marked values and ages current.
//
// For each event: `songhe:TOPIC` on document.body with {data, id} as detail, at once.
// For htmx: `songhe:TOPIC-changed`, at most once a second and always after the last event, only while the page
// is visible. (htmx's own throttle drops the last event of a burst and would leave a page stale.)

import { TOPICS } from "./live-link.js";
import { startAges, setServerTime } from "./ages.js";

const SETTLE_MS = 1000;
// Topics whose events change a figure of the board.
const COUNTED = new Set(["visit", "assessment", "stay", "alert", "device", "registry"]);
const settling = new Map();

function announce(name, detail) {
  document.body.dispatchEvent(new CustomEvent(name, { detail }));
}

function changed(topic) {
  const state = settling.get(topic) ?? { timer: 0, pending: false };
  settling.set(topic, state);
  if (state.timer || document.visibilityState === "hidden") {
    state.pending = true;
    return;
  }
  state.pending = false;
  announce(`songhe:${topic}-changed`);
  state.timer = setTimeout(() => {
    state.timer = 0;
    if (state.pending) {
      changed(topic);
    }
  }, SETTLE_MS);
}

function flushPending() {
  for (const [topic, state] of settling) {
    if (state.pending) {
      changed(topic);
    }
  }
}

function showLink(up) {
  const banner = document.getElementById("link-lost");
  if (banner) {
    banner.hidden = up;
  }
  document.documentElement.dataset.link = up ? "up" : "lost";
  announce("songhe:link", { up });
}

function flash(element) {
  element.classList.remove("live-new");
  // Restarts the animation: reading a layout value makes the removal count.
  void element.offsetWidth;
  element.classList.add("live-new");
  setTimeout(() => element.classList.remove("live-new"), 2500);
}

function showReading(reading) {
  if (!reading || reading.device_id === undefined) {
    return;
  }
  const key = CSS.escape(`reading:${reading.device_id}:${reading.channel}`);
  // Words differ by language; numbers do not.
  const text = reading.value_texts?.[document.documentElement.lang] ?? reading.value_text;
  for (const element of document.querySelectorAll(`[data-live-value=${key}]`)) {
    if (element.textContent !== text) {
      element.textContent = text;
      flash(element);
    }
  }
  for (const element of document.querySelectorAll(`[data-live-at=${key}]`)) {
    element.textContent = reading.at_text ?? "";
    if (reading.at && element.localName === "time") {
      element.dateTime = reading.at;
    }
  }
}

// An alarm that the server could not store yet is said at once and stays until it is stored, or the page comes anew.
function showUnstored(alert) {
  const place = document.getElementById("unstored-alerts");
  if (!place || !alert || alert.alarm === undefined) {
    return;
  }
  place.querySelector(`[data-alarm="${CSS.escape(alert.alarm)}"]`)?.remove();
  if (alert.durable !== false) {
    return;
  }
  const banner = document.createElement("div");
  banner.className = "banner bad";
  banner.dataset.alarm = alert.alarm;
  const text = document.createElement("p");
  text.textContent = alert.texts?.[document.documentElement.lang] ?? "";
  banner.append(text);
  place.append(banner);
}

function receive(message) {
  if (message.kind === "event") {
    if (message.topic === "alert") {
      showUnstored(message.data);
    }
    if (message.topic === "reading") {
      showReading(message.data);
    }
    announce(`songhe:${message.topic}`, { data: message.data, id: message.id });
    changed(message.topic);
    // Any of these may move a figure; a reading by itself moves none.
    if (message.topic !== "reading") {
      changed("figures");
    }
    if (COUNTED.has(message.topic)) {
      changed("figures");
    }
  } else if (message.kind === "link") {
    if (message.up) {
      // What is still not stored is told again after this.
      document.getElementById("unstored-alerts")?.replaceChildren();
    }
    showLink(message.up);
  } else if (message.kind === "missed") {
    TOPICS.forEach(changed);
  } else if (message.kind === "beat") {
    setServerTime(message.at);
  } else if (message.kind === "gone") {
    // Spelled as the server spells it: whichever of the two is first, the address is one.
    const back = encodeURIComponent(location.pathname + location.search).replaceAll("%2F", "/");
    location.assign(`/login?next=${back}`);
  }
}

let close = () => {};
// Whoever signs out here goes where the server sends them; the other tabs hear that the session is gone.
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/logout") {
    close();
  }
});

async function connectAlone(after) {
  const { openLink } = await import("./live-link.js");
  const link = openLink("/live", after, receive);
  close = link.stop;
}

function connect() {
  const after = document.body.dataset.liveAfter ?? "";
  if (typeof SharedWorker !== "function") {
    connectAlone(after);
    return;
  }
  const worker = new SharedWorker("/static/js/live-worker.js", { type: "module", name: "songhe-live" });
  worker.port.addEventListener("message", (event) => receive(event.data));
  worker.port.start();
  worker.port.postMessage({ kind: "hello", after });
  // A browser that knows SharedWorker but not modules in it.
  worker.addEventListener("error", () => connectAlone(after), { once: true });
  close = () => worker.port.postMessage({ kind: "bye" });
}

window.addEventListener("pagehide", () => close());
window.addEventListener("pageshow", (event) => {
  // A page out of the back-forward cache has said good-bye and missed what happened since.
  if (event.persisted) {
    location.reload();
  }
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    flushPending();
  }
});
// The server answers a fragment request of an ended session with 401: go to the log-in page, not into the fragment.
document.body.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) {
    receive({ kind: "gone" });
  }
});

startAges();
connect();
