// The first click is the one that counts. The server does a form once in any case; this says so early.
const SLOW = 12000; // by then one may have stopped the page, or the line has gone: the button is theirs again

export function once(root) {
  for (const form of root.querySelectorAll("form[data-once]:not([data-wired])")) {
    form.dataset.wired = "";
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      for (const button of form.querySelectorAll("button:not([type=button])")) {
        button.setAttribute("aria-disabled", "true");
      }
      setTimeout(ready, SLOW, form);
    });
  }
}

function ready(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
}

// Coming back by the browser's history finds the form ready again.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(ready);
});
