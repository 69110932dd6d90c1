// Single-key shortcuts, named by the page with data-key; off by the switch at /keys/ (a cookie the server reads).
import { say } from "./words.js";

const WRITES = "input, textarea, select, [contenteditable]";

export function keys() {
  if (document.body.dataset.keys === "off") return;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("dialog[open]")) return;
    const boxed = event.target.matches("input[type=checkbox], input[type=radio]");
    if (event.target.closest(WRITES) && !boxed) return;
    if (act(event.key, event.target)) event.preventDefault();
  });
}

function act(key, target) {
  if (key === "?") return help();
  if (score(key, target)) return true;
  if (key === "/" && focus(searches().find((box) => box.checkVisibility()))) return true;
  const named = [...document.querySelectorAll("[data-key]")].find((el) => el.dataset.key === key);
  if (named) {
    named.matches("a, button, summary, input[type=checkbox]") ? named.click() : focus(named);
    return true;
  }
  return rows(key, target);
}

// The page's own search before the one of its frame.
function searches() {
  const own = document.querySelectorAll("main input[type=search]");
  return [...own, ...document.querySelectorAll("input[type=search]")];
}

function focus(element) {
  element?.focus();
  return Boolean(element);
}

// 1 to 5 and n answer the criterion under the cursor, or the first without an answer, and go to the next.
function score(key, target) {
  const groups = [...document.querySelectorAll("[data-score-keys] fieldset")];
  const here = target.closest?.("[data-score-keys] fieldset");
  const at = here ? groups.indexOf(here) : groups.findIndex((group) => !group.querySelector("input:checked"));
  const value = key === "n" ? "na" : key;
  const radio = [...(groups[at]?.querySelectorAll("input[type=radio]") ?? [])].find((one) => one.value === value);
  if (!radio) return false;
  radio.click();
  const next = groups[at + 1] ?? groups[at];
  focus(next.querySelector("input:checked") ?? next.querySelector("input"));
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function rows(key, target) {
  const body = document.querySelector("tbody[data-rows]");
  if (!body) return false;
  const all = [...body.rows];
  const at = all.findIndex((row) => row.hasAttribute("data-current"));
  if (key === "j" || key === "k") {
    const next = all[Math.min(Math.max(at + (key === "j" ? 1 : -1), 0), all.length - 1)];
    all[at]?.removeAttribute("data-current");
    next?.setAttribute("data-current", "");
    next?.querySelector("a, input")?.focus();
    next?.scrollIntoView({ block: "nearest" });
    next?.dispatchEvent(new CustomEvent("row:current", { bubbles: true }));
    return Boolean(next);
  }
  const row = all[at];
  if (!row) return false;
  if (key === "x") return pick(row.querySelector("input[type=checkbox]"));
  if (key === "Enter" && !target.closest("a, button, summary")) {
    const link = row.querySelector("a");
    link?.click();
    return Boolean(link);
  }
  return false;
}

function pick(box) {
  box?.click();
  return Boolean(box);
}

function help() {
  let dialog = document.getElementById("keys-help");
  if (!dialog) {
    dialog = build();
    document.body.append(dialog);
  }
  dialog.showModal();
  return true;
}

function build() {
  const dialog = document.createElement("dialog");
  dialog.id = "keys-help";
  dialog.setAttribute("aria-labelledby", "keys-help-title");
  const title = document.createElement("h2");
  title.id = "keys-help-title";
  title.textContent = say("Keys on this page");
  const list = document.createElement("dl");
  list.className = "keys";
  const add = (key, words) => {
    const dt = document.createElement("dt");
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    dt.append(kbd);
    const dd = document.createElement("dd");
    dd.textContent = words;
    list.append(dt, dd);
  };
  if (document.querySelector("tbody[data-rows]")) {
    add("j", say("next row"));
    add("k", say("row before"));
    add("Enter", say("open the row"));
    add("x", say("pick the row"));
  }
  if (document.querySelector("[data-score-keys]")) {
    add("1–5", say("score this criterion, and on to the next"));
    add("n", say("not applicable"));
  }
  for (const el of document.querySelectorAll("[data-key]")) {
    add(el.dataset.key, (el.dataset.keyLabel ?? el.textContent).trim());
  }
  add("?", say("this list"));
  const off = document.createElement("p");
  const link = document.createElement("a");
  link.href = "/keys/";
  link.textContent = say("Turn single keys off");
  off.append(link);
  const form = document.createElement("form");
  form.method = "dialog";
  const close = document.createElement("button");
  close.className = "btn quiet";
  close.textContent = say("Close");
  form.append(close);
  dialog.append(title, list, off, form);
  return dialog;
}
