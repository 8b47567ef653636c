// Runs before the first paint, so that a page never flashes in the other theme.
(function () {
  try {
    const theme = localStorage.getItem("songhe-theme");
    if (theme === "light" || theme === "dark") {
      document.documentElement.dataset.theme = theme;
    }
  } catch {
    // Storage may be closed to us; the system's preference then decides.
  }
})();
