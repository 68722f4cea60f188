// Pictures of what a reader chooses. Places are percentages, as in the pictures that come with the page.
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

const inShares = (histogram) =>
  sharesOf(histogram)
    .map((share, place) => (share ? `${shareText(share)} ${levelNames[place]}` : ""))
    .filter(Boolean)
    .reverse()
    .join(", ");
const shareText = (share) => `${(100 * share).toFixed(share < 0.01 ? 1 : 0)} %`;

function levelMarks(histogram, told, most, draw) {
  return sharesOf(histogram).flatMap((share, place) => {
    if (!share) return [];
    const title = shape("title", {}, `${told(histogram[place], share)} ${levelNames[place]} stars`);
    return draw(place * 10, (100 * share) / most, histogram[place], title);
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
  const step = [0.05, 0.1, 0.2, 0.25].find((share) => most / share <= 4) ?? 0.5;
  const marks = Array.from({ length: Math.floor(most / step + 1e-9) }, (_, place) => (place + 1) * step);
  return marks.flatMap((share) => {
    const y = percent(100 - (100 * share) / most);
    return [
      shape("line", { class: "grid", x1: 0, x2: "100%", y1: y, y2: y }),
      shape("text", { class: "up", x: 0, y, dx: -6, dy: 4 }, `${Math.round(100 * share)} %`),
    ];
  });
}

function drawLevels(place, film, circle, site) {
  if (!circle && !site) {
    place.append(element("p", { class: "missing" }, "Nobody of this circle has a rating of it any more."));
    return;
  }
  const words = [circle && `this circle: ${inWords(circle)}`, site && `all of Letterboxd: ${inShares(site)}`];
  const chart = copyOf("levels-frame");
  chart.setAttribute("aria-label", `Ratings of ${titleOf(film)}, in stars: ${words.filter(Boolean).join("; ")}.`);
  const most = Math.max(...[circle, site].filter(Boolean).flatMap(sharesOf)) || 1;
  chart.prepend(...heights(most));
  if (circle) chart.append(...levelMarks(circle, (count, share) => `This circle: ${count} (${shareText(share)}) gave`, most, bar));
  if (site) chart.append(...levelMarks(site, (_, share) => `All of Letterboxd: ${shareText(share)} gave`, most, mark));
  const keys = [circle && ["counts", "This circle, with numbers of ratings"], site && ["mark", "All of Letterboxd"]];
  const key = keys.filter(Boolean).map(([name, text]) => element("span", { class: `key ${name}` }, text));
  place.append(element("figcaption", {}, ...key), chart);
  const advice = document.getElementById("no-site-levels");
  if (!site && advice) place.append(element("p", { class: "missing" }, advice.content.textContent));
}

// A point leads to its films in the ranking.
document.addEventListener("click", (event) => {
  const places = event.target.closest("#overview [data-films]")?.dataset.films;
  if (!places) return;
  choose({ ...withoutFilters(), ranks: places.split(" ").map((film) => columns.rank[film]).join(",") });
  document.getElementById("ranking").scrollIntoView();
});
