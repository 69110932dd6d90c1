// What one text changes of another, word by word, as pieces of a page: <del>, <ins> and plain text.
const MOST = 4_000_000;

export function worddiff(before, after) {
  const [old, now] = [words(before), words(after)];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < now.length - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const pieces = [[null, old.slice(0, start)]];
  pieces.push(...middle(old.slice(start, old.length - end), now.slice(start, now.length - end)));
  pieces.push([null, old.slice(old.length - end)]);
  return pieces.filter(([, list]) => list.length).map(([tag, list]) => piece(tag, list.join("")));
}

function words(text) {
  return text.match(/\S+\s*|\s+/g) ?? [];
}

function piece(tag, text) {
  if (!tag) return document.createTextNode(text);
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

// The longest common run of words; texts too long for it are shown whole, one after the other.
function middle(old, now) {
  if (!old.length || !now.length || old.length * now.length > MOST) return [["del", old], ["ins", now]];
  const width = now.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = old[i] === now[j]
        ? common[(i + 1) * width + j + 1] + 1
        : Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  const pieces = [];
  const add = (tag, word) => (pieces.at(-1)?.[0] === tag ? pieces.at(-1)[1].push(word) : pieces.push([tag, [word]]));
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) { add(null, old[i]); i += 1; j += 1; }
    else if (j >= now.length || (i < old.length && common[(i + 1) * width + j] >= common[i * width + j + 1])) { add("del", old[i]); i += 1; }
    else { add("ins", now[j]); j += 1; }
  }
  return pieces;
}
