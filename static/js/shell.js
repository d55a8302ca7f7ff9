// The shell of every page: drawer, menus, notices, keys, errors of htmx.
"use strict";
(() => {
  const shell = document.getElementById("shell");
  const texts = document.getElementById("failure-texts")?.dataset ?? {};

  function setDrawer(open) {
    shell?.classList.toggle("drawer-open", open);
    document.querySelector("[data-drawer]")?.setAttribute("aria-expanded", String(open));
  }

  function notify(text) {
    const notice = document.createElement("div");
    notice.className = "notice";
    const words = document.createElement("span");
    words.textContent = text;
    const close = document.createElement("button");
    close.className = "link-button push";
    close.textContent = texts.dismiss ?? "×";
    close.addEventListener("click", () => notice.remove());
    notice.append(words, close);
    document.getElementById("notices")?.append(notice);
  }
  window.humana = { notify };

  document.addEventListener("click", (event) => {
    const drawer = event.target.closest("[data-drawer]");
    if (drawer) setDrawer(!shell.classList.contains("drawer-open"));
    else if (!event.target.closest(".sidebar")) setDrawer(false);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const opener = event.target.closest("[data-dialog]");
    if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
    if (event.target.matches("dialog")) event.target.close();
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      setDrawer(true);
      document.getElementById("search")?.focus();
    }
    if (event.key === "Escape") {
      setDrawer(false);
      for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
    }
  });

  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  document.addEventListener("htmx:sendError", () => notify(texts.offline));
  document.addEventListener("htmx:responseError", (event) => {
    const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    notify(page.querySelector("[data-error]")?.textContent.trim() || texts.failed);
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const token = document.cookie.split("; ").find((one) => /csrf(token)?=/.test(one));
    if (token) event.detail.headers["X-CSRFToken"] = token.slice(token.indexOf("=") + 1);
  });

  for (const notice of document.querySelectorAll("#notices > .notice")) {
    setTimeout(() => notice.remove(), 8000);
  }
})();
