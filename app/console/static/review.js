"use strict";
// The review desk by keyboard. The server knows nothing of keys: every key does what a click or a form does.
(() => {
  const all = (what, within) => Array.from((within || document).querySelectorAll(what));
  const by = (id) => document.getElementById(id);
  const opened = () => (by("letter") ? by("letter").dataset.number : "");
  const typing = (element) => element.matches("input:not([type=radio]):not([type=checkbox]), textarea, select");

  function show() {
    const number = opened();
    all("#queue .row").forEach((row) => {
      const open = row.dataset.number === number;
      row.classList.toggle("open", open);
      const link = row.querySelector("a");
      if (open) { link.setAttribute("aria-current", "true"); row.scrollIntoView({ block: "nearest" }); } else link.removeAttribute("aria-current");
      const box = row.querySelector("input");
      if (box) box.disabled = !by("decide");
    });
    act();
    mark();
    count();
  }
  function act() {
    const action = document.querySelector("#decide [name=action]:checked");
    const decides = !action || action.value === "decide";
    if (by("for-decide")) by("for-decide").hidden = !decides;
    if (by("for-reason")) by("for-reason").hidden = decides;
  }
  function mark() {
    const chosen = document.querySelector("#matter [name=lead]:checked");
    const place = chosen ? chosen.dataset.place || "" : "1";
    all("#letter mark").forEach((word) => word.classList.toggle("on", word.dataset.spoke.split(" ").includes(place)));
  }
  function count() {
    const said = by("also-chosen");
    if (!said) return;
    const more = all("#queue input:checked").filter((box) => box.value !== opened()).length;
    said.textContent = more ? said.dataset.said.replace("{}", more) : "";
  }
  function go(step) {
    const rows = all("#queue .row");
    const at = rows.findIndex((row) => row.dataset.number === opened());
    const row = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
    if (row && row.dataset.number !== opened()) row.querySelector("a").click();
    else if (step > 0 && document.querySelector(".row-next a")) document.querySelector(".row-next a").click();
  }
  function choose(input) {
    if (!input || input.disabled) return;
    input.checked = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  // The list of units found: arrows move, Enter or a click takes.
  const found = (finder) => all(".found li:not([aria-disabled])", finder);
  function point(finder, step) {
    const units = found(finder);
    if (!units.length) return;
    const at = units.findIndex((unit) => unit.getAttribute("aria-selected") === "true");
    units.forEach((unit) => unit.setAttribute("aria-selected", "false"));
    const unit = units[(Math.max(at, step > 0 ? -1 : 0) + step + units.length) % units.length];
    unit.setAttribute("aria-selected", "true");
    unit.scrollIntoView({ block: "nearest" });
  }
  function take(finder, unit) {
    const field = finder.querySelector("input");
    if (finder.dataset.for === "lead") {
      const other = by("lead-other");
      const known = all("#decide .suggestions [name=lead]").find((input) => input.value === unit.dataset.code);
      if (known) choose(known);
      else {
        other.value = unit.dataset.code;
        by("lead-other-name").textContent = unit.dataset.name;
        other.closest("label").hidden = false;
        choose(other);
      }
    } else if (!all("#co-units input").some((input) => input.value === unit.dataset.code)) {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.textContent = `${unit.dataset.name} ×`;
      chip.setAttribute("aria-label", by("co-units").dataset.remove.replace("{}", unit.dataset.name));
      const kept = document.createElement("input");
      kept.type = "hidden";
      kept.name = "co_units";
      kept.value = unit.dataset.code;
      chip.append(kept);
      chip.addEventListener("click", () => chip.remove());
      by("co-units").append(chip);
    }
    field.value = "";
    close(finder);
    field.blur();
  }
  function close(finder) {
    finder.querySelector("input").setAttribute("aria-expanded", "false");
    const list = finder.querySelector(".found");
    if (list) list.remove();
  }

  const KEYS = {
    j: () => go(1),
    k: () => go(-1),
    u: () => { const button = document.querySelector("[data-undo]"); if (button) button.click(); },
    b: () => { const box = document.querySelector("#queue .row.open input"); if (box) { box.checked = !box.checked; count(); } },
    g: () => {
      const open = document.querySelector("#queue .row.open");
      if (open && open.dataset.same) all(`#queue .row[data-same="${open.dataset.same}"] input`).forEach((box) => { box.checked = true; });
      count();
    },
    e: () => by("requirement") && by("requirement").focus(),
    c: () => by("find-co") && by("find-co").focus(),
    "/": () => { choose(document.querySelector("#decide [name=action][value=decide]")); if (by("find-lead")) by("find-lead").focus(); },
    d: () => { const field = by("deadline-class"); if (field) field.selectedIndex = (field.selectedIndex + 1) % field.options.length; },
    "?": () => by("keys").showModal(),
    Enter: () => by("decide") && by("decide").requestSubmit(by("confirm")),
  };

  // A key pressed while the page or a letter is still on its way is kept until that is there. Enter is not: nobody decides what is not shown yet.
  let coming = 1;
  const early = [];
  function come(step) {
    coming += step;
    document.documentElement.dataset.keys = coming ? "" : "on";
    while (!coming && early.length) {
      const key = early.shift();
      const field = document.activeElement;
      if (!typing(field)) pressed({ key, target: field, preventDefault() {} });
      else if (!field.matches("select")) { field.value += key; field.dispatchEvent(new Event("input", { bubbles: true })); }
    }
  }
  window.addEventListener("load", () => come(-1));
  document.addEventListener("htmx:beforeSend", (event) => {
    if (event.detail.target.id !== "matter") return;
    come(1);
    // By then htmx has made the new letter's links and forms its own: its timer is as long, and began before.
    event.detail.xhr.addEventListener("loadend", () => window.setTimeout(() => come(-1), window.htmx.config.defaultSettleDelay));
  });

  function pressed(event) {
    const target = event.target;
    const finder = target.closest && target.closest(".finder");
    if (event.key === "Escape" && typing(target)) { if (finder) close(finder); target.blur(); return; }
    if (finder && typing(target)) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); point(finder, event.key === "ArrowDown" ? 1 : -1); }
      if (event.key === "Enter") {
        event.preventDefault();
        const unit = found(finder).find((one) => one.getAttribute("aria-selected") === "true") || found(finder)[0];
        if (unit) take(finder, unit);
      }
      return;
    }
    if (typing(target)) return;
    if (coming) {
      if (!/^[a-z1-5/?]$/.test(event.key)) return;
      event.preventDefault();
      early.push(event.key);
      return;
    }
    if (by("keys").open) return;
    if (event.key === "Enter" && target.matches("a, button, summary")) return;
    let step = KEYS[event.key];
    if (/^[1-5]$/.test(event.key)) step = () => { choose(document.querySelector("#decide [name=action][value=decide]")); choose(document.querySelector(`#decide [name=lead][data-place="${event.key}"]`)); };
    const action = document.querySelector(`#decide [name=action][data-key="${CSS.escape(event.key)}"]`);
    if (action) step = () => { choose(action); if (action.value !== "decide") by("reason").focus(); };
    if (!step) return;
    event.preventDefault();
    step();
  }
  document.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing) pressed(event);
  });
  document.addEventListener("click", (event) => {
    const unit = event.target.closest(".found li");
    if (unit && !unit.hasAttribute("aria-disabled")) take(unit.closest(".finder"), unit);
    if (event.target.closest("#show-keys")) by("keys").showModal();
  });
  document.addEventListener("change", (event) => {
    if (event.target.name === "action") act();
    if (event.target.name === "lead") mark();
    if (event.target.name === "also") count();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const finder = event.target.closest && event.target.closest(".finder");
    if (finder) { finder.querySelector("input").setAttribute("aria-expanded", "true"); point(finder, 1); return; }
    if (event.target.id !== "waiting") show();
  });

  // How long a choice may still be taken back; once one is due the bar is asked for anew until it went out.
  let apart = 0;
  function tick() {
    let due = false;
    all(".choice[data-due]").forEach((choice) => {
      const left = Math.ceil((Date.parse(choice.dataset.due) - Date.now() - apart) / 1000);
      choice.querySelector(".left").textContent = left > 0 ? choice.dataset.left.replace("{}", left) : "…";
      due = due || left < -1;
    });
    if (due) window.htmx.ajax("GET", "/review/waiting" + window.location.search, { target: "#waiting", swap: "innerHTML" });
  }
  function level() {
    const choice = document.querySelector(".choice[data-now]");
    if (choice) apart = Date.parse(choice.dataset.now) - Date.now();
  }
  document.addEventListener("DOMContentLoaded", () => { level(); show(); tick(); window.setInterval(tick, 1000); });
  document.addEventListener("htmx:oobAfterSwap", () => { level(); tick(); });
})();
