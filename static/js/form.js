// Small help on pages: theme switch, and a question before a step that names what it will do.

function currentTheme() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") {
    return chosen;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function showThemeSwitches() {
  const next = currentTheme() === "dark" ? "light" : "dark";
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    button.hidden = false;
    button.querySelector("span").textContent = next === "dark" ? button.dataset.toDark : button.dataset.toLight;
    button.querySelector("use").setAttribute("href", `/static/icons.svg#${next === "dark" ? "moon" : "sun"}`);
  }
}

function switchTheme() {
  const next = currentTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("songhe-theme", next);
  } catch {
    // Without storage the choice lasts for this page.
  }
  document.body.dispatchEvent(new CustomEvent("songhe:theme"));
  showThemeSwitches();
}

/** Asks with the page's dialog; resolves to true when the person goes ahead. */
export function ask(text) {
  const dialog = document.getElementById("confirm");
  if (!dialog?.showModal) {
    return Promise.resolve(window.confirm(text));
  }
  document.getElementById("confirm-text").textContent = text;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// data-confirm sits on a submit button or on a form; the text names what will happen.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const text = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!text || form.dataset.confirmed === "yes") {
    delete form.dataset.confirmed;
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  const submitter = event.submitter;
  if (await ask(text)) {
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
  }
}, true);

// A second click on a form that is under way must not send it twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") {
    return;
  }
  if (form.dataset.sent === "yes") {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
  }
});

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.addEventListener("click", switchTheme);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showThemeSwitches);
showThemeSwitches();

// The definition of a figure closes by Escape or by a click elsewhere.
function closeDefinitions(except) {
  for (const open of document.querySelectorAll("details.tile-def[open], .bottom details[open]")) {
    if (open !== except) {
      open.open = false;
    }
  }
}
document.addEventListener("click", (event) => {
  closeDefinitions(event.target.closest?.("details"));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    closeDefinitions(null);
  }
});

// After a refused form the first wrong field gets the focus.
document.querySelector('[aria-invalid="true"]')?.focus();
