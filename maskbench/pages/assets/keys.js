// Keys of a page, and the dialog that lists them: one list for both.
import { make } from "pages/elements.js";

/** @typedef {[string, string, (event: KeyboardEvent) => void][]} Keys keys apart by blanks, words, action */

/**
 * Listen to the keys, and list them in a dialog that `?` and the button open.
 * @param {() => Keys} current the keys that count now
 * @param {Keys} all those that are listed
 * @param {(key: string) => boolean} focused takes the keys of what has the focus first
 */
export function startKeys(current, all, focused) {
  const dialog = helpDialog(all);
  document.body.append(dialog);
  document.getElementById("help-button")?.addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (target.matches("input[type=search], textarea, input[type=text]")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (focused(event.key)) { event.preventDefault(); return; }
    if (event.key === " " && target.matches("button:not([data-key]), input, select, summary, a")) return;
    if (target.matches("select") && event.key.startsWith("Arrow")) return;
    if (event.key === "?") { dialog.showModal(); return; }
    const found = current().find(([keys]) => keys === event.key || keys.split(" ").includes(event.key));
    if (!found) return;
    event.preventDefault();
    found[2](event);
  });
  // A chosen value is a finished choice: the page's keys count again.
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement) event.target.blur();
  });
}

/** @param {Keys} keys */
function helpDialog(keys) {
  const named = (/** @type {string} */ key) => make("kbd", {}, { " ": "Space", Escape: "Esc" }[key] || key);
  const rows = keys.flatMap(([names, words]) => [
    make("dt", {}, ...(names === " " ? [" "] : names.split(" ")).map(named)), make("dd", {}, words)]);
  const arrows = [make("dt", {}, make("kbd", {}, "← ↑ → ↓")), make("dd", {}, "next or previous image, or move the picture that is zoomed")];
  const enter = [make("dt", {}, make("kbd", {}, "Enter")), make("dd", {}, "on the picture: ask about the pixel in the middle")];
  return make("dialog", { id: "help", "aria-label": "Keys" }, make("h2", {}, "Keys"),
    make("dl", {}, ...rows, ...arrows, ...enter), make("form", { method: "dialog" }, make("button", {}, "Close")));
}
