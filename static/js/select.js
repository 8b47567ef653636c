// Rows that are chosen by their boxes: <form data-bulk>. All of the page at once, several in a row with Shift, and the arrow keys go
// from box to box. What others change meanwhile is fetched anew only while nothing is chosen.

const form = document.querySelector("form[data-bulk]");
let last = null;

function boxes() {
  return [...form.querySelectorAll("input[name=row]")];
}

function count() {
  const all = boxes();
  const chosen = all.filter((box) => box.checked).length;
  for (const place of form.querySelectorAll("[data-count]")) {
    place.textContent = chosen ? form.dataset.counted.replace("{n}", chosen) : "";
  }
  for (const box of all) {
    box.closest("tr").classList.toggle("bulk-chosen", box.checked);
  }
  const submit = form.querySelector("button[type=submit]");
  if (submit) {
    submit.disabled = chosen === 0;
  }
  return chosen;
}

/** Chooses all rows of the page, or none where all are chosen. */
function chooseAll() {
  const all = boxes();
  const wanted = all.some((box) => !box.checked);
  for (const box of all) {
    box.checked = wanted;
  }
  count();
}

/** Gives the boxes between two the state of the second. */
function range(from, to) {
  const all = boxes();
  const [first, end] = [all.indexOf(from), all.indexOf(to)].sort((a, b) => a - b);
  if (first >= 0) {
    for (const box of all.slice(first, end + 1)) {
      box.checked = to.checked;
    }
  }
}

form?.addEventListener("click", (event) => {
  if (event.target.closest("[data-select-all]")) {
    event.preventDefault();
    chooseAll();
    return;
  }
  const box = event.target.closest("input[name=row]");
  if (box) {
    if (event.shiftKey && last) {
      range(last, box);
    }
    last = box;
    count();
  }
});

form?.addEventListener("change", count);

form?.addEventListener("keydown", (event) => {
  const box = event.target.closest("input[name=row]");
  if (!box || event.altKey || event.isComposing) {
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") {
    event.preventDefault();
    chooseAll();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const all = boxes();
    const next = all[all.indexOf(box) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) {
      return;
    }
    event.preventDefault();
    if (event.shiftKey) {
      box.checked = true;
      next.checked = true;
      count();
    }
    last = next;
    next.focus();
  }
});

const rows = () => document.getElementById("rows");
const topic = rows()?.dataset.topic;
if (form && topic) {
  document.body.addEventListener(`songhe:${topic}-changed`, () => {
    const words = form.querySelector("textarea")?.value ?? "";
    if (count() === 0 && words === "") {
      window.htmx?.trigger(rows(), "bulk-refresh");
    } else {
      form.querySelector("[data-changed]").hidden = false;
    }
  });
  document.body.addEventListener("htmx:afterSettle", count);
}
// A page out of the browser's memory has its boxes as they were left.
window.addEventListener("pageshow", () => form && count());
if (form) {
  count();
}
