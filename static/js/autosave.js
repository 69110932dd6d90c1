// A draft is saved while it is written. A lost connection or a session that ended loses nothing: the text stays in this
// browser until it is stored, and a draft that someone else changed meanwhile is shown beside ours, never overwritten.
import { say } from "./words.js";
import { worddiff } from "./worddiff.js";

const WAIT = 1200;
const RETRY = [3000, 10000, 30000];
const SKIP = new Set(["csrfmiddlewaretoken", "_once", "version"]);

export function autosave(root) {
  for (const form of root.querySelectorAll("form[data-autosave]:not([data-saving])")) {
    form.dataset.saving = "";
    new Draft(form).start();
  }
}

class Draft {
  constructor(form) {
    this.form = form;
    this.url = new URL(form.dataset.autosave, location.href);
    this.key = `draft:${form.dataset.person ?? ""}:${this.url.pathname}`;
    this.version = form.elements.version;
    this.status = form.querySelector(".saved");
    this.tries = 0;
    this.dirty = false;
  }

  start() {
    this.restore();
    this.form.addEventListener("input", () => this.changed());
    this.form.addEventListener("change", () => this.changed());
    this.form.addEventListener("submit", (event) => this.submitted(event), { capture: true });
    addEventListener("online", () => this.dirty && this.save());
    addEventListener("pagehide", () => this.dirty && this.keep());
    this.tabs = "BroadcastChannel" in window ? new BroadcastChannel(this.key) : null;
    this.tabs?.addEventListener("message", () => this.elsewhere());
  }

  // Another tab of this browser stored this draft: what is stored comes back with the next save, so ask at once.
  elsewhere() {
    if (!this.form.querySelector(".offer.conflict")) this.save();
  }

  // A form is sent once its text is stored: a page that never comes takes nothing with it.
  async submitted(event) {
    if (this.sent || !(this.dirty || this.busy)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const by = event.submitter;
    while (this.busy) await this.busy;
    if (this.dirty) await this.save();
    if (this.dirty || this.form.querySelector(".offer.conflict")) return;
    this.sent = true;
    this.form.requestSubmit(by);
    this.sent = false;
  }

  values() {
    const values = {};
    for (const [name, value] of new FormData(this.form)) {
      if (SKIP.has(name) || typeof value !== "string") continue;
      (values[name] ??= []).push(value);
    }
    return values;
  }

  changed() {
    this.dirty = true;
    this.touched = true;
    if (this.tries || this.form.querySelector(".offer.conflict")) this.keep();
    if (this.form.querySelector(".offer.conflict")) return;
    if (!this.tries) this.say(say("Saving…"));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), WAIT);
  }

  async save() {
    if (this.busy) { this.again = true; return; }
    clearTimeout(this.timer);
    this.busy = this.send();
    await this.busy;
    this.busy = null;
    if (this.again) { this.again = false; this.changed(); }
  }

  async send() {
    this.dirty = false;
    let response = null;
    let body = null;
    try {
      response = await fetch(this.url, {
        method: "POST", body: new FormData(this.form), credentials: "same-origin", redirect: "manual",
        headers: { "X-Autosave": "1", Accept: "application/json" },
      });
      if (response.headers.get("Content-Type")?.startsWith("application/json")) body = await response.json();
    } catch {
      response = null;
    }
    if (response?.ok && body) return this.stored(body);
    if (response?.status === 409 && body?.data) return this.conflict(body);
    if (response?.status === 422 && body) { this.keep(); return this.say(say("Not saved. {why}", { why: body.text }), true); }
    this.dirty = true;
    this.keep();
    if (response && response.status < 500) return this.refused(body);
    this.tries += 1;
    this.timer = setTimeout(() => this.save(), RETRY[Math.min(this.tries, RETRY.length) - 1]);
    const why = response
      ? say("Not saved: the service does not answer. Kept in this browser, and sent again by itself.")
      : say("Not saved: no connection. Kept in this browser, and sent again by itself.");
    this.say(why, true);
  }

  // Signed out, or no longer allowed: trying again would change nothing.
  refused(body) {
    const why = body?.text ?? say("this page is out of date. Reload it");
    this.say(say("Not saved: {why}. Kept in this browser.", { why }), true);
    if (!body?.sign_in) return;
    const link = line("a", say("Sign in and go on"));
    link.href = `${body.sign_in}?next=${encodeURIComponent(location.pathname)}`;
    this.status.append(" ", link);
  }

  stored({ version, at }) {
    this.tries = 0;
    if (this.version) this.version.value = version;
    if (!this.dirty) this.forget();
    this.say(say("Saved {at}", { at }));
    if (String(version) !== this.told) this.tabs?.postMessage(version);
    this.told = String(version);
  }

  say(words, trouble = false) {
    this.status.textContent = words;
    this.status.classList.toggle("trouble", trouble);
    this.status.style.minHeight = `${this.status.offsetHeight}px`;
  }

  keep() {
    try {
      localStorage.setItem(this.key, JSON.stringify({ version: this.version?.value ?? "", at: Date.now(), values: this.values() }));
    } catch { /* storage may be full or refused: the server's copy remains */ }
  }

  forget() {
    try { localStorage.removeItem(this.key); } catch { /* as above */ }
  }

  restore() {
    let kept;
    try { kept = JSON.parse(localStorage.getItem(this.key) ?? "null"); } catch { kept = null; }
    if (!kept?.values || plain(kept.values) === plain(this.values())) return this.forget();
    const at = new Date(kept.at ?? Date.now()).toLocaleString(document.documentElement.lang, { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
    this.offer(say("This browser keeps text of {at} that was not saved. Underlined: what it would change below.", { at }), kept.values, [
      [say("Put it back"), () => { this.fill(kept.values); this.forget(); this.changed(); }],
      [say("Drop it"), () => this.forget()],
    ]);
  }

  conflict({ version, data }) {
    if (this.touched) this.keep();
    const theirs = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, [String(value ?? "")]]));
    const seen = () => { if (this.version) this.version.value = version; };
    this.say(say("Not saved: this text was saved in another tab or by another person. Choose below which to keep."), true);
    const words = say("Another tab or person saved a different text after you opened this page. Nothing of yours is lost; nothing more is saved here until you choose. Struck out: yours. Underlined: the other.");
    const box = this.offer(words, theirs, [
      [say("Use the other text"), () => {
        this.fill(theirs);
        seen();
        this.forget();
        this.dirty = false;
        this.say(say("The other text is in the form. It is saved."));
      }],
      [say("Keep what is here"), () => { seen(); this.changed(); }],
      [say("Merge by hand"), () => { seen(); this.merge(box); this.changed(); }],
    ]);
    box.classList.add("conflict");
    this.status.after(box);
    box.scrollIntoView({ block: "nearest" });
  }

  // Both texts stay in view, to copy from, while the form is changed.
  merge(box) {
    box.classList.remove("conflict");
    box.querySelector("p").textContent = say("Change the form as you like; it is saved again. Struck out: your text as it was. Underlined: the other.");
    box.querySelector(".row").replaceChildren(button(say("Done"), () => box.remove()));
    this.status.after(box);
  }

  fill(values) {
    for (const [name, [...list]] of Object.entries(values)) {
      for (const control of this.form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (control.type === "checkbox" || control.type === "radio") control.checked = list.includes(control.value);
        else control.value = list.shift() ?? "";
      }
    }
  }

  offer(words, values, ways) {
    this.form.querySelector(".offer")?.remove();
    const box = document.createElement("div");
    box.className = "notice warn offer";
    box.setAttribute("role", "alert");
    const row = line("p", "");
    row.className = "row";
    row.append(...ways.map(([label, act]) => button(label, () => { box.remove(); act(); })));
    box.append(line("p", words), this.difference(values), row);
    this.form.prepend(box);
    return box;
  }

  difference(values) {
    const mine = this.values();
    const list = document.createElement("dl");
    list.className = "changes texts";
    for (const [name, other] of Object.entries(values)) {
      const [here, there] = [this.shown(name, mine[name]), this.shown(name, other)];
      if (here.trim() === there.trim()) continue;
      const group = document.createElement("div");
      const dd = document.createElement("dd");
      dd.append(...worddiff(here, there));
      group.append(line("dt", this.label(name)), dd);
      list.append(group);
    }
    return list;
  }

  label(name) {
    const control = this.form.querySelector(`label[for="id_${CSS.escape(name)}"]`) ?? this.form.querySelector(`#id_${CSS.escape(name)} > legend`);
    const row = control?.closest("[role=group]")?.getAttribute("aria-label");
    return [row, control?.firstChild?.textContent ?? name].filter(Boolean).join(": ");
  }

  // A chosen answer by its words, a written one as it is.
  shown(name, values = []) {
    return values.map((value) => {
      const option = this.form.querySelector(`[type=radio][name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`);
      return option?.closest("label")?.textContent.trim() ?? value.replaceAll("\r\n", "\n");
    }).join(", ");
  }
}

// Values without what makes no difference: white space around them, line ends, rows left empty.
function plain(values) {
  const said = Object.entries(values).map(([name, list]) => [name, list.map((v) => v.replaceAll("\r\n", "\n").trim()).filter(Boolean)]);
  return JSON.stringify(said.filter(([, list]) => list.length).sort());
}

function line(tag, words) {
  const element = document.createElement(tag);
  element.textContent = words;
  return element;
}

function button(words, act) {
  const element = line("button", words);
  element.type = "button";
  element.className = "btn quiet small";
  element.addEventListener("click", act);
  return element;
}
