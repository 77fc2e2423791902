/* Comforts only: every page works without this file. */
(function () {
  "use strict";

  function typing(target) {
    return target.closest("input, textarea, select, [contenteditable]") !== null;
  }

  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (menu !== except) menu.open = false;
    });
  }

  function move(step) {
    var rows = Array.from(document.querySelectorAll("[data-open]"));
    if (!rows.length) return;
    var here = rows.indexOf(document.activeElement);
    if (here < 0) {
      var row = document.activeElement.closest("tr");
      here = row ? rows.findIndex(function (link) { return row.contains(link); }) : -1;
    }
    var next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : here + step;
    rows[Math.max(0, Math.min(rows.length - 1, next))].focus();
  }

  // `/` searches, `j` and `k` walk through the rows, Enter follows the focused link by itself.
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      var open = document.querySelector("details.menu[open]");
      if (open) { open.open = false; open.querySelector("summary").focus(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      var search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      move(event.key === "j" ? 1 : -1);
    }
  });

  document.addEventListener("click", function (event) {
    closeMenus(event.target.closest("details.menu"));
  });

  // A form is sent once. The server would record it once anyway.
  document.addEventListener("submit", function (event) {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
    event.target.querySelectorAll("button").forEach(function (button) {
      button.setAttribute("aria-disabled", "true");
      if (button.dataset.busy) {
        button.dataset.idle = button.innerHTML;
        button.textContent = button.dataset.busy;
      }
    });
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
      form.querySelectorAll("button[data-idle]").forEach(function (button) {
        button.innerHTML = button.dataset.idle;
      });
    });
  });

  // A page that renews itself says so when it cannot: what it shows may not be so any more.
  function answering(yes) {
    document.querySelectorAll("[data-not-answering]").forEach(function (notice) { notice.hidden = yes; });
  }
  document.addEventListener("htmx:sendError", function () { answering(false); });
  document.addEventListener("htmx:responseError", function () { answering(false); });
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.successful) answering(true);
  });

  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  document.querySelectorAll("[data-theme-switch]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      var root = document.documentElement;
      var shown = root.dataset.bsTheme || (dark.matches ? "dark" : "light");
      root.dataset.bsTheme = shown === "dark" ? "light" : "dark";
      try { localStorage.setItem("tallystick-theme", root.dataset.bsTheme); } catch (_) { /* for now */ }
    });
  });
})();
