// Light or dark, before anything is painted: what the reader chose here, else what their system prefers.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
let chosen = null;
try {
  chosen = localStorage.getItem("theme");
} catch {} // a file may have no storage

function showTheme() {
  const dark = chosen ? chosen === "dark" : system.matches;
  root.classList.toggle("dark", dark);
  root.style.colorScheme = dark ? "dark" : "light";
}

showTheme();
system.addEventListener("change", showTheme);
document.addEventListener("click", (event) => {
  if (!event.target.closest("#theme")) return;
  chosen = root.classList.contains("dark") ? "light" : "dark";
  try {
    localStorage.setItem("theme", chosen);
  } catch {}
  showTheme();
});

// A poster that does not come leaves the film's own card.
document.addEventListener("error", ({ target }) => target.matches?.(".tile img") && target.remove(), true);
