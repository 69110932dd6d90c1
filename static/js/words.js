// What scripts say, in the language of the page: where that is not English, the page brings the catalogue.
const brought = document.getElementById("words");
const catalogue = brought ? JSON.parse(brought.textContent) : {};
const figures = new Intl.NumberFormat(document.documentElement.lang);

export function say(text, parts = {}) {
  return (catalogue[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => {
    const part = parts[name] ?? whole;
    return typeof part === "number" ? figures.format(part) : part;
  });
}
