// The composer: sends with Enter, keeps the draft, counts near the limit, gives way to Stop.
"use strict";
(() => {
  const form = document.getElementById("composer");
  if (!form) return;
  const text = form.elements.text;
  const send = form.querySelector("[data-send]");
  const stop = form.querySelector("[data-stop]");
  const count = document.querySelector("[data-count]");
  const limit = Number(form.dataset.limit);
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const place = `draft:${form.dataset.draftUrl}`;
  let saving = 0;

  function live() {
    return document.querySelector("[data-events-url]");
  }

  function show() {
    const used = [...text.value].length;
    count.textContent = used > limit * 0.9 ? `${number.format(used)} / ${number.format(limit)}` : "";
    count.classList.toggle("over", used > limit);
    const running = Boolean(live());
    const orphaned = !running && document.activeElement === stop;
    stop.hidden = !running;
    send.hidden = running;
    if (orphaned) text.focus();
    send.disabled = !text.value.trim() || used > limit;
    if (!CSS.supports("field-sizing", "content")) {
      text.style.blockSize = "auto";
      text.style.blockSize = `${text.scrollHeight}px`;
    }
  }

  // In this browser at once, on the server soon: what the server has not got is still here after a reload.
  function keep() {
    try {
      localStorage.setItem(place, text.value);
    } catch {
      // It is full, or not to be had: then the server alone keeps it.
    }
    clearTimeout(saving);
    saving = setTimeout(saveDraft, 800);
  }

  async function saveDraft() {
    saving = 0;
    const written = text.value;
    const body = new URLSearchParams({ text: written });
    const headers = { "X-CSRFToken": window.humana.csrfToken() };
    try {
      const answer = await fetch(form.dataset.draftUrl, { method: "POST", body, headers, keepalive: written.length < 15000 });
      if (answer.ok && text.value === written) localStorage.removeItem(place);
    } catch {
      // Stays in this browser.
    }
  }

  function forget() {
    clearTimeout(saving);
    saving = 0;
    localStorage.removeItem(place);
    text.value = "";
    show();
  }

  text.addEventListener("input", () => {
    show();
    keep();
  });
  text.addEventListener("keydown", (event) => {
    if (!window.humana.sends(event)) return;
    event.preventDefault();
    if (!send.disabled && !live()) form.requestSubmit();
  });
  window.addEventListener("pagehide", () => {
    if (saving) saveDraft();
  });
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open], :popover-open")) return;
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      text.focus();
    }
    if (event.key === "Escape" && !event.defaultPrevented && live()) stop.click();
  });
  // Not disabled meanwhile: that would throw the keyboard off it.
  let stopping = false;
  stop.addEventListener("click", () => {
    if (stopping || !live()) return;
    stopping = true;
    htmx.ajax("POST", live().dataset.stopUrl, { swap: "none" }).finally(() => (stopping = false));
  });
  // The text goes only once the server has it.
  form.addEventListener("htmx:beforeRequest", () => clearTimeout(saving));
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== form) return;
    if (window.humana.sent(event)) {
      forget();
      window.humana.settled();
    } else keep();
    text.focus();
  });
  document.addEventListener("click", (event) => {
    const starter = event.target.closest("[data-starter]");
    if (!starter) return;
    text.value = starter.textContent;
    show();
    form.requestSubmit();
  });
  document.addEventListener("humana:live", show);
  // What could not be sent while there was no connection is offered again once there is one.
  let failed = false;
  form.addEventListener("htmx:sendError", () => (failed = true));
  document.addEventListener("humana:online", () => {
    if (localStorage.getItem(place) !== null && !failed) saveDraft();
    if (failed && text.value.trim()) window.humana.notify(window.humana.texts.back, window.humana.again(form));
    failed = false;
  });
  // Who turns to somebody else takes along what is written.
  document.addEventListener("click", (event) => {
    const other = event.target.closest("[data-with]");
    if (!other || event.defaultPrevented || other.dataset.with === form.dataset.draftUrl || !text.value.trim()) return;
    localStorage.setItem(`draft:${other.dataset.with}`, text.value);
    text.value = "";
    keep();
  });
  text.value = localStorage.getItem(place) ?? text.value;
  show();
  // Where everything begins with a question one writes at once; on glass the keyboard waits to be called.
  if (form.closest("[data-first]") && matchMedia("(hover: hover)").matches) text.focus({ preventScroll: true });
})();
