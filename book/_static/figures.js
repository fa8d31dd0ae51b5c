// A figure that is wider than the page is scrolled, also with the keyboard.
(function () {
  function mark(figure) {
    if (figure.scrollWidth > figure.clientWidth + 1) {
      figure.tabIndex = 0;
      figure.setAttribute("role", "region");
      const sheet = figure.querySelector(".sheet");
      figure.setAttribute("aria-label", "Figure, scrolls sideways: " + sheet.ariaLabel.slice(0, 60));
    } else {
      figure.removeAttribute("tabindex");
      figure.removeAttribute("role");
      figure.removeAttribute("aria-label");
    }
  }
  const watcher = new ResizeObserver((seen) => seen.forEach((entry) => mark(entry.target)));
  document.querySelectorAll(".book-figure").forEach((figure) => watcher.observe(figure));
})();
