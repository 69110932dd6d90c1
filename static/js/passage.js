// Selecting words in the text, by mouse or by keyboard, fills in the passage; without this one
// copies them by hand, or names paragraphs by number.
import { say } from "./words.js";

const source = document.getElementById("passage-source");
const passage = document.querySelector("textarea[name=passage]");
const among = document.querySelector("input[name=paragraphs]");
const at = document.querySelector("input[name=at]");
const said = document.getElementById("passage-said");

// Offsets are counted in code points, as the server does.
const points = (text) => Array.from(text).length;

function paragraph(text, start) {
  const before = text.slice(0, start).split(/\n[ \t]*\n+/).filter((part) => part.trim());
  return before.length + (/(^|\n[ \t]*\n)\s*$/.test(text.slice(0, start)) ? 1 : 0) || 1;
}

function fill() {
  const text = source.value;
  let start = source.selectionStart;
  let end = source.selectionEnd;
  while (start < end && /\s/.test(text[start])) start += 1;
  while (end > start && /\s/.test(text[end - 1])) end -= 1;
  if (start === end) return;
  const words = text.slice(start, end);
  const place = String(points(text.slice(0, start)));
  if (passage.value === words && at.value === place) return;
  passage.value = words;
  at.value = place;
  if (among) among.value = "";
  passage.dispatchEvent(new Event("input", { bubbles: true }));
  said.textContent = say("Marked {length} characters in paragraph {number}.", { length: points(words), number: paragraph(text, start) });
}

// A read-only field has no caret in some browsers, so that no key selects in it. It becomes one that
// takes no change.
function walkable() {
  source.readOnly = false;
  source.setAttribute("aria-readonly", "true");
  source.inputMode = "none";
  source.addEventListener("beforeinput", (event) => event.preventDefault());
}

if (source && passage && at) {
  walkable();
  for (const moment of ["select", "mouseup", "keyup"]) source.addEventListener(moment, fill);
  source.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || source.selectionStart === source.selectionEnd) return;
    event.preventDefault();
    document.querySelector("input[name=ground]")?.focus();
  });
  passage.addEventListener("input", (event) => {
    if (event.isTrusted) at.value = "";
  });
}
