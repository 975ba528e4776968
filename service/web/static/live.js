// Tells the parts of the page that something changed. The server names topics; each part lists those it shows in hx-trigger.
"use strict";
(() => {
  const address = document.body.dataset.live;
  if (!address) return;
  const waiting = new Set();
  let timer = 0;
  const flush = () => {
    timer = 0;
    for (const topic of waiting) document.body.dispatchEvent(new CustomEvent(`live-${topic}`));
    waiting.clear();
  };
  const all = ["warning", "proposal", "assessment", "prompt", "list", "acknowledgement", "clock", "inbox"];
  const hear = (topics) => {
    for (const topic of topics) waiting.add(topic);
    if (!timer) timer = setTimeout(flush, 250);
  };
  let lost = false;
  const source = new EventSource(address);
  source.addEventListener("change", (event) => hear([event.data]));
  source.addEventListener("hello", () => {
    document.documentElement.dataset.connection = "open";
    if (lost) hear(all);
    lost = false;
  });
  source.addEventListener("error", () => {
    lost = true;
    document.documentElement.dataset.connection = "lost";
  });
  addEventListener("pagehide", () => source.close());
})();
