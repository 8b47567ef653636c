// A caregiver's day: steps are kept on the phone first and sent from there, so that a missing network changes nothing of what
// the caregiver does. Without a service worker or a database the page's own forms do the work, with a network.

import { askForStep, startDialog } from "./today-dialog.js";
import { cardIn } from "./today-evidence.js";
import { forwardMs, PAGE } from "./today-clock.js";
import { takePlace } from "./today-place.js";
import { sendAll } from "./today-send.js";
import { knownKeys, showBanner, showCards, showRefused } from "./today-show.js";
import { addStep, changeStep, FLAG, forgetTold, listSteps, listTold, open } from "./today-store.js";

const TICK_MS = 30000;
const REFRESH_MIN_MS = 60000;
const QUIET_MAX_MS = 300000;

const root = document.getElementById("today");
const user = Number(root.dataset.user);
const sending = new Set();
const channel = globalThis.BroadcastChannel ? new BroadcastChannel("songhe-today") : null;
let isSignedOut = false;
let failures = 0;
let quietUntil = 0;
let refreshedAt = 0;
let again = 0;
let drawnLast = "";

async function isAble() {
  if (!("serviceWorker" in navigator) || !globalThis.indexedDB || !globalThis.HTMLDialogElement || !PAGE) {
    return false;
  }
  try {
    await open();
    localStorage.setItem(FLAG, "yes");
    // An existing worker serves on where the network is missing at this moment.
    const registered = navigator.serviceWorker.register("/today/worker.js", { scope: "/today" });
    await registered.catch((error) => {
      if (!navigator.serviceWorker.controller) {
        throw error;
      }
    });
    return true;
  } catch {
    return false;
  }
}

/** Shows what is on the phone and what was answered. */
async function show() {
  const [all, told] = await Promise.all([listSteps(), listTold()]);
  const steps = all.filter((step) => step.user === user);
  const own = told.filter((one) => one.user === user);
  showCards(root, { steps, told: own, sending });
  showRefused(root, own, (uuid) => forgetTold((one) => one.uuid === uuid).then(changed));
  const text = (key, n) => root.dataset[key].replace("{n}", n);
  showBanner(root, "signed-out", isSignedOut && text("signedOut", steps.length));
  showBanner(root, "waiting", !isSignedOut && steps.length > 0 && text("waiting", steps.length));
  showBanner(root, "others", all.length > steps.length && text("others", all.length - steps.length));
}

/** Shows it here and in the other tabs. */
function changed() {
  channel?.postMessage("changed");
  return show();
}

/** `isPrompted`: something has happened that makes a network likely. */
async function flush(isPrompted) {
  if (!isPrompted && Date.now() < quietUntil && quietUntil - Date.now() <= QUIET_MAX_MS) {
    return;
  }
  const result = await sendAll(user, (step) => {
    sending.add(step.uuid);
    show();
  });
  sending.clear();
  failures = result.state === "offline" ? failures + 1 : 0;
  quietUntil = failures > 0 ? Date.now() + Math.min(TICK_MS * 2 ** (failures - 1), QUIET_MAX_MS) - TICK_MS / 2 : 0;
  if (result.again_ms) {
    clearTimeout(again);
    again = setTimeout(() => flush(true), result.again_ms);
  }
  isSignedOut = result.state === "signed-out" || (isSignedOut && !result.changed);
  await changed();
  if (result.changed) {
    await refresh();
  }
}

/** The office's page as it is now; the worker gives the kept one where there is no network. */
async function refresh() {
  let answer;
  let page;
  try {
    answer = await fetch("/today");
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return;
  }
  const fresh = page.getElementById("today");
  if (page.querySelector('form[action="/login"]')) {
    await signedOut();
    return;
  }
  if (!fresh) {
    return;
  }
  if (fresh.dataset.user !== root.dataset.user) {
    location.reload();
    return;
  }
  const isKept = answer.headers.has("songhe-kept");
  showBanner(root, "copy", isKept && root.dataset.keptCopy.replace("{at}", fresh.dataset.made));
  if (!isKept) {
    isSignedOut = false;
    refreshedAt = Date.now();
    replace(fresh);
    const known = knownKeys(root);
    await forgetTold((told) => told.state !== "refused" && known.has(told.uuid));
  }
  await show();
}

/** Only what differs is drawn anew: somebody may be about to press a button. */
function replace(fresh) {
  const drawn = fresh.querySelector("#today-visits").innerHTML;
  if (drawn === drawnLast) {
    return;
  }
  drawnLast = drawn;
  const focused = document.activeElement?.id;
  for (const part of ["#today-visits", ".sub"]) {
    root.querySelector(part).replaceWith(document.importNode(fresh.querySelector(part), true));
  }
  showCallButtons();
  if (focused && document.activeElement === document.body) {
    document.getElementById(focused)?.focus();
  }
}

/** With nothing to send there is nothing to stay for. */
async function signedOut() {
  isSignedOut = true;
  const steps = await listSteps();
  if (steps.every((step) => step.user !== user)) {
    location.assign("/login?next=/today");
    return;
  }
  await show();
}

/** The number with which the card at this door opened the page: the phone's camera reads it where the page cannot. */
function codeFor(card) {
  const isOpened = location.hash === `#${card.id}`;
  return isOpened ? cardIn(new URLSearchParams(location.search).get("card") ?? "") : undefined;
}

async function record(button) {
  const kind = button.dataset.step;
  const card = button.closest("[data-visit]");
  const { elder, time, visit } = card.dataset;
  const given = await askForStep(kind, `${button.textContent.trim()} · ${elder} ${time}`, codeFor(card));
  if (!given) {
    return;
  }
  // What was read on coming says nothing of leaving.
  if (kind !== "depart" && codeFor(card)) {
    history.replaceState(null, "", `${location.pathname}${location.hash}`);
  }
  // Nobody is asked where they set off from.
  const locating = kind !== "depart";
  const step = {
    uuid: crypto.randomUUID(),
    user,
    visit: Number(visit),
    elder,
    time,
    kind,
    device_at: new Date().toISOString(),
    device_ms: forwardMs(),
    page: PAGE,
    stored_at: Date.now(),
    locating,
    tries: 0,
    // Until the place is known; it stays so if the browser ends before.
    body: locating ? { ...given, no_position: "timeout" } : given,
  };
  let seq;
  try {
    seq = await addStep(step);
  } catch {
    // The phone's memory is full or broken: the page's own form needs none.
    button.form.submit();
    return;
  }
  await changed();
  document.getElementById(card.id)?.focus({ preventScroll: true });
  if (locating) {
    const place = await takePlace();
    await changeStep(seq, (now) => (now.tries > 0 ? null : { ...now, locating: false, body: { ...given, ...place } }));
  }
  await flush(true);
}

/** The number is asked for when it is needed, and is not kept. */
async function call(button) {
  button.disabled = true;
  let phone;
  try {
    const answer = await fetch(`/api/v1/visits/${button.dataset.call}/phone`, { method: "POST" });
    phone = answer.ok ? (await answer.json()).phone : undefined;
  } catch {
    phone = undefined;
  }
  button.disabled = false;
  if (!phone) {
    button.querySelector("span").textContent = phone === null ? root.dataset.noPhone : root.dataset.callFailed;
    return;
  }
  const link = document.createElement("a");
  link.className = "btn";
  link.href = `tel:${phone}`;
  link.append(button.querySelector("svg"), phone);
  button.replaceWith(link);
  link.focus();
  link.click();
}

function showCallButtons() {
  for (const button of root.querySelectorAll("[data-call]")) {
    button.hidden = false;
  }
}

/** A day sheet's code, where the kept page was given for its address. */
function openNamedVisit() {
  const id = /^V(\d+)-/i.exec(new URLSearchParams(location.search).get("visit") ?? "")?.[1];
  if (id && document.getElementById(`visit-${id}`)) {
    location.replace(`/today#visit-${id}`);
  }
}

async function isControlled() {
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) => {
      navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true });
    });
  }
}

async function start() {
  drawnLast = root.querySelector("#today-visits").innerHTML;
  showCallButtons();
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-call]");
    if (button) {
      call(button);
    }
  });
  openNamedVisit();
  if (!(await isAble())) {
    root.querySelector('[data-banner="unable"]').hidden = false;
    return;
  }
  navigator.storage?.persist?.().catch(() => {});
  startDialog();
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (button) {
      event.preventDefault();
      record(button);
    }
  });
  channel?.addEventListener("message", show);
  window.addEventListener("online", () => flush(true).then(refresh));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      flush(true).then(() => Math.abs(Date.now() - refreshedAt) > REFRESH_MIN_MS && refresh());
    }
  });
  setInterval(() => flush(false), TICK_MS);
  await show();
  root.dataset.ready = "yes";
  await flush(true);
  // From here on the worker keeps each page that comes.
  await isControlled();
  await refresh();
  root.dataset.kept = "yes";
}

start();
