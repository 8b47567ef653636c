// Relative ages on <time data-age datetime=...>. Texts come from data attributes of <body>, so this file knows no language.
// An element with data-stale-s gets the class `stale` once it is older than that many seconds.

const TICK_MS = 5000;
let skewMs = 0;

/** Corrects the browser's clock by the server's: `at` is an ISO instant, or null when the server sends none. */
export function setServerTime(at) {
  const serverMs = at ? Date.parse(at) : Number.NaN;
  if (!Number.isNaN(serverMs)) {
    skewMs = serverMs - Date.now();
  }
}

function ageText(age_s) {
  const text = document.body.dataset;
  if (age_s < 5) {
    return text.ageNow;
  }
  if (age_s < 60) {
    return text.ageS?.replace("{n}", String(Math.floor(age_s / 5) * 5));
  }
  if (age_s < 3600) {
    return text.ageMin?.replace("{n}", String(Math.floor(age_s / 60)));
  }
  if (age_s < 86400) {
    return text.ageH?.replace("{n}", String(Math.floor(age_s / 3600)));
  }
  return text.ageD?.replace("{n}", String(Math.floor(age_s / 86400)));
}

function tick() {
  const nowMs = Date.now() + skewMs;
  for (const element of document.querySelectorAll("time[data-age]")) {
    const atMs = Date.parse(element.dateTime);
    if (Number.isNaN(atMs)) {
      continue;
    }
    const age_s = Math.max(0, (nowMs - atMs) / 1000);
    const text = ageText(age_s);
    if (text && element.textContent !== text) {
      // The exact instant, as the server wrote it, stays in reach.
      element.title ||= element.textContent;
      element.textContent = text;
    }
    const stale_s = Number(element.dataset.staleS);
    element.classList.toggle("stale", stale_s > 0 && age_s > stale_s);
  }
}

export function startAges() {
  tick();
  setInterval(tick, TICK_MS);
  document.body.addEventListener("htmx:afterSettle", tick);
  document.body.addEventListener("songhe:reading", tick);
}
