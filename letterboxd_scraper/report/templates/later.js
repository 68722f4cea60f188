// What is not needed for the list: who gave what, and what is computed from it. It stands at the end of the page, and is
// read when it is first asked for.
const STARS = 15;
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
function numbers(letters) {
  const list = new Uint16Array(letters.length);
  for (let place = 0; place < letters.length; place++) list[place] = letters.charCodeAt(place) - 35;
  return list;
}

// Who gave what, for all films one after the other, and where each film's raters begin.
let raters = null;
function allRaters() {
  if (raters) return raters;
  const [count, member, mark] = ["count", "member", "mark"].map((name) => numbers(details.raters[name]));
  const first = new Uint32Array(count.length + 1);
  count.forEach((number, film) => (first[film + 1] = first[film] + number));
  // A film's first member is there by their place, each other by how far they are behind the one before.
  for (const film of films) {
    for (let place = first[film] + 1; place < first[film + 1]; place++) member[place] += member[place - 1];
  }
  return (raters = { first, member, mark });
}

// Who rated, liked or wants a film: `halves` are half stars, 0 without a rating.
function ratersOf(film) {
  const { first, member, mark } = allRaters();
  const told = [];
  for (let place = first[film]; place < first[film + 1]; place++) {
    const [liked, favourite, wanted] = [HEART, FAVOURITE, WANTED].map((bit) => Boolean(mark[place] & bit));
    told.push({ member: member[place], halves: mark[place] & STARS, liked, favourite, wanted });
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
  return site ? Array.from(numbers(site)) : null;
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
