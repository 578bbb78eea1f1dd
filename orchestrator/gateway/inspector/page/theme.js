/* Light and dark. */

const THEMES = ["system", "light", "dark"];

function theme(name) {
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  show($("theme"), `Theme: ${name}`);
  $("theme").dataset.name = name;
}

function nextTheme() {
  const name = THEMES[(THEMES.indexOf($("theme").dataset.name) + 1) % THEMES.length];
  theme(name);
  stored(browser, "inspector-theme", name === "system" ? null : name);
}
