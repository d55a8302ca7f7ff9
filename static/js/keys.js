// The keys of every page: `?` lists them. Letters are only keys while nobody writes.
"use strict";
(() => {
  const list = document.getElementById("keys");
  if (!list) return;
  document.addEventListener("keydown", (event) => {
    if (event.shiftKey && (event.ctrlKey || event.metaKey) && event.code === "KeyO") {
      event.preventDefault();
      location.assign(list.dataset.home);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    list.showModal();
  });
})();
