// The service worker of /today and of nothing else: keeps the page's files, and the last page of the day for 24 hours, so that it
// opens without a network. VERSION, FILES and OFFLINE are written in front of this text by the program. It sends nothing: steps
// wait in the page's own database.

/* global VERSION, FILES, OFFLINE */

const SHELL = `songhe-today-${VERSION}`;
// The pages that sign people in and out delete it by this name.
const DAY = "songhe-today-day";
const PAGE = "/today";
const KEPT_AT = "songhe-kept";
const KEPT_MAX_MS = 24 * 60 * 60 * 1000;
/** A network that takes longer is as good as none while there is something to show. */
const WAIT_MS = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(tidy().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) {
    return;
  }
  if (url.pathname === PAGE) {
    event.respondWith(day(event, url));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(file(event.request, url));
  }
});

async function fill() {
  const cache = await caches.open(SHELL);
  await cache.addAll([...FILES, OFFLINE].map((path) => new Request(path, { cache: "no-cache" })));
}

async function tidy() {
  const old = (await caches.keys()).filter((name) => name.startsWith("songhe-today-") && ![SHELL, DAY].includes(name));
  await Promise.all(old.map((name) => caches.delete(name)));
}

function within(promise, ms) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("slow")), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function day(event, url) {
  const answer = fetch(event.request).then(async (got) => {
    await keep(got, url);
    return got;
  });
  const kept = await keptDay();
  if (!kept) {
    return answer.catch(() => shell(OFFLINE));
  }
  event.waitUntil(answer.catch(() => {}));
  try {
    const got = await within(answer, WAIT_MS);
    return got.status >= 500 ? kept : got;
  } catch {
    return kept;
  }
}

/** Keeps a page of the day, and nothing that only took its place, such as the sign-in. */
async function keep(got, url) {
  if (got.status !== 200 || got.redirected) {
    return;
  }
  const copy = got.clone();
  const headers = new Headers(copy.headers);
  headers.set(KEPT_AT, String(Date.now()));
  // The body comes decoded.
  headers.delete("content-encoding");
  headers.delete("content-length");
  const cache = await caches.open(DAY);
  await cache.put(PAGE, new Response(await copy.blob(), { headers }));
  if (url.searchParams.has("lang")) {
    await (await caches.open(SHELL)).add(OFFLINE).catch(() => {});
  }
}

async function keptDay() {
  const cache = await caches.open(DAY);
  const kept = await cache.match(PAGE, { ignoreVary: true });
  if (kept && Math.abs(Date.now() - Number(kept.headers.get(KEPT_AT))) > KEPT_MAX_MS) {
    await caches.delete(DAY);
    return undefined;
  }
  return kept;
}

async function shell(path) {
  const cache = await caches.open(SHELL);
  return (await cache.match(path, { ignoreVary: true })) ?? Response.error();
}

// The network first, so that page and scripts are of one version wherever there is one.
async function file(request, url) {
  try {
    const got = await within(fetch(request), WAIT_MS);
    return got.ok || got.status === 304 ? got : shell(url.pathname);
  } catch {
    return shell(url.pathname);
  }
}
