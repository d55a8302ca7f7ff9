// What one can do with a message without the server: copy it, open it for editing, walk with arrows.
"use strict";
(() => {
  const conversation = document.getElementById("conversation");
  const { notify, texts } = window.humana;

  function all() {
    return [...document.querySelectorAll("[data-message]")];
  }

  function focusOn(message) {
    message.tabIndex = -1;
    message.focus({ preventScroll: true });
    message.scrollIntoView({ block: "nearest" });
  }

  // Outside of https there is no clipboard for scripts: then the old way.
  async function copy(words) {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(words);
    } else {
      const box = document.createElement("textarea");
      box.value = words;
      document.body.append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
    }
    document.getElementById("announcer").textContent = texts.copied;
  }

  // What tools were given and said stands within an answer, but is no word of it.
  function saidIn(source) {
    if (!source.querySelector(".block.step")) return source.innerText.trim();
    const said = [...source.querySelectorAll(".block:not(.step)")];
    return said.map((one) => one.innerText.trim()).join("\n\n");
  }

  async function copyFrom(button, source) {
    try {
      await copy(saidIn(source));
      button.setAttribute("aria-pressed", "true");
      setTimeout(() => button.removeAttribute("aria-pressed"), 1200);
    } catch {
      notify(texts.failed);
    }
  }

  function edit(message, open) {
    const form = message.querySelector(".edit-form");
    form.hidden = !open;
    message.querySelector("[data-text]").hidden = open;
    message.querySelector(".message-foot").hidden = open;
    (open ? form.elements.text : message.querySelector("[data-edit]")).focus();
  }

  document.addEventListener("click", (event) => {
    const message = event.target.closest("[data-message]");
    const button = event.target.closest("button");
    if (button?.matches("[data-dialog=rename]")) {
      const title = document.querySelector("#rename [name=title]");
      title.value = document.getElementById("chat-title").textContent;
      title.select();
    }
    if (!message || !button) return;
    if (button.matches("[data-copy]")) copyFrom(button, message.querySelector("[data-text]"));
    if (button.matches("[data-copy-code]")) copyFrom(button, button.parentElement.querySelector("pre"));
    if (button.matches("[data-edit]")) edit(message, true);
    if (button.matches("[data-cancel-edit]")) edit(message, false);
  });

  document.addEventListener("keydown", (event) => {
    const editing = event.target.closest(".edit-form");
    if (editing && event.target.matches("textarea") && window.humana.sends(event)) {
      event.preventDefault();
      editing.requestSubmit();
    }
    if (editing && event.key === "Escape") {
      event.stopPropagation();
      edit(editing.closest("[data-message]"), false);
    }
    if (!["ArrowUp", "ArrowDown"].includes(event.key)) return;
    if (event.target.closest("input, textarea, select, pre, dialog, .menu, .sidebar")) return;
    const messages = all();
    const here = messages.indexOf(document.activeElement.closest("[data-message]"));
    const next = messages[event.key === "ArrowUp" ? (here < 0 ? messages.length : here) - 1 : here + 1];
    if (!next) return;
    event.preventDefault();
    focusOn(next);
  });

  // A part of the page is replaced, and the keyboard stays where it was. A message that is over asks by itself.
  let place = -1;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.target.matches("[data-message]")) place = all().indexOf(event.target.closest("[data-message]"));
  });
  document.addEventListener("htmx:afterSettle", () => {
    dress();
    const message = all()[place];
    if (message && document.activeElement === document.body) focusOn(message);
    place = -1;
  });

  function dress() {
    const button = document.getElementById("code-copy");
    for (const code of conversation.querySelectorAll("[data-message]:not([data-events-url]) .code:not(:has(.code-copy))")) {
      code.append(button.content.cloneNode(true));
    }
  }
  dress();
})();
