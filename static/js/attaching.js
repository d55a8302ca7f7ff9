// What is attached to the question: shown as chips, kept with the draft, looked at until it is read.
"use strict";
(() => {
  const box = document.querySelector("[data-attached]");
  if (!box) return;
  const form = document.getElementById("composer");
  const dialog = document.getElementById("attach");
  const found = document.getElementById("attachable");
  let looking = 0;
  let turn = 0;
  let wished = ids(); // ahead of the chips while the server draws them: two files may arrive at once

  function ids() {
    return [...box.querySelectorAll("[name=documents]")].map((one) => one.value);
  }

  function named(wanted) {
    return new URLSearchParams(wanted.map((one) => ["documents", one]));
  }

  // The latest wish counts, whatever answer comes last.
  async function show(wanted) {
    const mine = ++turn;
    wished = wanted;
    clearTimeout(looking);
    if (!wanted.length) return void (box.textContent = "");
    const answer = await fetch(`${box.dataset.attached}?${named(wanted)}`, { headers: { "HX-Request": "true" } });
    if (mine !== turn || !answer.ok) return;
    const focused = box.contains(document.activeElement);
    box.innerHTML = await answer.text();
    wished = ids();
    if (focused) form.elements.text.focus();
    look();
  }

  function look() {
    clearTimeout(looking);
    if (box.querySelector("[data-pending]")) looking = setTimeout(() => show(wished).catch(look), 1500);
  }

  async function change(wanted) {
    const headers = { "X-CSRFToken": window.humana.csrfToken() };
    try {
      await show(wanted);
      await fetch(box.dataset.keepUrl, { method: "POST", body: named(wished), headers });
    } catch {
      window.humana.notify(window.humana.texts.offline);
    }
  }

  function add(id) {
    return change([...new Set([...wished, id])]);
  }

  // From here on it is a chip, which says how far it is.
  document.addEventListener("humana:uploaded", async (event) => {
    await add(event.detail.id);
    form.querySelector(`.upload-row[data-id="${CSS.escape(event.detail.id)}"]`)?.remove();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-attach], [data-detach]");
    if (!button) return;
    if (button.dataset.detach) {
      change(wished.filter((one) => one !== button.dataset.detach));
      form.elements.text.focus();
      return;
    }
    dialog.close();
    add(button.dataset.attach).then(() => form.elements.text.focus());
  });

  // What can be attached is asked for when somebody wants to see it.
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-dialog=attach]")) htmx.trigger(found, "humana:attach");
  });

  // They went with the question, once the server has it.
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.target === form && window.humana.sent(event)) show([]);
  });
  look();
})();
