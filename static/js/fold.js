// Parts of a long page that are closed on a phone until somebody opens them: <details data-fold id="..." open>. What was opened or
// closed by hand stays so when the part is fetched anew.

const narrow = window.matchMedia("(max-width: 720px)");
const chosen = new Map();
let settling = false;

function settle() {
  settling = true;
  for (const part of document.querySelectorAll("details[data-fold]")) {
    const named = location.hash === `#${part.id}`;
    part.open = chosen.get(part.id) ?? (named || !narrow.matches);
  }
  // The events of these changes come later, and are nobody's choice.
  setTimeout(() => {
    settling = false;
  });
}

document.addEventListener(
  "toggle",
  (event) => {
    if (!settling && event.target.matches?.("details[data-fold]")) {
      chosen.set(event.target.id, event.target.open);
    }
  },
  true,
);
document.addEventListener("htmx:afterSettle", settle);
narrow.addEventListener("change", settle);
// A link to a part of the page opens it.
window.addEventListener("hashchange", () => {
  const named = document.getElementById(location.hash.slice(1));
  if (named?.matches("details[data-fold]")) {
    named.open = true;
    named.scrollIntoView();
  }
});
window.addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details[data-fold]")) {
    part.open = true;
  }
});
settle();
