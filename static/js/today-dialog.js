// The question before a step: what it is, what may be added, and one large button.

import { canScan, scan, shrink, writeOn } from "./today-evidence.js";

const dialog = document.getElementById("step");
const form = document.getElementById("step-form");
const part = (name) => form.querySelector(`[data-${name}]`);
const signature = writeOn(part("sign"));
let photo = "";
let kind = "";
let answer = () => {};

function showError(field, is) {
  form.querySelector(`[data-error="${field}"]`).hidden = !is;
}

function showPhoto(url) {
  const image = part("photo");
  image.hidden = !url;
  image.src = url || "data:,";
  const label = part("photo-label");
  label.textContent = url ? label.dataset.some : label.dataset.none;
}

function reset(title) {
  form.reset();
  signature.clear();
  photo = "";
  showPhoto("");
  for (const error of form.querySelectorAll("[data-error]")) {
    error.hidden = true;
  }
  for (const shown of form.querySelectorAll("[data-for]")) {
    shown.hidden = !shown.dataset.for.split(" ").includes(kind);
  }
  document.getElementById("step-title").textContent = title;
  const confirm = part("confirm-step");
  confirm.textContent = confirm.dataset[kind];
  confirm.disabled = false;
}

/** What belongs to the step, or nothing while something is missing. */
function evidence() {
  const text = (name) => form.elements[name].value.trim();
  if (kind === "depart") {
    return {};
  }
  const given = {};
  if (kind !== "fail" && text("code")) {
    given.code = text("code");
  }
  if (kind === "finish") {
    const path = signature.path();
    Object.assign(given, text("problem") && { problem: text("problem") }, photo && { photo });
    Object.assign(given, path && { signature_path: path });
  }
  if (kind !== "arrive" && text("note")) {
    given.note = text("note");
  }
  if (kind === "fail") {
    const chosen = form.querySelector("[name=reason]:checked");
    const isNoteMissing = Boolean(chosen?.matches("[data-needs-note]")) && !text("note");
    showError("reason", !chosen);
    showError("note", isNoteMissing);
    if (!chosen || isNoteMissing) {
      (chosen ? form.elements.note : form.querySelector("[name=reason]")).focus();
      return null;
    }
    given.reason = chosen.value;
  }
  return given;
}

/** Asks for a step of a visit; resolves with what is added to it, or with nothing. `code` was read at the door already. */
export function askForStep(wanted, title, code) {
  kind = wanted;
  reset(title);
  form.elements.code.value = code ?? "";
  dialog.showModal();
  dialog.scrollTop = 0;
  part("confirm-step").focus({ preventScroll: true });
  return new Promise((resolve) => {
    answer = resolve;
  });
}

function finish(given) {
  answer(given);
  answer = () => {};
  if (dialog.open) {
    dialog.close();
  }
}

async function takeFile(input, use, field) {
  const file = input.files[0];
  input.value = "";
  if (!file) {
    return;
  }
  const confirm = part("confirm-step");
  confirm.disabled = true;
  try {
    showError(field, !(await use(file)));
  } catch {
    showError(field, true);
  }
  confirm.disabled = false;
}

export function startDialog() {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = evidence();
    if (given) {
      finish(given);
    }
  });
  for (const button of form.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => finish(null));
  }
  dialog.addEventListener("close", () => finish(null));
  part("sign-clear").addEventListener("click", signature.clear);
  part("photo-file").addEventListener("change", ({ target }) => takeFile(target, async (file) => {
    const small = await shrink(file);
    photo = small.base64;
    showPhoto(small.url);
    return true;
  }, "photo"));
  part("scan").hidden = !canScan;
  part("scan-file").addEventListener("change", ({ target }) => takeFile(target, async (file) => {
    const code = await scan(file);
    form.elements.code.value = code ?? form.elements.code.value;
    return code;
  }, "code"));
}
