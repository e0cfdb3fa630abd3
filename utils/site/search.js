// Finds sections that have all words: those in the heading first. searchIndex is a list of [address, heading, text].
"use strict";
const form = document.getElementById("search");
const found = document.getElementById("found");
const input = document.getElementById("words");
const most = 30;

function score(entry, words) {
  const heading = entry[1].toLowerCase();
  const text = entry[2].toLowerCase();
  let sum = 0;
  for (const word of words) {
    const inHeading = heading.includes(word);
    if (!inHeading && !text.includes(word)) return 0;
    sum += heading.endsWith(word) ? 5 : inHeading ? 3 : 1;
  }
  return sum;
}

function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = searchIndex.map(entry => [words.length ? score(entry, words) : 0, entry]).filter(hit => hit[0] > 0);
  hits.sort((a, b) => b[0] - a[0]);
  found.replaceChildren(...hits.slice(0, most).map(([, [address, heading, text]]) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    const line = document.createElement("p");
    link.href = siteRoot + address;
    link.textContent = heading;
    line.textContent = text.slice(0, 100);
    item.append(link, line);
    return item;
  }));
  found.hidden = hits.length === 0;
}

form.hidden = false;
form.addEventListener("submit", event => event.preventDefault());
input.addEventListener("input", show);
