// Tells the parts of the page that something changed. The server names topics; each part lists those it shows in hx-trigger.
// The page carries the mark of what it has seen, every event the mark of its change: the stream begins with what came after.
"use strict";
(() => {
  const address = document.body.dataset.live;
  if (!address) return;
  const waiting = new Set();
  const everything = ["warning", "proposal", "assessment", "prompt", "list", "acknowledgement", "clock", "inbox", "circular", "drill", "import"];
  let timer = 0;
  const flush = () => {
    timer = 0;
    for (const topic of waiting) document.body.dispatchEvent(new CustomEvent(`live-${topic}`));
    waiting.clear();
  };
  const hear = (topics) => {
    for (const topic of topics) waiting.add(topic);
    if (!timer) timer = setTimeout(flush, 250);
  };
  let seen = document.body.dataset.seen;
  let source = null;
  const open = () => {
    source = new EventSource(`${address}?since=${encodeURIComponent(seen)}`);
    source.addEventListener("change", (event) => {
      seen = event.lastEventId || seen;
      hear(event.data === "*" ? everything : [event.data]);
    });
    source.addEventListener("hello", (event) => {
      seen = event.lastEventId || seen;
      document.documentElement.dataset.connection = "open";
    });
    source.addEventListener("error", () => {
      document.documentElement.dataset.connection = "lost";
      // after an answer that is no stream the browser does not try again by itself
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 5000);
    });
  };
  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
})();
