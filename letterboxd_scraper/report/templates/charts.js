// The pictures: specifications made with the page, drawn by Vega-Lite in the colours of the theme.
const { report, element, filmTable } = window;
const { details, pairs, specs } = window.readLater();
const levelNames = Array.from({ length: 10 }, (_, place) => (place + 1) / 2);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const drawn = new Map();

function config(width) {
  const [ink, muted, line] = [colour("--ink"), colour("--muted"), colour("--line")];
  const font = getComputedStyle(document.body).fontFamily;
  return {
    background: "transparent",
    font,
    view: { stroke: null },
    circle: { size: width < 500 ? 16 : 40 },
    axis: {
      labelColor: muted,
      titleColor: muted,
      titleFontWeight: "normal",
      gridColor: line,
      domainColor: line,
      tickColor: line,
      labelFontSize: 12,
      titleFontSize: 12,
    },
    axisY: { labelLimit: width < 500 ? width * 0.42 : 260, labelColor: ink },
    legend: { labelColor: ink, titleColor: ink, labelFontSize: 12, symbolType: "square" },
  };
}

// What is under the pointer. Of the many films of the overview, whole rows come: to write a text for each of
// them beforehand would take longer than to draw them.
function tip(value, sanitize) {
  const told =
    "beside" in value
      ? { Film: value.title, Mean: value.mean.toFixed(2), Ratings: value.watchers, Rank: value.rank }
      : value;
  const lines = Object.entries(told).map(([name, text]) => `<tr><td class="name">${name}</td><td>${sanitize(text)}</td></tr>`);
  return `<table>${lines.join("")}</table>`;
}

async function draw(place, spec, datasets, description) {
  const text = JSON.stringify(spec).replace(/var\((--[\w-]+)\)/g, (_, name) => colour(name));
  const coloured = { ...JSON.parse(text), description };
  if (datasets) coloured.datasets = datasets;
  drawn.get(place)?.finalize();
  // `ast`: expressions are interpreted, so that the page may forbid code made of text.
  const embedded = await window.vegaEmbed(place, coloured, {
    ast: true,
    mode: "vega-lite",
    actions: false,
    renderer: "canvas",
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true, offsetX: 12, offsetY: 12, formatTooltip: tip },
    config: config(place.clientWidth),
  });
  drawn.set(place, embedded);
  return embedded;
}

// Films with as many ratings and the same mean would hide each other: each is moved a little, always alike.
function films() {
  const all = report.films;
  const points = all.title.map((title, i) => ({
    title: all.year?.[i] ? `${title} (${all.year[i]})` : title,
    watchers: all.watchers[i],
    beside: all.watchers[i] + (((i * 0.56984) % 1) - 0.5) * 0.7,
    near: Math.min(5, Math.max(0.5, all.mean[i] + (((i * 0.754878) % 1) - 0.5) * (0.3 / all.watchers[i]))),
    mean: all.mean[i],
    rank: all.rank[i],
    i,
  }));
  return points.filter((point) => point.watchers); // none are left where ratings went after the ranking
}

function shares(histogram, whose) {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  return histogram.map((count, place) => ({ stars: levelNames[place], whose, count, share: total ? count / total : 0 }));
}

function inWords(histogram) {
  const told = histogram.map((count, place) => (count ? `${count} × ${levelNames[place]}` : "")).filter(Boolean);
  return told.length ? told.reverse().join(", ") : "no ratings";
}

window.drawLevels = (place, row) => {
  const circle = details.circle?.[row.i];
  const site = details.site?.[row.i];
  if (!circle && !site) {
    place.append(element("p", { class: "missing" }, document.getElementById("no-levels").content.textContent));
    return;
  }
  const words = [circle && `this circle: ${inWords(circle)}`, site && `all of Letterboxd: ${inWords(site)}`];
  const description = `Ratings of ${row.title}, in stars: ${words.filter(Boolean).join("; ")}.`;
  const chart = element("div", { class: "chart" });
  place.append(chart);
  const advice = document.getElementById("no-site-levels");
  if (!site && advice) place.append(element("p", { class: "missing" }, advice.content.textContent));
  const levels = [
    ...(circle ? shares(circle, "This circle") : []),
    ...(site ? shares(site, "All of Letterboxd") : []),
  ];
  // Its width is known when it stands in the page.
  requestAnimationFrame(() => draw(chart, specs.levels, { levels }, description));
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

function drawMatches() {
  const chart = document.getElementById("matches");
  if (!chart) return Promise.resolve();
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
  const spec = { ...specs.matches, height: 21 * few.length };
  return draw(chart, spec, { matches: few }, `Agreement of ${name} with other members; a table follows.`);
}

member?.addEventListener("change", drawMatches);

// Everything, one after the other when there is time, so that the table is not held up

async function drawFigure(chart) {
  if (chart.id === "matches") return drawMatches();
  const spec = specs[chart.id];
  if (!spec) return;
  const { view } = await draw(chart, spec, chart.id === "overview" ? { films: films() } : null, chart.dataset.text);
  if (chart.id === "overview") view.addEventListener("click", (event, item) => item?.datum && find(item.datum));
}

// A point leads to its row.
function find(point) {
  const form = document.getElementById("filters");
  form.reset();
  const title = report.films.title[point.i];
  form.elements.search.value = title.includes('"') ? title : `"${title}"`; // the words in this order
  form.dispatchEvent(new Event("input"));
  document.getElementById("ranking").scrollIntoView();
}

// At the latest after some time: a busy machine is never idle.
const idle = (then) => (window.requestIdleCallback ?? setTimeout)(then, { timeout: 200 });

async function drawAll() {
  for (const chart of document.querySelectorAll(".figures .chart")) {
    await new Promise((resolve) => idle(resolve));
    await drawFigure(chart);
  }
  document.documentElement.dataset.drawn = "true";
}

drawAll();
document.addEventListener("themechange", () => {
  drawAll();
  for (const line of document.querySelectorAll("tr.details-row")) {
    const row = filmTable.row(line.previousElementSibling);
    const place = line.querySelector(".levels");
    place.replaceChildren();
    window.drawLevels(place, row.data());
  }
});
