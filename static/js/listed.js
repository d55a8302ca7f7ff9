// The menus of lists: one for all rows of a kind, told for which of them when it is opened.
"use strict";
(() => {
  let button = null;

  // For which row it is, and where one is led back to.
  function tell(place, root) {
    const here = location.pathname + location.search;
    for (const one of place.querySelectorAll("[data-do]")) {
      const address = `${root}${button.dataset.of}/${one.dataset.do}`;
      if (one.matches("form")) one.setAttribute("action", address);
      else one.setAttribute("href", one.dataset.do ? `${address}?back=${encodeURIComponent(here)}` : address);
    }
    for (const one of place.querySelectorAll("[name=back]")) one.value = here;
  }

  // What an entry asks for, of what the row says of itself; "!" asks that it does not.
  function fits(wanted, traits) {
    return wanted.startsWith("!") ? !traits.includes(wanted.slice(1)) : traits.includes(wanted);
  }

  // Before the browser opens it, which is what follows the click.
  document.addEventListener(
    "click",
    (event) => {
      const pressed = event.target.closest?.("[popovertarget][data-of]");
      if (!pressed) return;
      button = pressed;
      const menu = document.getElementById(button.getAttribute("popovertarget"));
      const traits = button.dataset.is.split(" ");
      tell(menu, menu.dataset.root);
      for (const one of menu.querySelectorAll("[data-when]")) one.hidden = !fits(one.dataset.when, traits);
    },
    true,
  );

  function name(menu, id) {
    const naming = document.getElementById(id).content.firstElementChild.cloneNode(true);
    document.body.append(naming);
    tell(naming, menu.dataset.root);
    const words = naming.querySelector("[name=title]");
    words.value = button.dataset.name;
    naming.addEventListener("close", () => {
      naming.remove();
      if (button.isConnected) button.focus();
    });
    naming.showModal();
    words.select();
  }

  function begin(menu) {
    const entries = () => [...menu.querySelectorAll(".nav-link")].filter((one) => one.checkVisibility());

    // Beside its button, and within the window.
    menu.addEventListener("toggle", (event) => {
      button?.classList.toggle("open", event.newState === "open");
      if (event.newState !== "open") return;
      const place = button.getBoundingClientRect();
      const below = place.bottom + menu.offsetHeight < innerHeight;
      menu.style.top = `${below ? place.bottom : Math.max(place.top - menu.offsetHeight, 0)}px`;
      menu.style.left = `${Math.min(place.left, innerWidth - menu.offsetWidth - 8)}px`;
      entries()[0].focus();
    });

    menu.addEventListener("keydown", (event) => {
      if (!["ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      const all = entries();
      const next = all.indexOf(document.activeElement) + (event.key === "ArrowUp" ? -1 : 1);
      all.at(next % all.length).focus();
    });

    // What is downloaded leads to no other page.
    menu.addEventListener("submit", () => menu.hidePopover());
    menu.addEventListener("click", (event) => {
      const entry = event.target.closest(".nav-link:not(form .nav-link)");
      if (!entry) return;
      menu.hidePopover();
      if (entry.dataset.rename) name(menu, entry.dataset.rename);
    });
  }

  for (const menu of document.querySelectorAll(".floating[data-root]")) if (menu.showPopover) begin(menu);
})();
