// A button that copies what is shown once. Where the browser has no clipboard for pages, the text is selected instead.

for (const button of document.querySelectorAll("[data-copy]")) {
  const from = document.getElementById(button.dataset.copy);
  if (!from) {
    continue;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(from.textContent.trim());
      button.querySelector("span").textContent = button.dataset.copied;
    } catch {
      getSelection()?.selectAllChildren(from);
    }
  });
}
