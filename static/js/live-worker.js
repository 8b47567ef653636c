// SharedWorker: one event stream for all tabs of the browser. A stream per tab would use up
// the six connections that a browser gives one server, and the seventh tab would never load.
//
// A page says {kind:"hello", after} with the id of the last event its HTML already shows, so that nothing
// falls between drawing a page and listening; and {kind:"bye"} when it goes.

import { openLink } from "./live-link.js";

const RECENT_MAX = 500;
const ports = new Set();
let recent = [];
// Alarms that the server could not store yet, for pages that are opened now.
const unstored = new Map();
let link = null;

function tell(message) {
  if (message.kind === "gone") {
    link = null;
    recent = [];
    unstored.clear();
  } else if (message.kind === "link" && message.up) {
    // The server tells again of what is still not stored.
    unstored.clear();
  } else if (message.kind === "event" && message.data?.alarm !== undefined) {
    if (message.data.durable === false) {
      unstored.set(message.data.alarm, message);
    } else {
      unstored.delete(message.data.alarm);
    }
  } else if (message.kind === "event") {
    recent.push(message);
    recent = recent.slice(-RECENT_MAX);
  }
  for (const port of ports) {
    port.postMessage(message);
  }
}

function hello(port, after) {
  ports.add(port);
  if (!link) {
    recent = [];
    unstored.clear();
    link = openLink("/live", after, tell);
    return;
  }
  if (link.isUp() !== null) {
    port.postMessage({ kind: "link", up: link.isUp() });
  }
  if (after !== "") {
    for (const message of recent.filter((event) => Number(event.id) > Number(after))) {
      port.postMessage(message);
    }
  }
  for (const message of unstored.values()) {
    port.postMessage(message);
  }
}

function bye(port) {
  ports.delete(port);
  if (ports.size === 0 && link) {
    link.stop();
    link = null;
  }
}

self.addEventListener("connect", (connection) => {
  const port = connection.ports[0];
  port.addEventListener("message", (event) => {
    if (event.data?.kind === "hello") {
      hello(port, event.data.after);
    } else if (event.data?.kind === "bye") {
      bye(port);
    }
  });
  port.start();
});
