// Follows the answers that are being written: blocks arrive as HTML, only the open one changes.
"use strict";
(() => {
  const conversation = document.getElementById("conversation");
  const announcer = document.getElementById("announcer");
  const followed = new Map();

  function atBottom() {
    return conversation.scrollHeight - conversation.scrollTop - conversation.clientHeight < 80;
  }

  function toBottom() {
    conversation.scrollTop = conversation.scrollHeight;
  }

  // Whole sentences, politely: a screen reader must not stumble over every token.
  function announcerFor() {
    let said = 0;
    return (words, last) => {
      const rest = words.slice(said);
      const end = last ? rest.length : rest.search(/[.!?…:]\s[^]*$/) + 1;
      if (end <= 0) return;
      const sentence = rest.slice(0, end).trim();
      said += end;
      if (sentence) announcer.textContent = sentence;
    };
  }

  function follow(message) {
    const source = new EventSource(message.dataset.eventsUrl);
    const blocks = message.querySelector("[data-blocks]");
    const state = message.querySelector("[data-state]");
    const stateText = message.querySelector("[data-state-text]");
    const announce = announcerFor();
    followed.set(message.id, source);

    source.addEventListener("block", (event) => {
      const { i, html } = JSON.parse(event.data);
      const follows = atBottom();
      while (blocks.children.length <= i) {
        const block = document.createElement("div");
        block.className = "block";
        blocks.append(block);
      }
      blocks.children[i].innerHTML = html;
      while (blocks.children.length > i + 1) blocks.lastElementChild.remove();
      stateText.textContent = "";
      announce(blocks.textContent, false);
      if (follows) toBottom();
    });
    source.addEventListener("state", (event) => {
      stateText.textContent = JSON.parse(event.data).text;
      announcer.textContent = stateText.textContent;
    });
    source.addEventListener("done", () => {
      source.close();
      announce(blocks.textContent, true);
      settle(message);
    });
    source.addEventListener("error", () => {
      // The browser comes back by itself, unless the server refused.
      if (source.readyState === EventSource.CLOSED) setTimeout(() => settle(message), 1500);
    });
    state.hidden = false;
  }

  async function settle(message) {
    followed.get(message.id)?.close();
    followed.delete(message.id);
    const follows = atBottom();
    await htmx.ajax("GET", message.dataset.fragmentUrl, { target: `#${CSS.escape(message.id)}`, swap: "outerHTML" });
    if (follows) toBottom();
  }

  function look() {
    for (const [id, source] of followed) {
      if (!document.getElementById(id)) {
        source.close();
        followed.delete(id);
      }
    }
    for (const message of document.querySelectorAll("[data-events-url]")) {
      if (!followed.has(message.id)) follow(message);
    }
    document.dispatchEvent(new Event("humana:live"));
  }

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "thread" || event.detail.elt?.id === "thread") toBottom();
    look();
  });
  toBottom();
  look();
})();
