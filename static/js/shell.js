// The shell of every page: menus, dialogs, notices, keys, and what htmx cannot do.
"use strict";
(() => {
  const texts = document.getElementById("texts").dataset;

  function element(tag, className, words) {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = words;
    return made;
  }

  function notify(words, extra) {
    const notice = element("div", "notice", "");
    const acts = element("span", "acts", "");
    acts.append(...(extra ? [extra] : []), dismissal(notice));
    notice.dataset.failed = "";
    notice.append(element("span", "", words), acts);
    document.getElementById("notices").replaceChildren(notice);
  }

  function dismissal(notice) {
    const close = element("button", "link-button", texts.dismiss);
    close.addEventListener("click", () => notice.remove());
    return close;
  }

  // What failed was done after all: nobody is told of it any longer.
  function settled() {
    for (const notice of document.querySelectorAll("#notices > [data-failed]")) notice.remove();
  }

  function signIn() {
    const link = element("a", "", texts.signIn);
    link.href = texts.signInUrl;
    link.target = "_blank";
    return link;
  }

  function csrfToken() {
    const kept = document.cookie.split("; ").find((one) => /csrf(token)?=/.test(one));
    return kept ? kept.slice(kept.indexOf("=") + 1) : "";
  }

  // What failed is done once more, as it stands then.
  function again(source) {
    const button = element("button", "link-button", texts.again);
    button.addEventListener("click", () => {
      button.closest(".notice").remove();
      if (source.matches("form")) source.requestSubmit();
      else source.click();
    });
    return button;
  }

  // Whether the server took it; htmx does not say so of an answer that leads to another page.
  function sent(event) {
    const { successful, xhr } = event.detail;
    return successful || Boolean(xhr?.getResponseHeader("HX-Redirect"));
  }

  // Enter sends, Shift+Enter does not. A keyboard on glass has no other way to begin a line.
  const glass = matchMedia("(hover: none) and (pointer: coarse)");
  function sends(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return false;
    return event.ctrlKey || event.metaKey || !glass.matches;
  }

  window.humana = { notify, settled, again, sent, sends, texts, csrfToken };

  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(except)) menu.open = false;
    }
  }

  document.addEventListener("click", (event) => {
    closeMenus(event.target);
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      closeMenus(null);
      document.getElementById(opener.dataset.dialog)?.showModal();
    }
    if (event.target.closest("[data-close]") || event.target.matches("dialog")) event.target.closest("dialog").close();
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (menu) {
      event.preventDefault();
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Buttons that are only an icon tell the mouse what they do, as they tell a screen reader.
  document.addEventListener("pointerover", (event) => {
    const named = event.target.closest?.(".icon-button[aria-label]:not([title])");
    if (named) named.title = named.getAttribute("aria-label");
  });

  // What cannot be undone is asked once, in the words of the button.
  const confirming = document.getElementById("confirm");
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    confirming.querySelector("#confirm-words").textContent = form.dataset.confirm;
    const yes = confirming.querySelector("[data-yes]");
    yes.textContent = event.submitter.textContent.trim();
    yes.classList.toggle("harm", event.submitter.matches(".harm"));
    confirming.returnValue = "no";
    confirming.addEventListener(
      "close",
      () => {
        if (confirming.returnValue !== "yes") return;
        form.dataset.confirmed = "yes";
        form.requestSubmit(event.submitter);
      },
      { once: true },
    );
    confirming.showModal();
  });

  function retryOf(event) {
    const source = event.detail.elt;
    return source?.isConnected && source.matches("form, button, a, [data-earlier]") ? again(source) : null;
  }

  document.addEventListener("htmx:sendError", (event) => notify(texts.offline, retryOf(event)));
  document.addEventListener("htmx:responseError", (event) => {
    const { responseText, status } = event.detail.xhr;
    const page = new DOMParser().parseFromString(responseText, "text/html");
    const words = page.querySelector("[data-error]")?.textContent.trim() || texts.failed;
    notify(words, status === 401 ? signIn() : status >= 500 || status === 429 ? retryOf(event) : null);
  });
  // Who signs out leaves nothing unsent behind in this browser.
  document.addEventListener("submit", (event) => {
    if (!event.target.action?.endsWith("/accounts/logout/")) return;
    for (const name of Object.keys(localStorage)) if (name.startsWith("draft:")) localStorage.removeItem(name);
  });
  // The cookie knows the token of today; the form may be older, when somebody signed in elsewhere.
  document.addEventListener("htmx:configRequest", (event) => {
    delete event.detail.parameters.csrfmiddlewaretoken;
    event.detail.headers["X-CSRFToken"] = csrfToken();
  });

  // What failed stays until somebody has read it.
  for (const notice of document.querySelectorAll("#notices > .notice:not([data-passing])")) {
    const acts = notice.querySelector(".acts") ?? notice.appendChild(element("span", "acts", ""));
    acts.append(dismissal(notice));
  }

  // Notices pass, but not while somebody is at them.
  for (const notice of document.querySelectorAll("#notices > [data-passing]")) {
    const wait = notice.querySelector("form") ? 20000 : 8000;
    const pass = () => (notice.matches(":hover, :focus-within") ? setTimeout(pass, 2000) : notice.remove());
    setTimeout(pass, wait);
  }
})();
