/* Before the first paint: the look this person chose here; without a choice the system's. */
(function () {
  "use strict";
  try {
    var chosen = localStorage.getItem("tallystick-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.bsTheme = chosen;
  } catch (_) { /* no storage: the system's look */ }
})();
