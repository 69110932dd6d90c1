// Selecting words in the text fills the passage field; without this one copies them by hand.
const source = document.getElementById("passage-source");
const field = document.querySelector("textarea[name=passage]");

function fill() {
  const chosen = window.getSelection();
  if (!source || !field || !chosen || chosen.isCollapsed) return;
  if (!source.contains(chosen.anchorNode) || !source.contains(chosen.focusNode)) return;
  field.value = chosen.toString().trim();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

source?.addEventListener("mouseup", fill);
source?.addEventListener("keyup", fill);
