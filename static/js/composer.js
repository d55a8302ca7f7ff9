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
  let saving = 0;

  function grow() {
    if (CSS.supports("field-sizing", "content")) return;
    text.style.blockSize = "auto";
    text.style.blockSize = `${text.scrollHeight}px`;
  }

  function tell() {
    const used = [...text.value].length;
    count.textContent = used > limit * 0.9 ? `${number.format(used)} / ${number.format(limit)}` : "";
    count.classList.toggle("over", used > limit);
    send.disabled = !text.value.trim() || used > limit;
  }

  function saveDraft() {
    const body = new FormData(form);
    fetch(form.dataset.draftUrl, { method: "POST", body, keepalive: text.value.length < 20000 }).catch(() => {});
  }

  function live() {
    return document.querySelector("[data-events-url]");
  }

  function showStop() {
    const running = Boolean(live());
    stop.hidden = !running;
    send.hidden = running;
  }

  text.addEventListener("input", () => {
    grow();
    tell();
    clearTimeout(saving);
    saving = setTimeout(saveDraft, 800);
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!send.disabled && !live()) form.requestSubmit();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      text.focus();
    }
    if (event.key === "Escape" && live() && !document.querySelector("dialog[open]")) stop.click();
  });
  stop.addEventListener("click", () => {
    const running = live();
    if (!running) return;
    stop.disabled = true;
    htmx.ajax("POST", running.dataset.stopUrl, { swap: "none" }).finally(() => (stop.disabled = false));
  });
  // The text goes only once the server has it.
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== form || !event.detail.successful) return;
    clearTimeout(saving);
    form.reset();
    text.value = "";
    grow();
    tell();
    text.focus();
  });
  form.addEventListener("htmx:beforeRequest", () => clearTimeout(saving));
  document.addEventListener("click", (event) => {
    const starter = event.target.closest("[data-starter]");
    if (!starter) return;
    text.value = starter.textContent;
    tell();
    form.requestSubmit();
  });
  document.addEventListener("humana:live", showStop);
  grow();
  tell();
  showStop();
})();
