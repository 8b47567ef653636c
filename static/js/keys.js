// Keyboard: `g` then a letter jumps to a navigation entry, `/` goes to the filter, `?` shows the help.

const WAIT_MS = 1500;
let waiting = 0;

function isTyping(target) {
  return target.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName);
}

function jump(key) {
  const entry = document.querySelector(`.nav a[data-key="${CSS.escape(key.toLowerCase())}"]`);
  if (entry) {
    location.assign(entry.href);
  }
}

function showHelp() {
  const help = document.getElementById("keys");
  if (help && !help.open) {
    help.showModal();
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) {
    return;
  }
  if (document.querySelector("dialog[open]")) {
    return;
  }
  if (waiting) {
    clearTimeout(waiting);
    waiting = 0;
    jump(event.key);
    return;
  }
  if (event.key === "g") {
    waiting = setTimeout(() => {
      waiting = 0;
    }, WAIT_MS);
  } else if (event.key === "?") {
    event.preventDefault();
    showHelp();
  } else if (event.key === "/") {
    const filter = document.querySelector("[data-filter]");
    if (filter) {
      event.preventDefault();
      filter.focus();
      filter.select();
    }
  }
});
