// The menu of a chat in the list: one for all of them, told for which when it is opened.
"use strict";
(() => {
  const menu = document.getElementById("chat-menu");
  if (!menu || !menu.showPopover) return;
  let button = null;

  // For which chat it is, and where one is led back to.
  function tell(place) {
    for (const one of place.querySelectorAll("[data-do]")) {
      const address = `${menu.dataset.chats}${button.dataset.chat}/${one.dataset.do}`;
      one.setAttribute(one.matches("form") ? "action" : "href", address);
    }
    for (const one of place.querySelectorAll("[name=back]")) one.value = location.pathname + location.search;
  }

  // Before the browser opens it, which is what follows the click.
  document.addEventListener(
    "click",
    (event) => {
      const pressed = event.target.closest?.("[data-chat]");
      if (!pressed) return;
      button = pressed;
      tell(menu);
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
    menu.hidePopover();
    const naming = document.getElementById("naming").content.firstElementChild.cloneNode(true);
    document.body.append(naming);
    tell(naming);
    const words = naming.querySelector("[name=title]");
    words.value = button.previousElementSibling.textContent.trim();
    naming.addEventListener("close", () => {
      naming.remove();
      if (button.isConnected) button.focus();
    });
    naming.showModal();
    words.select();
  });
})();
