// Follows the answers that are being written: blocks arrive as HTML, only the open one changes, once a frame.
"use strict";
(() => {
  const conversation = document.getElementById("conversation");
  const announcer = document.getElementById("announcer");
  const latest = document.querySelector("[data-latest]");
  const followed = new Map();
  let following = true;

  function toBottom() {
    conversation.scrollTop = conversation.scrollHeight;
  }

  // A person who has scrolled up is reading: nothing moves until they come back.
  function mind() {
    following = conversation.scrollHeight - conversation.scrollTop - conversation.clientHeight < 80;
    latest.hidden = following;
  }
  conversation.addEventListener("scroll", mind);
  latest.addEventListener("click", toBottom);
  new ResizeObserver(() => following && toBottom()).observe(conversation);

  // Whole sentences, politely: a screen reader must not stumble over every token.
  function announcing() {
    let said = 0;
    return (words, last) => {
      const rest = words.slice(said);
      const end = last ? rest.length : rest.search(/[.!?…:]\s[^]*$/) + 1;
      if (end <= 0) return;
      said += end;
      announcer.textContent = rest.slice(0, end).trim();
    };
  }

  function follow(message) {
    const source = new EventSource(message.dataset.eventsUrl);
    const blocks = message.querySelector("[data-blocks]");
    const state = message.querySelector("[data-state-text]");
    const announce = announcing();
    let told = state.textContent;
    followed.set(message, source);

    function say(words) {
      state.textContent = words;
      announcer.textContent = words;
    }

    source.addEventListener("open", () => (state.textContent = told));
    // What tools are given and say is not read aloud; the line below says what happens.
    function spoken() {
      return [...blocks.children].map((one) => (one.matches(".step") ? "" : one.textContent)).join("");
    }

    // A use of a tool changes in place: the keyboard stays there, and what was opened stays open.
    function show(block, html, step) {
      const focused = block.contains(document.activeElement);
      const open = block.querySelector("details")?.open;
      block.innerHTML = html;
      block.classList.toggle("step", Boolean(step));
      if (!step) return;
      htmx.process(block);
      const details = block.querySelector("details");
      if (open && details) details.open = true;
      if (focused) keepFocus(block);
    }

    function keepFocus(block) {
      const place = block.querySelector("summary") ?? message;
      if (place === message) message.tabIndex = -1;
      place.focus({ preventScroll: true });
    }

    // What arrived since the last frame is drawn at once, each block in its latest form.
    const arrived = new Map();
    let frame = 0;
    let heard = 0;
    function draw() {
      cancelAnimationFrame(frame);
      frame = 0;
      for (const [i, change] of arrived) {
        while (blocks.children.length <= i) {
          const block = document.createElement("div");
          block.className = "block";
          blocks.append(block);
        }
        show(blocks.children[i], change.html, change.step);
      }
      arrived.clear();
      if (following) toBottom();
      if (performance.now() - heard < 500) return;
      heard = performance.now();
      announce(spoken(), false);
    }

    source.addEventListener("block", (event) => {
      const change = JSON.parse(event.data);
      arrived.set(change.i, change);
      if (state.textContent !== conversation.dataset.writing) state.textContent = told = conversation.dataset.writing;
      if (document.hidden) draw(); // nobody draws frames there
      else frame ||= requestAnimationFrame(draw);
    });
    source.addEventListener("state", (event) => {
      told = JSON.parse(event.data).text;
      say(told);
    });
    source.addEventListener("done", () => {
      source.close();
      draw();
      announce(spoken(), true);
      settle(message);
    });
    source.addEventListener("error", () => {
      // The browser comes back by itself, unless the server refused.
      if (source.readyState !== EventSource.CLOSED) say(conversation.dataset.lost);
      else setTimeout(() => settle(message), 1500);
    });
  }

  // Asked for by the message itself: what is asked for by nobody waits in one line, and may be pushed out of it.
  async function settle(message) {
    if (!message.isConnected) return;
    const focused = message.contains(document.activeElement);
    try {
      await htmx.ajax("GET", message.dataset.fragmentUrl, { source: message, target: message, swap: "outerHTML" });
    } finally {
      if (message.isConnected) followed.delete(message); // it could not be had: the next look tries again
    }
    if (focused && document.activeElement === document.body) {
      const written = document.getElementById(message.id);
      written.tabIndex = -1;
      written.focus({ preventScroll: true });
    }
    if (document.querySelectorAll("[data-message]").length === 2) awaitTitle();
  }

  // A new chat is named after its first answer, by a task that may take a while: look a few times.
  function awaitTitle() {
    for (const wait of [1000, 4000, 12000]) {
      setTimeout(() => document.body.dispatchEvent(new Event("humana:settled")), wait);
    }
  }

  // One that is over stays among them until it is replaced, or it would be followed and replaced twice.
  function look() {
    for (const [message, source] of followed) {
      if (message.isConnected) continue;
      source.close();
      followed.delete(message);
    }
    for (const message of document.querySelectorAll("[data-events-url]")) {
      if (!followed.has(message)) follow(message);
    }
    document.dispatchEvent(new Event("humana:live"));
  }

  // Who leafs through the versions of a message stays with it.
  document.addEventListener("htmx:afterSettle", (event) => {
    const before = followed.size;
    look();
    const leafing = event.detail.requestConfig?.elt?.closest?.(".versions");
    if ((followed.size > before || following) && !leafing) toBottom();
    mind();
  });
  toBottom();
  look();
})();
