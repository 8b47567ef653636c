// On every page: whoever signs out, or in, leaves nothing of a day on the phone. Steps that were not sent stay until the person
// who made them signs in again, and whoever signs out is told so.

import { ask } from "./form.js";
import { FLAG, forgetTold, listSteps } from "./today-store.js";

/** The name that the worker gives to what it keeps of a day. */
const DAY = "songhe-today-day";

function hasKept() {
  try {
    return localStorage.getItem(FLAG) !== null;
  } catch {
    return false;
  }
}

const count = () => listSteps().then((steps) => steps.length, () => 0);

async function wipe() {
  await Promise.allSettled([globalThis.caches?.delete(DAY), forgetTold(() => true)]);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const isOut = form.getAttribute("action") === "/logout";
  const isIn = form.getAttribute("action") === "/login";
  if (!(isOut || isIn) || form.dataset.wiped === "yes" || !hasKept()) {
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  const unsent = isOut ? await count() : 0;
  if (unsent > 0 && !(await ask(form.dataset.unsent.replace("{n}", unsent)))) {
    return;
  }
  await wipe();
  form.dataset.wiped = "yes";
  form.requestSubmit(event.submitter);
}, true);

const line = document.querySelector("[data-unsent-count]");
if (line && hasKept()) {
  count().then((unsent) => {
    line.hidden = unsent === 0;
    line.textContent = line.dataset.unsentCount.replace("{n}", unsent);
  });
}
