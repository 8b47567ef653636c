// The bed board by keyboard: arrow keys go from bed to bed, Home and End to the first and the last. The search jumps to the
// bed without a new page: Enter goes to the first match, and on to the next; a bed named in the address takes the focus.

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) {
    return;
  }
  const current = event.target.closest?.("[data-bed]");
  if (!current) {
    return;
  }
  const beds = [...document.querySelectorAll("[data-bed]")];
  const index = beds.indexOf(current);
  let next = null;
  if (event.key in STEPS) {
    next = beds[index + STEPS[event.key]];
  } else if (event.key === "Home") {
    next = beds[0];
  } else if (event.key === "End") {
    next = beds[beds.length - 1];
  }
  if (next) {
    event.preventDefault();
    reveal(next);
    next.focus();
  }
});

const search = document.querySelector("[data-bed-search]");
const typed = search?.querySelector("input[type=search]");
const told = document.getElementById("bed-hits");
const hint = told?.textContent ?? "";

function matches() {
  const text = typed.value.trim();
  if (!text) {
    return [];
  }
  return [...document.querySelectorAll("[data-bed]")].filter(
    (bed) => bed.dataset.who.includes(text) || bed.dataset.place.includes(text),
  );
}

function tell(found, index) {
  const first = found[Math.max(index, 0)];
  told.textContent = !typed.value.trim()
    ? hint
    : first
      ? search.dataset.found
          .replace("{n}", String(found.length))
          .replace("{index}", String(Math.max(index, 0) + 1))
          .replace("{bed}", `${first.dataset.place} ${first.dataset.who}`.trim())
      : search.dataset.none;
}

function mark() {
  const found = matches();
  for (const bed of document.querySelectorAll("[data-bed].hit")) {
    bed.classList.toggle("hit", found.includes(bed));
  }
  for (const bed of found) {
    bed.classList.add("hit");
  }
  return found;
}

// A bed of a floor that is closed on the phone is shown first.
function reveal(bed) {
  const floor = bed.closest("details");
  if (floor) {
    floor.open = true;
  }
}

function go(bed) {
  reveal(bed);
  bed.scrollIntoView({ block: "center" });
  bed.focus();
  history.replaceState(history.state, "", `#${bed.id}`);
}

if (search) {
  let index = -1;
  let last = "";
  typed.addEventListener("input", () => {
    index = -1;
    tell(mark(), index);
  });
  search.addEventListener("submit", (event) => {
    event.preventDefault();
    const found = mark();
    if (typed.value !== last) {
      index = -1;
      last = typed.value;
    }
    index = found.length ? (index + 1) % found.length : -1;
    tell(found, index);
    if (found.length) {
      go(found[index]);
    }
  });
  // Escape leads back from a bed to the search.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest?.("[data-bed]")) {
      typed.focus();
      typed.select();
    }
  });
  // The board is drawn again when something changes: what was found stays marked.
  document.body.addEventListener("htmx:afterSwap", mark);
}

function focusNamed() {
  const bed = location.hash.startsWith("#bed-") && document.getElementById(location.hash.slice(1));
  if (bed && bed.matches("[data-bed]")) {
    go(bed);
  }
}

window.addEventListener("hashchange", focusNamed);
focusNamed();
