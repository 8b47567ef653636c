// Sends the steps that wait: one tab at a time, in order for each visit, under a key that gives each one effect. A step leaves the
// queue when the office has taken it, or has refused it for good; for everything else it stays.

import { changeStep, listSteps, settleStep } from "./today-store.js";
import { forwardMs, PAGE } from "./today-clock.js";
import { PLACE_MAX_MS } from "./today-place.js";

const LOCK = "songhe-today-send";
const ANSWER_MAX_MS = 60000;
const PAUSE_MIN_MS = 30000;
const PAUSE_MAX_MS = 300000;
/** A step that has waited for longer was made without a network. */
const AT_ONCE_MS = 60000;
/** A page that was going to know its place by then has ended. */
const LOCATING_MAX_MS = PLACE_MAX_MS + 2000;
/** Another tab is sending. */
const BUSY_MS = 3000;
// Of these the same request may still be taken later.
const NOT_FINAL = new Set([401, 408, 425, 429]);

/**
 * Sends what `user` made. `tell` hears of each step before it goes. Resolves with {changed, state, again_ms}: `changed` when the
 * queue did, `state` is "sent", "waiting", "offline" or "signed-out", `again_ms` when it is worth trying again soon.
 */
export function sendAll(user, tell) {
  const run = () => drain(user, tell);
  const busy = { changed: false, state: "waiting", again_ms: BUSY_MS };
  // Where there are no locks, two tabs may send the same step: its key still gives it one effect.
  return navigator.locks ? navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? run() : busy)) : run();
}

/** The step after the last one looked at: one that is made meanwhile goes along. */
async function following(user, last) {
  return (await listSteps()).find((step) => step.user === user && step.seq > last);
}

async function drain(user, tell) {
  const result = { changed: false, state: "sent" };
  const held = new Set();
  let step = { seq: 0 };
  while ((step = await following(user, step.seq))) {
    if (held.has(step.visit) || isPaused(step) || isLocating(step)) {
      held.add(step.visit);
      result.state = "waiting";
      result.again_ms = isLocating(step) ? LOCATING_MAX_MS : result.again_ms;
      continue;
    }
    // Counted before it goes: whatever happens now, it may have arrived.
    const going = await changeStep(step.seq, (now) => ({ ...now, tries: now.tries + 1, locating: false }));
    if (!going) {
      continue;
    }
    tell(step);
    const outcome = await send(going);
    if (outcome.told) {
      await settleStep(step.seq, outcome.told);
      result.changed = true;
      continue;
    }
    if (outcome.stop) {
      return { ...result, state: outcome.stop };
    }
    await changeStep(step.seq, (now) => ({ ...now, pause_until: Date.now() + outcome.pause_ms }));
    held.add(step.visit);
    result.state = "waiting";
  }
  return result;
}

// The phone's clock may be set meanwhile: no wait is longer than its limit.
function isPaused(step) {
  const left = (step.pause_until ?? 0) - Date.now();
  return left > 0 && left <= PAUSE_MAX_MS;
}

/** The page that made the step is still asking where it is. */
function isLocating(step) {
  return step.locating && Math.abs(Date.now() - step.stored_at) < LOCATING_MAX_MS;
}

function report(step) {
  const isSamePage = step.page === PAGE;
  const now = forwardMs();
  const isLate = !isSamePage || now - step.device_ms > AT_ONCE_MS;
  const body = {
    ...step.body,
    kind: step.kind,
    device_at: step.device_at,
    sent_at: new Date().toISOString(),
    device_ms: step.device_ms,
    offline: step.tries > 1 || isLate,
  };
  return isSamePage ? { ...body, sent_ms: now } : body;
}

async function send(step) {
  let answer;
  let body;
  try {
    answer = await fetch(`/api/v1/visits/${step.visit}/steps`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "accept-language": document.documentElement.lang,
        "idempotency-key": step.uuid,
        "songhe-user": String(step.user),
      },
      body: JSON.stringify(report(step)),
      signal: AbortSignal.timeout?.(ANSWER_MAX_MS),
    });
    const isJson = /\bjson\b/.test(answer.headers.get("content-type") ?? "");
    body = isJson ? await answer.json() : null;
  } catch {
    return { stop: "offline" };
  }
  return judge(step, answer, body);
}

// A network that asks for a sign-in of its own answers for us: only what is in our own form counts.
function judge(step, answer, body) {
  if (answer.ok && body?.outcome) {
    const state = body.outcome === "taken" ? "accepted" : "uploaded";
    return { told: { ...summary(step), state, code_found: body.code_found } };
  }
  if (body?.code === "signed_out" || body?.code === "password_due") {
    return { stop: "signed-out" };
  }
  const isFinal = answer.status >= 400 && answer.status < 500 && !NOT_FINAL.has(answer.status);
  if (isFinal && body?.code && !body.retryable) {
    const rules = (body.fields ?? []).map((field) => field.rule);
    return { told: { ...summary(step), state: "refused", text: [body.detail, ...rules].join(" ") } };
  }
  const asked = Number(answer.headers.get("retry-after")) * 1000 || 0;
  const grown = PAUSE_MIN_MS * 2 ** Math.min(step.tries - 1, 4);
  return { pause_ms: Math.min(Math.max(asked, grown), PAUSE_MAX_MS) };
}

/** What is still shown of a step that has left the queue: no photo, no signature, no place. */
function summary({ uuid, user, visit, elder, time, kind, device_at }) {
  return { uuid, user, visit, elder, time, kind, device_at, told_at: Date.now() };
}
