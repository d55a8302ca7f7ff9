// The menu of a chat in the list: one for all of them, told for which when it is opened.
"use strict";
(() => {
  const menu = document.getElementById("chat-menu");
  const naming = document.getElementById("name-chat");
  if (!menu || !menu.showPopover) return;
  let button = null;

  // Before the browser opens it, which is what follows the click.
  document.addEventListener(
    "click",
    (event) => {
      const pressed = event.target.closest?.("[data-chat]");
      if (!pressed) return;
      button = pressed;
      for (const one of document.querySelectorAll("#chat-menu [data-do], #name-chat [data-do]")) {
        const address = `${menu.dataset.chats}${button.dataset.chat}/${one.dataset.do}`;
        one.setAttribute(one.matches("form") ? "action" : "href", address);
      }
      for (const one of document.querySelectorAll("#chat-menu [name=back], #name-chat [name=back]")) {
        one.value = location.pathname + location.search;
      }
      for (const one of menu.querySelectorAll("[data-when]")) {
        one.hidden = (one.dataset.when === "pinned") !== button.hasAttribute("data-pinned");
      }
    },
    true,
  );

  // Beside its button, and within the window.
  menu.addEventListener("toggle", (event) => {
    button?.classList.toggle("open", event.newState === "open");
    if (event.newState !== "open") return;
    const place = button.getBoundingClientRect();
    const below = place.bottom + menu.offsetHeight < innerHeight;
    menu.style.top = `${below ? place.bottom : Math.max(place.top - menu.offsetHeight, 0)}px`;
    menu.style.left = `${Math.min(place.left, innerWidth - menu.offsetWidth - 8)}px`;
    menu.querySelector(".nav-link").focus();
  });

  menu.addEventListener("keydown", (event) => {
    if (!["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const entries = [...menu.querySelectorAll(".nav-link:not([hidden])")];
    const next = entries.indexOf(document.activeElement) + (event.key === "ArrowUp" ? -1 : 1);
    entries.at(next % entries.length).focus();
  });

  menu.querySelector("[data-name]").addEventListener("click", () => {
    const words = document.getElementById("name-chat-words");
    words.value = button.previousElementSibling.textContent.trim();
    menu.hidePopover();
    naming.showModal();
    words.select();
  });
  naming.addEventListener("close", () => button?.isConnected && button.focus());
})();
