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

  function keep(place, wanted) {
    const headers = { "X-CSRFToken": window.humana.csrfToken() };
    return fetch(place, { method: "POST", body: named(wanted), headers });
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
    try {
      await show(wanted);
      await keep(box.dataset.keepUrl, wished);
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

  // Who turns to somebody else takes along what is attached, before what is written: once it is there it is gone
  // here, and one follows it. Where it does not arrive, all stays.
  async function take(other) {
    try {
      if (!(await keep(`${other.dataset.with}documents/`, wished)).ok) throw new Error("not kept");
      await keep(box.dataset.keepUrl, []);
      wished = [];
      other.click();
    } catch {
      window.humana.notify(window.humana.texts.failed, window.humana.again(other));
    }
  }
  document.addEventListener(
    "click",
    (event) => {
      const other = event.target.closest("[data-with]:not([aria-current])");
      if (!other || !wished.length || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      take(other);
    },
    true,
  );

  // They went with the question, once the server has it.
  form.addEventListener("htmx:afterRequest", (event) => {
    if (event.target === form && window.humana.sent(event)) show([]);
  });
  look();
})();
