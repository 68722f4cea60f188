// What the page knows of the films: columns of one value a film, a film being its place in them.
if (!("DecompressionStream" in window)) {
  document.getElementById("status").textContent = "This browser is too old for the list of all films: one of 2023 or later shows it.";
}

async function readBlock(id) {
  const packed = new Blob([bytesOf(document.getElementById(id).textContent.trim())]).stream();
  return new Response(packed.pipeThrough(new DecompressionStream("gzip"))).json();
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  return bytes;
}

const report = await readBlock("report");
const columns = report.films;
const films = columns.rank.map((_, film) => film);
const has = (name) => name in columns;
const value = (name, film) => columns[name]?.[film] ?? null;
const members = report.members;

// Elements are made of text, never of HTML: titles are what people wrote.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, text] of Object.entries(attributes)) made.setAttribute(key, text);
  made.append(...children);
  return made;
}

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const counted = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
const decimals = (number, places = 2) => (number == null ? "" : number.toFixed(places));
const glyphs = (stars) => "★".repeat(Math.floor(stars)) + (stars % 1 ? "½" : "");
const namesOf = (column, names) => (film) => (value(column, film) ?? []).map((place) => names[place]);
const directorsOf = namesOf("directors", report.directors);
const genresOf = namesOf("genres", report.genres);
const languageOf = (film) => report.language_names[value("language", film)] ?? "";
const titleOf = (film) => columns.title[film];
const scoreInterval = (film) =>
  value("low", film) == null ? "" : `${decimals(columns.low[film])} – ${decimals(columns.high[film])}`;

// A film's page on the site; null if it has none.
function addressOf(film) {
  const slug = value("slug", film);
  const path = slug ? `/film/${encodeURIComponent(slug)}/` : value("link", film);
  return path?.startsWith("/") ? report.site + path : path;
}

// "liked by 7, a favourite of 2, on 3 of your lists": only what there is.
function marksOf(film) {
  const [liked, favorites, wanted] = ["liked", "favorites", "wanted"].map((name) => value(name, film));
  const whose = report.you == null ? "their" : "your";
  return [
    liked && `liked by ${liked}`,
    favorites && `a favourite of ${favorites}`,
    wanted && `on ${wanted} of ${whose} lists`,
  ]
    .filter(Boolean)
    .join(", ");
}

// Names as an address has them: "Science Fiction" is science-fiction, and a second one science-fiction-2.
function addressNames(names) {
  const times = new Map();
  return names.map((name) => {
    const plain = folded(name.replace(/ \(you\)$/, "")).replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "-";
    times.set(plain, (times.get(plain) ?? 0) + 1);
    return times.get(plain) === 1 ? plain : `${plain}-${times.get(plain)}`;
  });
}
const genreNames = addressNames(report.genres);
const memberNames = addressNames(members);
const filmName = (film) => value("slug", film) ?? `rank-${columns.rank[film]}`;
const filmPlaces = new Map(films.map((film) => [filmName(film), film]));

const bits = new Map();
function hasSeen(film, member) {
  if (!bits.has(film)) bits.set(film, atob(columns.seen[film]));
  return (bits.get(film).charCodeAt(member >> 3) & (128 >> (member & 7))) !== 0;
}
