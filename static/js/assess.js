// Filling an assessment in: how many items are answered, the next open one, and a warning before leaving.

const form = document.querySelector("[data-assess]");

function start() {
  const items = [...form.querySelectorAll("[data-item]")];
  const bar = form.querySelector("progress");
  const text = form.querySelector("output");
  const next = form.querySelector("[data-next]");
  const isAnswered = (item) => item.querySelector("input:checked") !== null;
  let isChanged = false;

  function show() {
    const answered = items.filter(isAnswered).length;
    bar.value = answered;
    text.value = text.dataset.text.replace("{n}", answered).replace("{of}", items.length);
    const open = items.find((item) => !isAnswered(item));
    next.hidden = !open;
    if (open) {
      next.setAttribute("href", `#${open.id}`);
    }
  }

  form.addEventListener("change", (event) => {
    isChanged = true;
    event.target.closest("[data-item]")?.classList.remove("missing");
    show();
  });
  form.addEventListener("submit", () => {
    isChanged = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (isChanged) {
      event.preventDefault();
    }
  });
  // An option that excludes all others takes their ticks away, and they its own.
  form.addEventListener("change", ({ target }) => {
    if (target.type !== "checkbox" || !target.checked || !target.name.startsWith("n.")) {
      return;
    }
    for (const other of form.querySelectorAll(`input[name="${CSS.escape(target.name)}"]:checked`)) {
      if (other !== target && (target.value === "none" || other.value === "none")) {
        other.checked = false;
      }
    }
  });
  show();
}

if (form) {
  start();
}
