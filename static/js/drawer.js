// The sidebar as a drawer on small screens. Without this it opens by its address (#sidebar).
"use strict";
(() => {
  const shell = document.getElementById("shell");
  const opener = document.querySelector("[data-drawer]");
  if (!shell || !opener) return;
  const sidebar = document.getElementById("sidebar");
  const small = matchMedia("(max-width: 60rem)");

  function isOpen() {
    return shell.classList.contains("drawer-open");
  }

  function set(open) {
    if (open === isOpen() || (open && !small.matches)) return;
    shell.classList.toggle("drawer-open", open);
    opener.setAttribute("aria-expanded", String(open));
    for (const rest of [...shell.children].filter((one) => one !== sidebar && !one.matches(".scrim"))) rest.inert = open;
    if (open) sidebar.querySelector("summary, a, button, input").focus();
    else opener.focus();
  }

  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-drawer]");
    if (!opens && !event.target.closest("[data-drawer-close]")) return;
    event.preventDefault();
    set(Boolean(opens));
  });
  opener.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    set(true);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) set(false);
  });
  document.addEventListener("humana:open-drawer", () => set(true));
  small.addEventListener("change", () => set(false));
})();
