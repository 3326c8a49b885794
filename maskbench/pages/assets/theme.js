// Light, dark, or as the system: a button that turns through them.

const NAMES = ["system", "light", "dark"];
const ICONS = { system: "◐", light: "☀", dark: "☾" };
const PLACE = "maskbench-theme";

/** Return what the browser keeps under a name; browsers may refuse it to files. @param {string} name */
export function remembered(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

/** @param {string} name @param {string} text */
export function remember(name, text) {
  try { localStorage.setItem(name, text); } catch { /* the page works without */ }
}

/** @param {string | null} name */
export function setTheme(name) {
  const theme = name && NAMES.includes(name) ? name : "system";
  const button = document.getElementById("theme-button");
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  if (button) {
    button.textContent = ICONS[/** @type {keyof typeof ICONS} */ (theme)];
    button.setAttribute("aria-label", `Theme: ${theme === "system" ? "as the system" : theme}`);
    button.dataset.theme = theme;
  }
  remember(PLACE, theme);
}

/** Turn to the next theme. */
export function nextTheme() {
  const now = document.getElementById("theme-button")?.dataset.theme || "system";
  setTheme(NAMES[(NAMES.indexOf(now) + 1) % NAMES.length]);
}

/** Take the theme that was chosen last, and let the button turn it. */
export function startTheme() {
  setTheme(remembered(PLACE));
  document.getElementById("theme-button")?.addEventListener("click", nextTheme);
}
