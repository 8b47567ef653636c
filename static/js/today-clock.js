// A clock that only runs forward, whatever the phone's own clock is set to.
//
// performance.now() stands still while a phone sleeps, which it does in every pocket. Sleeping shows as a gap between the two
// clocks over a time in which the page was hidden; a gap while the page was in sight means that somebody set the clock.

const TICK_MS = 5000;
const GAP_MIN_MS = 2000;

/** Names this load of the page: another one counts from another beginning. */
export const PAGE = globalThis.crypto?.randomUUID?.() ?? "";

let slept = 0;
let wall = Date.now();
let forward = performance.now();
let wasHidden = document.visibilityState === "hidden";

function tick() {
  const gap = Date.now() - wall - (performance.now() - forward);
  if (wasHidden && gap > GAP_MIN_MS) {
    slept += gap;
  }
  wall = Date.now();
  forward = performance.now();
  wasHidden = document.visibilityState === "hidden";
}

/** Whole milliseconds since this page began. */
export function forwardMs() {
  tick();
  return Math.round(forward + slept);
}

document.addEventListener("visibilitychange", tick);
setInterval(tick, TICK_MS);
