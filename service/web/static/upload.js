// Uploads a workbook in pieces: shows how far it is, goes on after a lost connection, and after a reload when the same file is
// chosen again. Without this script, or where the browser hands out no hashes (no https), the form sends the file whole.
"use strict";
(() => {
  const form = document.getElementById("upload");
  if (!form || !globalThis.crypto?.subtle) return;
  const words = form.dataset;
  const told = document.getElementById("upload-told");
  const bar = document.getElementById("upload-bar");
  const said = document.getElementById("upload-words");
  const button = form.querySelector("button[type=submit]");
  const address = "/api/v1/lists/imports";
  const remembered = "lantian-upload";
  const longest = 30_000;

  class Refused extends Error {}

  const say = (template, values = {}) => {
    said.textContent = template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
    told.hidden = false;
  };
  const complain = (text) => {
    document.getElementById("upload-fault")?.remove();
    if (!text) return;
    const fault = document.createElement("p");
    fault.id = "upload-fault";
    fault.className = "fault";
    fault.setAttribute("role", "alert");
    fault.textContent = text;
    form.before(fault);
  };
  const kept = () => {
    try { return JSON.parse(localStorage.getItem(remembered)); } catch { return null; }
  };
  const keep = (upload) => {
    try {
      if (upload) localStorage.setItem(remembered, JSON.stringify(upload));
      else localStorage.removeItem(remembered);
    } catch { /* a browser that remembers nothing uploads all the same */ }
  };
  const number = (value) => Math.round(value).toLocaleString("en-US");
  const show = (offset, size, name) => {
    bar.max = size;
    bar.value = offset;
    say(words.sent, { name, done: number(offset / 1024), whole: number(size / 1024), percent: Math.floor((100 * offset) / size) });
  };
  const hash = async (file) => {
    const found = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
    return Array.from(found, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  const until = (milliseconds) => new Promise((go) => {
    const timer = setTimeout(go, milliseconds);
    addEventListener("online", () => { clearTimeout(timer); go(); }, { once: true });
  });
  const refusal = async (answer) => {
    const problem = await answer.json().catch(() => ({}));
    const text = (document.documentElement.lang.startsWith("zh") && problem.detail_zh) || problem.detail || problem.title;
    return new Refused(answer.status === 401 ? words.signin : text || words.failed);
  };

  // Asks until there is an answer: a lost connection and a service that is down are waited for, longer each time.
  const ask = async (path, options) => {
    for (let wait = 1000; ; wait = Math.min(2 * wait, longest)) {
      try {
        const answer = await fetch(path, { ...options, headers: { accept: "application/json", ...options.headers } });
        if (answer.status < 500 && answer.status !== 429) return answer;
      } catch (lost) {
        if (!(lost instanceof TypeError)) throw lost;
      }
      say(words.waiting, { seconds: Math.round(wait / 1000) });
      await until(wait);
    }
  };

  const begin = async (file, sha256) => {
    const fields = new FormData(form);
    const query = new URLSearchParams({ adcode: fields.get("adcode"), size: file.size, sha256 });
    for (const name of ["title", "guide"]) if (fields.get(name)) query.set(name, fields.get(name));
    const answer = await ask(`${address}?${query}`, { method: "POST", headers: { "idempotency-key": crypto.randomUUID() } });
    if (!answer.ok) throw await refusal(answer);
    const made = await answer.json();
    const upload = { id: made.id, name: file.name, size: file.size, sha256, adcode: fields.get("adcode") };
    keep(upload);
    return upload;
  };

  // Where the upload goes on, or null when there is none to go on with.
  const offsetOf = async (upload) => {
    const answer = await ask(`${address}/${upload.id}`, { method: "HEAD" });
    if (answer.status === 401) throw new Refused(words.signin);
    if (!answer.ok || Number(answer.headers.get("upload-length")) !== upload.size) return null;
    return Number(answer.headers.get("upload-offset"));
  };

  const send = async (file, upload, start) => {
    const piece = Number(words.piece);
    let offset = start;
    while (offset < file.size) {
      show(offset, file.size, file.name);
      const body = file.slice(offset, offset + piece);
      const headers = { "upload-offset": String(offset), "content-type": "application/octet-stream" };
      const answer = await ask(`${address}/${upload.id}`, { method: "PATCH", headers, body });
      if (answer.ok) {
        offset = Number(answer.headers.get("upload-offset"));
      } else if (answer.status === 409) { // the piece before had arrived, only its answer was lost
        const next = await offsetOf(upload);
        if (next === null || next === offset) throw await refusal(answer);
        offset = next;
      } else {
        throw await refusal(answer);
      }
    }
    show(file.size, file.size, file.name);
  };

  const upload = async (file) => {
    say(words.hashing, { name: file.name });
    const sha256 = await hash(file);
    let known = kept();
    const same = known && known.sha256 === sha256 && known.adcode === form.elements.adcode.value;
    let offset = same ? await offsetOf(known) : null;
    if (offset === null) {
      known = await begin(file, sha256);
      offset = 0;
    }
    await send(file, known, offset);
    keep(null);
    location.assign(`/lists/imports/${known.id}`);
  };

  form.addEventListener("submit", async (event) => {
    const [file] = form.elements.workbook.files;
    if (!file || !file.size) return; // the plain form says what is missing
    event.preventDefault();
    complain("");
    button.disabled = true;
    try {
      await upload(file);
    } catch (wrong) {
      if (!(wrong instanceof Refused) && !(wrong instanceof DOMException)) throw wrong;
      complain(wrong instanceof Refused ? wrong.message : words.unreadable);
      told.hidden = true;
    } finally {
      button.disabled = false;
    }
  });

  const unfinished = kept();
  if (unfinished) {
    offsetOf(unfinished).then((offset) => {
      if (offset === null || offset >= unfinished.size) return keep(null);
      show(offset, unfinished.size, unfinished.name);
      say(words.unfinished, { name: unfinished.name, percent: Math.floor((100 * offset) / unfinished.size) });
    }).catch((refused) => { if (!(refused instanceof Refused)) throw refused; });
  }
})();
