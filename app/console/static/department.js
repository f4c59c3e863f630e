"use strict";
// Buttons that need a script show themselves only where it runs.
for (const button of document.querySelectorAll("[data-choose]")) {
  const boxes = () => [...document.querySelectorAll(`input[type="checkbox"][name="${button.dataset.choose}"]`)];
  button.hidden = boxes().length === 0;
  button.addEventListener("click", () => {
    const all = boxes().every((box) => box.checked);
    for (const box of boxes()) box.checked = !all;
  });
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
// Who types a long reply is there: the session is told so now and then. And a form is sent once, however often it is clicked.
const TOLD_EVERY = 300000;
const AGAIN_AFTER = 5000;
for (const form of document.querySelectorAll("form[data-typing]")) {
  let told = Date.now();
  if ([...form.querySelectorAll("textarea")].some((box) => box.value)) form.dataset.typed = "yes";
  // Leaving the page, or sending another of its forms, would lose the words.
  window.addEventListener("beforeunload", (event) => {
    if (form.dataset.typed) event.preventDefault();
  });
  form.addEventListener("input", () => {
    form.dataset.typed = "yes";
    if (Date.now() - told < TOLD_EVERY) return;
    told = Date.now();
    fetch(form.dataset.typing, { credentials: "same-origin" });
  });
}
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  delete event.target.dataset.typed;
  // Not for good: who stays, asked whether to leave, may send it after all.
  for (const button of event.target.querySelectorAll("button")) {
    setTimeout(() => (button.disabled = true));
    setTimeout(() => (button.disabled = false), AGAIN_AFTER);
  }
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const button of document.querySelectorAll("form button")) button.disabled = false;
});
