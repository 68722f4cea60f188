// The pictures of what a reader chooses: the ratings of a film that is opened, and whose taste is like a member's.
// Places are percentages, as in the pictures that come with the page.
const { report, element } = window;
const { details, pairs } = window.readLater();
const levelNames = Array.from({ length: 10 }, (_, place) => (place + 1) / 2);

function shape(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, text] of Object.entries(attributes)) made.setAttribute(key, text);
  made.append(...children);
  return made;
}

const percent = (number) => `${number.toFixed(2)}%`;
const copyOf = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

// One film's ratings: bars for this circle, with how many gave these stars; a mark in each for all of Letterboxd.

const total = (histogram) => histogram.reduce((sum, count) => sum + count, 0);
const sharesOf = (histogram) => histogram.map((count) => count / (total(histogram) || 1));

function inWords(histogram) {
  const told = histogram.map((count, place) => (count ? `${count} × ${levelNames[place]}` : "")).filter(Boolean);
  return told.length ? told.reverse().join(", ") : "no ratings";
}

function levelMarks(histogram, whose, most, draw) {
  return sharesOf(histogram).flatMap((share, place) => {
    if (!share) return [];
    const told = `${whose}: ${histogram[place]} gave ${levelNames[place]} stars, ${(100 * share).toFixed(share < 0.01 ? 1 : 0)} %`;
    return draw(place * 10, (100 * share) / most, histogram[place], shape("title", {}, told));
  });
}

const bar = (x, height, count, title) => [
  shape("rect", { x: percent(x + 1), y: percent(100 - height), width: "8%", height: percent(height) }, title),
  shape("text", { x: percent(x + 5), y: percent(100 - height), dy: -4 }, String(count)),
];
const mark = (x, height, count, title) => [
  shape("line", { class: "site", x1: percent(x), x2: percent(x + 10), y1: percent(100 - height), y2: percent(100 - height) }, title),
];

function heights(most) {
  const step = [0.05, 0.1, 0.2, 0.25].find((each) => most / each <= 4) ?? 0.5;
  const marks = Array.from({ length: Math.floor(most / step + 1e-9) }, (_, place) => (place + 1) * step);
  return marks.flatMap((share) => {
    const y = percent(100 - (100 * share) / most);
    return [
      shape("line", { class: "grid", x1: 0, x2: "100%", y1: y, y2: y }),
      shape("text", { class: "up", x: 0, y, dx: -6, dy: 4 }, `${Math.round(100 * share)} %`),
    ];
  });
}

window.drawLevels = (place, row) => {
  const circle = details.circle?.[row.i];
  const site = details.site?.[row.i];
  if (!circle && !site) {
    place.append(element("p", { class: "missing" }, document.getElementById("no-levels").content.textContent));
    return;
  }
  const words = [circle && `this circle: ${inWords(circle)}`, site && `all of Letterboxd: ${inWords(site)}`];
  const chart = copyOf("levels-frame");
  chart.setAttribute("aria-label", `Ratings of ${row.title}, in stars: ${words.filter(Boolean).join("; ")}.`);
  const most = Math.max(...[circle, site].filter(Boolean).flatMap(sharesOf)) || 1;
  chart.prepend(...heights(most));
  if (circle) chart.append(...levelMarks(circle, "This circle", most, bar));
  if (site) chart.append(...levelMarks(site, "All of Letterboxd", most, mark));
  const keys = [circle && ["counts", "This circle, with numbers of ratings"], site && ["mark", "All of Letterboxd"]];
  const key = keys.filter(Boolean).map(([name, text]) => element("span", { class: `key ${name}` }, text));
  place.append(element("figcaption", {}, ...key), chart);
  const advice = document.getElementById("no-site-levels");
  if (!site && advice) place.append(element("p", { class: "missing" }, advice.content.textContent));
};

// Whose taste is like that of the member who is chosen

const member = document.getElementById("member");
const MOST = 30;

function matchesOf(place) {
  return pairs
    .filter(([one, other]) => one === place || other === place)
    .map(([one, other, overlap, agreement, low, high]) => ({
      member: report.members[one === place ? other : one],
      overlap,
      agreement,
      low,
      high,
      interval: `${low.toFixed(2)} … ${high.toFixed(2)}`,
    }))
    .sort((a, b) => b.agreement - a.agreement);
}

const along = (agreement) => percent(50 + 50 * agreement);

function matchRow(match) {
  const told = `${match.member}: ${match.agreement.toFixed(2)} (90 %: ${match.interval}), from ${match.overlap} films`;
  return element(
    "div",
    { class: "row", title: told },
    element("bdi", { class: "name" }, match.member),
    shape(
      "svg",
      { class: "track" },
      ...[-1, -0.5, 0, 0.5, 1].map((number) =>
        shape("line", { class: number ? "grid" : "zero", x1: along(number), x2: along(number), y1: 0, y2: "100%" }),
      ),
      shape("line", { class: "span", x1: along(match.low), x2: along(match.high), y1: "50%", y2: "50%" }),
      shape("circle", { class: match.agreement < 0 ? "unlike" : "", cx: along(match.agreement), cy: "50%", r: 5 }),
    ),
  );
}

function drawMatches() {
  const name = report.members[member.value];
  const all = matchesOf(Number(member.value));
  const few = all.length > MOST ? [...all.slice(0, 20), ...all.slice(-10)] : all;
  document.getElementById("matches-rows").replaceChildren(
    ...all.map((each) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, element("bdi", {}, each.member)),
        element("td", {}, each.agreement.toFixed(2)),
        element("td", {}, each.interval),
        element("td", {}, String(each.overlap)),
      ),
    ),
  );
  const of = all.length > MOST ? `These are the 20 most alike and the 10 least alike of ${all.length}` : "These are all of whom this page can tell";
  document.getElementById("matches-note").textContent = all.length
    ? `${of}; the line is the 90 % interval: the shorter, the surer.`
    : "Of nobody, this page can tell.";
  const chart = document.getElementById("matches");
  chart.setAttribute("aria-label", `Agreement of ${name} with other members; a table follows.`);
  chart.replaceChildren(...(few.length ? [...few.map(matchRow), copyOf("agreement-scale")] : []));
}

if (member) {
  member.addEventListener("change", drawMatches);
  drawMatches();
}

// A point leads to its films in the ranking.
document.getElementById("overview")?.addEventListener("click", (event) => {
  const films = event.target.closest("[data-films]")?.dataset.films;
  if (!films) return;
  window.showFilms(films.split(" ").map(Number));
  document.getElementById("ranking").scrollIntoView();
});
