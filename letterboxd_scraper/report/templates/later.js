// What is not needed for the list: who gave what, and what is computed from it. It stands at the end of the page, and is
// read when it is first asked for.
const HEART = 16;
const FAVOURITE = 32;
const WANTED = 64;
const parsed = new Promise((resolve) => {
  if (document.readyState !== "loading") resolve();
  document.addEventListener("DOMContentLoaded", resolve);
});
let details = null;
let reading = null;
const later = () => (reading ??= parsed.then(() => readBlock("later")).then((block) => (details = block)));

// A list of whole numbers as a text: each is the code of a letter, less 35.
const numbers = (letters) => Array.from(letters, (letter) => letter.codePointAt(0) - 35);

// Where each film's raters begin in the columns of all.
let raters = null;
function readRaters() {
  const { count, member, mark } = Object.fromEntries(Object.entries(details.raters).map(([name, text]) => [name, numbers(text)]));
  const first = [0];
  for (const each of count) first.push(first.at(-1) + each);
  raters = { first, member, mark };
}

// Who rated, liked or wants a film: `halves` are half stars, 0 without a rating.
function ratersOf(film) {
  if (!raters) readRaters();
  let member = 0;
  const told = [];
  for (let place = raters.first[film]; place < raters.first[film + 1]; place++) {
    member = (place === raters.first[film] ? 0 : member) + raters.member[place];
    const mark = raters.mark[place];
    told.push({ member, halves: mark & 15, liked: Boolean(mark & HEART), favourite: Boolean(mark & FAVOURITE), wanted: Boolean(mark & WANTED) });
  }
  return told;
}

// How many of the circle gave half a star, one star and so on; null if nobody rated it.
function circleHistogram(film) {
  const counts = Array(10).fill(0);
  for (const { halves } of ratersOf(film)) if (halves) counts[halves - 1] += 1;
  return counts.some(Boolean) ? counts : null;
}

// The same of all of Letterboxd, in thousandths.
function siteHistogram(film) {
  const site = details.site?.[film];
  return site ? numbers(site) : null;
}

const whyOf = (film) => details.why?.[film] ?? "";
const sentenceOf = (film) => details.words?.[film] ?? "";

// The stars that a member would give a film that they have not seen; null where nothing tells.
const expectedColumns = new Map();
function expectedStars(member, film) {
  if (!details?.expected?.[member]) return null;
  if (!expectedColumns.has(member)) expectedColumns.set(member, numbers(details.expected[member]));
  const twentieths = expectedColumns.get(member)[film];
  return twentieths ? 0.5 + (twentieths - 1) / 20 : null;
}

// A member's pairs, most alike first: agreement goes from −1 to 1, and lies between low and high in 90 % of cases.
let pairs = null;
function readPairs() {
  const { one, other, overlap, agreement, low, high } = details.pairs;
  return one.map((member, place) => ({
    one: member,
    other: other[place],
    overlap: overlap[place],
    agreement: agreement[place] / 100,
    low: low[place] / 100,
    high: high[place] / 100,
  }));
}
function matchesOf(member) {
  pairs ??= readPairs();
  return pairs
    .filter(({ one, other }) => one === member || other === member)
    .map((pair) => ({ ...pair, member: pair.one === member ? pair.other : pair.one }))
    .sort((a, b) => b.agreement - a.agreement);
}
