// Light, dark or as the system; needs #theme-button and #theme-icon.
const themes = ["system", "light", "dark"];
let theme = "system";
try { theme = localStorage.getItem("maskbench-theme") || theme; } catch { /* no storage on files */ }
function setTheme(name) {
  theme = themes.includes(name) ? name : "system";
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme-icon").textContent = { system: "◐", light: "☀", dark: "☾" }[theme];
  byId("theme-button").setAttribute("aria-label", `Theme: ${theme === "system" ? "as the system" : theme}`);
  try { localStorage.setItem("maskbench-theme", theme); } catch { /* no storage on files */ }
}
const nextTheme = () => setTheme(themes[(themes.indexOf(theme) + 1) % themes.length]);
byId("theme-button").addEventListener("click", nextTheme);
setTheme(theme);
