// Character counters, copy buttons, bars in reach, folding filters, menus that close.
import { say } from "./words.js";

export function counters(root) {
  for (const counter of root.querySelectorAll("[data-counter]:not([data-wired])")) {
    const control = document.getElementById(counter.dataset.counter);
    if (!control) continue;
    counter.dataset.wired = "";
    const max = Number(counter.dataset.max);
    const live = document.createElement("span");
    live.className = "visually-hidden";
    live.setAttribute("aria-live", "polite");
    counter.after(live);
    let timer;
    const show = () => {
      const length = [...control.value].length;
      const over = length - max;
      counter.classList.toggle("over", over > 0);
      counter.textContent = over > 0
        ? (over === 1 ? say("1 character too many") : say("{over} characters too many", { over }))
        : say("{length} of {max} characters", { length, max });
      clearTimeout(timer);
      if (over > 0 || max - length < 100) timer = setTimeout(() => { live.textContent = counter.textContent; }, 1000);
    };
    control.addEventListener("input", show);
    show();
  }
}

// The bar a phone shows leads to something: it goes while that is in view.
export function reaches(root) {
  for (const bar of root.querySelectorAll(".reach:not([data-wired])")) {
    const target = document.getElementById(bar.querySelector("a").hash.slice(1));
    if (!target) continue;
    bar.dataset.wired = "";
    new IntersectionObserver((seen) => {
      bar.hidden = seen.at(-1).isIntersecting;
    }, { rootMargin: "0px 0px -30% 0px" }).observe(target);
  }
}

export function copies(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy]:not([data-wired])")) {
    button.dataset.wired = "";
    button.hidden = false;
    const words = button.firstChild;
    const before = words.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      words.textContent = say("Copied");
      setTimeout(() => { words.textContent = before; }, 2000);
    });
  }
}

const narrow = matchMedia("(max-width: 40rem)");

export function folds(root) {
  for (const fold of root.querySelectorAll("details[data-fold]:not([data-wired])")) {
    fold.dataset.wired = "";
    const fit = () => { fold.open = !narrow.matches; };
    fit();
    narrow.addEventListener("change", fit);
  }
}

// What a choice asks for opens with it: `data-opened-by="name=value"`. It never closes on anyone.
export function opened(root) {
  for (const part of root.querySelectorAll("details[data-opened-by]:not([data-wired])")) {
    part.dataset.wired = "";
    const [name, value] = part.dataset.openedBy.split("=");
    part.closest("form").addEventListener("change", ({ target }) => {
      if (target.name === name && target.value === value) part.open = true;
    });
  }
}

// A form not yet sent begins with the device's time zone: `data-own-zone` names its list of zones.
export function zones(root) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const form of root.querySelectorAll("form[data-own-zone]:not([data-zoned])")) {
    form.dataset.zoned = "";
    const list = form.elements[form.dataset.ownZone];
    if ([...list.options].some((option) => option.value === own)) list.value = own;
  }
}

// A panel that scrolls in itself is as high as the window beneath its upper edge, so that its foot, with the button,
// is in sight before the page is scrolled too.
export function panels(root) {
  for (const panel of root.querySelectorAll("[data-fit]:not([data-wired])")) {
    panel.dataset.wired = "";
    const side = panel.parentElement;
    const fit = () => side.style.setProperty("--above", `${Math.max(side.getBoundingClientRect().top, 16)}px`);
    addEventListener("scroll", fit, { passive: true });
    addEventListener("resize", fit);
    fit();
  }
}

export function menus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
