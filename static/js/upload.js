// Files to send: dragged, pasted or chosen. Each goes by itself, says how far it is, and can be tried again.
// Tells the page: `humana:uploaded` once one is kept, `humana:upload-state` whenever it got further; {id, name, state}.
"use strict";
(() => {
  const AT_ONCE = 2;
  const FIRST_LOOK = 1000; // milliseconds; later looks are further apart
  const LAST_LOOK = 5000;

  function announce(words) {
    document.getElementById("announcer").textContent = words;
  }

  function filled(words, name, why) {
    return words.replace("{name}", name).replace("{why}", why ?? "");
  }

  function element(tag, className, words) {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = words ?? "";
    return made;
  }

  function fragment(html) {
    return new DOMParser().parseFromString(html, "text/html");
  }

  function uploader(root) {
    const says = root.dataset;
    const choose = root.querySelector("[data-upload-choose]");
    const list = root.querySelector("[data-upload-list]");
    const drop = root.closest("[data-upload-drop]") ?? root.querySelector("[data-upload-drop]") ?? root;
    const waiting = [];
    let going = 0;

    function tell(kind, row) {
      const { id, name, state } = row.dataset;
      root.dispatchEvent(new CustomEvent(kind, { bubbles: true, detail: { id, name, state } }));
    }

    // --- before the server has it: a row of ours ---

    function begin(file) {
      const row = element("li", "upload-row");
      row.dataset.name = file.name;
      list.append(row);
      send(row, file);
    }

    function send(row, file) {
      if (file.size > Number(says.uploadMost)) return fail(row, file, says.saysLarge, false);
      const bar = element("progress", "");
      bar.max = 100;
      bar.value = 0;
      bar.setAttribute("aria-label", says.saysSending);
      const told = element("span", "upload-told", "");
      const state = element("span", "small quiet", `${says.saysSending} `);
      state.append(bar);
      told.append(element("span", "break", file.name), state);
      row.dataset.state = "sending";
      row.replaceChildren(element("span", ""), told);
      waiting.push(() => post(row, file, bar));
      next();
    }

    function next() {
      while (going < AT_ONCE && waiting.length) {
        going += 1;
        waiting.shift()();
      }
    }

    function body(file) {
      const made = new FormData();
      made.append(says.uploadField, file, file.name || "image.png");
      for (const name of ["folder", "chat", "companion"]) {
        const value = root.getAttribute(`data-upload-${name}`);
        if (value) made.append(`${name}_id`, value);
      }
      return made;
    }

    function post(row, file, bar) {
      const request = new XMLHttpRequest();
      const done = (act) => () => {
        going -= 1;
        act();
        next();
      };
      request.open("POST", says.uploadUrl);
      request.setRequestHeader("HX-Request", "true");
      request.setRequestHeader("X-CSRFToken", window.humana.csrfToken());
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
      });
      request.addEventListener("load", done(() => answered(row, file, request)));
      request.addEventListener("error", done(() => fail(row, file, says.saysOffline, true)));
      request.addEventListener("abort", done(() => row.remove()));
      request.send(body(file));
    }

    function answered(row, file, request) {
      const page = fragment(request.responseText);
      const kept = request.status === 201 && page.querySelector(".upload-row");
      if (!kept) {
        const why = page.querySelector("[data-error]")?.textContent.trim() || says.saysWrong;
        return fail(row, file, why, request.status >= 500 || request.status === 401 || request.status === 429);
      }
      const shown = show(row, kept);
      announce(filled(says.saysKept, shown.dataset.name));
      tell("humana:uploaded", shown);
    }

    function fail(row, file, why, again) {
      row.dataset.state = "failed";
      const told = element("span", "upload-told", "");
      told.append(element("span", "break", file.name), element("span", "small failed", why));
      const acts = element("span", "row", "");
      if (again) acts.append(button(says.saysAgain, () => send(row, file)));
      acts.append(button(says.saysAway, () => away(row)));
      row.replaceChildren(element("span", ""), told, acts);
      announce(filled(says.saysFailed, file.name, why));
    }

    function button(words, act) {
      const made = element("button", "button plain", words);
      made.type = "button";
      made.addEventListener("click", act);
      return made;
    }

    function away(row) {
      row.remove();
      (root.querySelector("[data-upload-open]") ?? choose).focus();
    }

    // --- the server has it: its row, again and again until it is ready ---

    function show(row, kept) {
      const focused = row.contains(document.activeElement);
      const shown = document.importNode(kept, true);
      row.replaceWith(shown);
      if (focused) shown.querySelector("a, button")?.focus();
      if (shown.dataset.pollUrl) look(shown, FIRST_LOOK);
      return shown;
    }

    function look(row, wait) {
      setTimeout(async () => {
        if (!row.isConnected) return;
        const found = await ask(row.dataset.pollUrl, "GET");
        if (found === "gone") return;
        if (!found) return look(row, LAST_LOOK);
        const before = row.dataset.state;
        const focused = row.contains(document.activeElement);
        const shown = document.importNode(found, true);
        row.replaceWith(shown);
        if (focused) shown.querySelector("a, button")?.focus();
        if (shown.dataset.state !== before) moved(shown);
        if (shown.dataset.pollUrl) look(shown, Math.min(wait * 1.5, LAST_LOOK));
      }, wait);
    }

    function moved(row) {
      const { state, name, why } = row.dataset;
      if (state === "ready") announce(filled(says.saysReady, name));
      if (state === "failed") announce(filled(says.saysFailed, name, why));
      tell("humana:upload-state", row);
    }

    // The row; "gone" where there is nothing any more; null where nobody answers just now.
    async function ask(url, method) {
      const headers = { "HX-Request": "true", "X-CSRFToken": window.humana.csrfToken() };
      try {
        const answer = await fetch(url, { method, headers });
        if (answer.ok) return fragment(await answer.text()).querySelector(".upload-row");
        return answer.status < 500 ? "gone" : null;
      } catch {
        return null;
      }
    }

    list.addEventListener("click", async (event) => {
      const again = event.target.closest("[data-upload-again]");
      if (!again) return;
      again.disabled = true;
      const found = await ask(again.dataset.uploadAgain, "POST");
      again.disabled = false;
      if (!found || found === "gone") return announce(says.saysWrong);
      moved(show(again.closest(".upload-row"), found));
    });

    // --- three ways in ---

    choose.addEventListener("change", () => {
      for (const file of choose.files) begin(file);
      choose.value = "";
    });
    // A button of ours speaks the reader's language; the browser's own speaks the browser's.
    const open = root.querySelector("[data-upload-open]");
    open?.addEventListener("click", () => choose.click());
    if (open?.hidden) {
      open.hidden = false;
      choose.hidden = true;
    }
    root.addEventListener("submit", (event) => event.target === root && event.preventDefault());
    const plain = root.querySelector("[data-upload-send]");
    if (plain) plain.hidden = true;
    choose.required = false;

    const carries = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
    let inside = 0;
    drop.addEventListener("dragenter", (event) => {
      if (!carries(event)) return;
      inside += 1;
      drop.classList.add("over");
    });
    drop.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
    drop.addEventListener("dragleave", (event) => {
      if (carries(event) && --inside <= 0) rest();
    });
    drop.addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      rest();
      for (const file of event.dataTransfer.files) begin(file);
    });
    function rest() {
      inside = 0;
      drop.classList.remove("over");
    }

    // Pasted files are meant for where one is writing; where nobody is, for the only place there is. An office
    // program gives a picture of the text along with it: then the text is meant.
    document.addEventListener("paste", (event) => {
      const written = event.clipboardData?.types.includes("text/plain");
      const files = written ? [] : [...(event.clipboardData?.files ?? [])];
      const here = drop.contains(event.target) || !event.target.closest?.("input, textarea, [contenteditable]");
      if (!files.length || !here || event.defaultPrevented) return;
      event.preventDefault();
      for (const file of files) begin(file);
    });
  }

  for (const root of document.querySelectorAll("[data-upload-url]")) uploader(root);
})();
