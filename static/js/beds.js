// The bed board by keyboard: arrow keys go from bed to bed, Home and End to the first and the last.

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
    next.focus();
  }
});
