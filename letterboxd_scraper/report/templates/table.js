// The ranking as a table: DataTables shows, sorts and searches it; the filters above it are the page's own.
const report = JSON.parse(document.getElementById("report").textContent);
window.report = report;
const columns = report.films;
const has = (name) => name in columns;
const value = (name, i) => (has(name) ? columns[name][i] : null);

// What comes behind the table in the page, and is read when it is first asked for.
let later = null;
function readLater() {
  const written = document.getElementById("later");
  later ??= written ? JSON.parse(written.textContent) : null;
  return later ?? { details: {}, pairs: [] };
}
window.readLater = readLater;
const detail = (name, i) => readLater().details[name]?.[i] ?? null;

// Elements are made of text, never of HTML: titles are what people wrote.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, text] of Object.entries(attributes)) made.setAttribute(key, text);
  made.append(...children);
  return made;
}
window.element = element;

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const stars = (number, places = 2) => (number == null ? "" : number.toFixed(places));
const directorsOf = (i) => columns.directors[i].map((each) => report.directors[each]);
const genresOf = (i) => columns.genres[i].map((each) => report.genres[each]);

const rows = columns.rank.map((rank, i) => ({
  i,
  rank,
  title: columns.title[i],
  key: folded(columns.title[i]),
  words: `${columns.title[i]} ${directorsOf(i).join(" ")}`,
  year: value("year", i),
  score: columns.score[i],
  mean: columns.mean[i],
  watchers: columns.watchers[i],
  average: value("average", i),
}));

function filmCell(row) {
  const title = element("bdi", {}, row.title);
  const slug = value("slug", row.i);
  const path = slug ? `/film/${encodeURIComponent(slug)}/` : value("link", row.i);
  const link = path
    ? element("a", { href: path.startsWith("/") ? report.site + path : path, rel: "noreferrer" }, title)
    : title;
  const below = [];
  if (row.year) below.push(element("span", { class: "year" }, String(row.year)));
  if (columns.directors[row.i].length) below.push(element("bdi", {}, directorsOf(row.i).join(", ")));
  const cell = element("div", { class: "film" });
  const poster = value("poster", row.i);
  if (has("poster")) cell.append(poster ? picture(poster) : element("span", { class: "no-poster" }));
  cell.append(element("div", {}, link, element("div", { class: "below" }, ...below)));
  return cell;
}

function picture(source) {
  const attributes = { alt: "", loading: "lazy", referrerpolicy: "no-referrer", width: 40, height: 60 };
  return element("img", { ...attributes, src: source });
}

function moreButton(row) {
  return element("button", {
    type: "button",
    class: "more",
    "aria-expanded": "false",
    "aria-label": `Details of ${row.title}`,
  });
}

function scoreCell(row) {
  const cell = element("div", {}, stars(row.score, 3));
  if (value("low", row.i) != null) cell.append(element("div", { class: "below" }, interval(row.i)));
  return cell;
}

const interval = (i) => `${stars(columns.low[i])} – ${stars(columns.high[i])}`;

const number = (name, title, display, options = {}) => ({
  data: name,
  title,
  type: "num",
  searchable: false,
  orderSequence: ["desc", "asc"],
  render: (data, type, row) => (type === "display" ? display(row) : (data ?? -Infinity)),
  ...options,
});

const shown = [
  {
    data: null,
    title: '<span class="hidden">Details</span>',
    className: "opener",
    orderable: false,
    searchable: false,
    render: (data, type, row) => (type === "display" ? moreButton(row) : ""),
  },
  number("rank", "Rank", (row) => row.rank, { className: "rank", orderSequence: ["asc", "desc"] }),
  {
    data: "title",
    title: "Film",
    className: "title",
    type: "string",
    render: (data, type, row) => {
      if (type === "display") return filmCell(row);
      return type === "filter" ? `${row.words} ${folded(row.words)}` : row.key;
    },
  },
  number("year", "Year", (row) => row.year ?? "", { className: "wide", visible: has("year") }),
  number("score", "Score", scoreCell, { className: "score" }),
  number("mean", "Mean", (row) => stars(row.mean), { className: "wide" }),
  number("watchers", "Ratings", (row) => row.watchers, { className: "medium" }),
  number("average", "Letterboxd", (row) => stars(row.average), { className: "wide", visible: has("average") }),
];

const table = new DataTable("#films", {
  data: rows,
  columns: shown,
  order: [[1, "asc"]],
  autoWidth: false,
  deferRender: true,
  pageLength: 25,
  lengthMenu: [25, 50, 100, 500],
  layout: { topStart: "info", topEnd: null, bottomStart: "pageLength", bottomEnd: "paging" },
  language: {
    info: "_START_–_END_ of _TOTAL_ films",
    infoEmpty: "No film",
    infoFiltered: "(of _MAX_)",
    zeroRecords: "No film fits these choices.",
    emptyTable: "No film is ranked.",
    lengthMenu: "_MENU_ films a page",
    thousands: ",",
    entries: { _: "films", 1: "film" },
  },
});
performance.mark("table"); // for whoever measures

// Filters

const form = document.getElementById("filters");
const chosen = (name) => form.elements[name]?.value.trim() ?? "";
const bits = new Map();

function hasSeen(i, member) {
  if (!bits.has(i)) bits.set(i, atob(columns.seen[i]));
  return (bits.get(i).charCodeAt(member >> 3) & (128 >> (member & 7))) !== 0;
}
window.hasSeen = hasSeen;

function placesOf(names, wanted) {
  return new Set(names.flatMap((name, place) => (folded(name).includes(folded(wanted)) ? [place] : [])));
}

// Films that a picture has pointed at, until other films are asked for.
let pointed = null;

function conditions() {
  const number = (name) => (chosen(name) === "" ? null : Number(chosen(name)));
  const [first, last, decade] = [number("first"), number("last"), number("decade")];
  const [genre, unseen, least, most] = [number("genre"), number("unseen"), number("least"), number("most")];
  const directors = chosen("director") ? placesOf(report.directors, chosen("director")) : null;
  return [
    first != null && ((row) => row.year >= first && row.year != null),
    last != null && ((row) => row.year <= last && row.year != null),
    decade != null && ((row) => row.year >= decade && row.year < decade + 10),
    genre != null && ((row) => columns.genres[row.i].includes(genre)),
    directors && ((row) => columns.directors[row.i].some((each) => directors.has(each))),
    least != null && ((row) => row.watchers >= least),
    most != null && ((row) => row.watchers <= most),
    unseen != null && ((row) => !hasSeen(row.i, unseen)),
    pointed && ((row) => pointed.has(row.i)),
  ].filter(Boolean);
}

function filter() {
  const all = conditions();
  table.search.fixed("choices", all.length ? (text, row) => all.every((holds) => holds(row)) : null);
  table.search(chosen("search")).draw();
}

window.showFilms = (places) => {
  form.reset();
  pointed = new Set(places);
};

form.addEventListener("input", () => {
  pointed = null;
  filter();
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => {
  pointed = null;
  setTimeout(filter); // when the fields are empty
});

// Thousands of names: only for who is about to choose one.
form.elements.director?.addEventListener(
  "focus",
  () =>
    document
      .getElementById("directors")
      .append(...report.directors.map((name) => element("option", { value: name }))),
  { once: true },
);

// Details of a film

function facts(i) {
  const told = [
    ["Directed by", directorsOf(i).join(", ")],
    ["Genres", genresOf(i).join(", ")],
    ["Runtime", detail("runtime", i) ? `${detail("runtime", i)} min` : ""],
    ["Score", `${stars(columns.score[i], 3)}${value("low", i) != null ? ` (90 %: ${interval(i)})` : ""}`],
    ["Mean here", `${stars(columns.mean[i])}, from ${columns.watchers[i]} rating${columns.watchers[i] === 1 ? "" : "s"}`],
    ["Spread here", stars(detail("spread", i))],
    ["Letterboxd's average", stars(value("average", i))],
  ];
  if (report.you != null) told.push(["You", hasSeen(i, report.you) ? "have seen it" : "have not seen it"]);
  const list = element("dl");
  for (const [name, text] of told.filter(([, text]) => text)) {
    list.append(element("div", {}, element("dt", {}, name), element("dd", {}, element("bdi", {}, text))));
  }
  return list;
}

function details(row) {
  const picture = element("figure", { class: "levels" });
  const text = element("div", {}, element("p", { class: "why" }, detail("why", row.i) ?? ""), facts(row.i));
  const made = element("div", { class: "details" }, text, picture);
  if (window.drawLevels) window.drawLevels(picture, row);
  return made;
}

document.querySelector("#films tbody").addEventListener("click", (event) => {
  // Who marks a text, or follows a link, does not want to see more.
  if (event.target.closest("a") || (String(getSelection()) && !event.target.closest("button"))) return;
  const line = event.target.closest("tr");
  const row = table.row(line);
  if (!row.data()) return;
  const opens = !row.child.isShown();
  if (opens) row.child(details(row.data()), "details-row").show();
  else row.child.hide();
  line.querySelector("button.more").setAttribute("aria-expanded", String(opens));
});
