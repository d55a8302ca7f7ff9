// What one can do with a message without the server: copy it, open it for editing, walk with arrows.
"use strict";
document.addEventListener("click", async (event) => {
  const message = event.target.closest("[data-message]");
  if (!message) return;
  const form = message.querySelector(".edit-form");
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(message.querySelector("[data-text]").innerText.trim());
    copy.setAttribute("aria-pressed", "true");
    setTimeout(() => copy.removeAttribute("aria-pressed"), 1200);
  }
  const editing = Boolean(event.target.closest("[data-edit]"));
  if (form && (editing || event.target.closest("[data-cancel-edit]"))) {
    form.hidden = !editing;
    message.querySelector("[data-text]").hidden = editing;
    if (editing) form.elements.text.focus();
  }
});
document.addEventListener("keydown", (event) => {
  if (!["ArrowUp", "ArrowDown"].includes(event.key) || event.target.closest("input, textarea, select")) return;
  const messages = [...document.querySelectorAll("[data-message]")];
  const here = messages.indexOf(document.activeElement.closest("[data-message]"));
  const next = messages[event.key === "ArrowUp" ? (here < 0 ? messages.length : here) - 1 : here + 1];
  if (!next) return;
  event.preventDefault();
  next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
});
