// The search box and what it found: one goes on writing while arrows walk the list, and Enter opens.
"use strict";
(() => {
  const box = document.getElementById("search");
  const found = document.getElementById("found");
  if (!box || !found) return;
  const announcer = document.getElementById("announcer");
  let opens = "";

  // Without this script it is a plain field of a form.
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-haspopup": "listbox" })) {
    box.setAttribute(name, value);
  }

  const list = () => document.getElementById("found-list");
  const options = () => [...found.querySelectorAll("[role=option]")];
  const chosen = () => found.querySelector("[aria-selected=true]");

  function choose(option) {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    if (!option) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  // A new list begins with its first row chosen: that is what Enter opens.
  function show() {
    const rows = options();
    for (const [number, one] of rows.entries()) one.id = `found-${number}`;
    box.setAttribute("aria-expanded", String(rows.length > 0));
    if (rows.length) box.setAttribute("aria-controls", "found-list");
    else box.removeAttribute("aria-controls");
    choose(rows[0]);
    const told = list()?.dataset.told ?? "";
    if (announcer.textContent !== told) announcer.textContent = told;
    if (opens && opens === list()?.dataset.query) chosen().click();
    opens = "";
  }

  function walk(step) {
    const rows = options();
    choose(rows.at((rows.indexOf(chosen()) + step) % rows.length));
  }

  function empty() {
    box.value = "";
    found.replaceChildren();
    show();
  }

  // Who is faster than the list waits for it; where it does not come, the form leads to the page.
  function open(event) {
    const words = box.value.trim();
    if (!words) return;
    event.preventDefault();
    if (list()?.dataset.query === words) return chosen().click();
    opens = words;
    htmx.trigger(box, "humana:find");
  }

  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) open(event);
    if (["ArrowUp", "ArrowDown"].includes(event.key) && options().length) {
      event.preventDefault();
      walk(event.key === "ArrowUp" ? -1 : 1);
    }
    if (event.key === "Escape" && box.value) {
      event.preventDefault();
      event.stopPropagation();
      empty();
    }
  });
  found.addEventListener("htmx:afterSwap", show);
  for (const failed of ["htmx:sendError", "htmx:responseError"]) {
    box.addEventListener(failed, () => {
      if (opens) box.form.submit();
      opens = "";
    });
  }

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    document.dispatchEvent(new Event("humana:open-drawer"));
    box.focus();
    box.select();
  });
  const keys = document.querySelector("[data-search-keys]");
  if (keys && /Mac|iPhone|iPad/.test(navigator.platform)) keys.textContent = "⌘ K";
})();
