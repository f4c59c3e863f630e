"use strict";
// Every htmx request carries the session's token; a refused one is told where it was asked.
document.addEventListener("htmx:configRequest", (event) => {
  const meta = document.querySelector('meta[name="csrf"]');
  if (meta && meta.content) event.detail.headers["X-CSRF-Token"] = meta.content;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const status = event.detail.xhr.status;
  if (status >= 400) {
    const told = document.getElementById("told");
    event.detail.shouldSwap = true;
    event.detail.target = told;
    event.detail.swapOverride = "innerHTML";
  }
});
// A button that asks first says so in data-ask.
document.addEventListener("submit", (event) => {
  const asker = event.submitter && event.submitter.dataset.ask ? event.submitter : event.target;
  if (asker.dataset && asker.dataset.ask && !window.confirm(asker.dataset.ask)) event.preventDefault();
});
// A wide table that must be scrolled can be reached by keyboard.
const reachable = () => {
  for (const one of document.querySelectorAll(".wide")) {
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
  }
};
document.addEventListener("DOMContentLoaded", reachable);
document.addEventListener("htmx:afterSettle", reachable);
window.addEventListener("resize", reachable);
