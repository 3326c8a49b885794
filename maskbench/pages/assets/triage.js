// What one thinks of the images: fine, wrong, notes on pixels, seen. Kept in this browser, under the
// versions that the page shows, and taken along as Markdown or JSON.
import { count, make } from "pages/elements.js";
import { remember, remembered } from "pages/theme.js";

/** @typedef {{x: number, y: number, text: string}} Note */
/** @typedef {{seen?: boolean, verdict?: "fine" | "wrong", notes?: Note[]}} Opinion */
/** @typedef {{key: string, task: number, link: string | null}} Item */

export class Triage {
  /** @param {string} page name of what is judged, the same for the same versions @param {() => void} changed */
  constructor(page, changed) {
    this.place = `maskbench-triage-${page}`;
    this.changed = changed;
    /** @type {Record<string, Opinion>} */
    this.opinions = parsed(remembered(this.place));
  }

  /** @param {string} key @returns {Opinion} */
  of(key) { return Object.hasOwn(this.opinions, key) ? this.opinions[key] : {}; }

  /** @param {string} key @param {Opinion} change */
  set(key, change) {
    this.opinions[key] = { ...this.of(key), ...change };
    remember(this.place, JSON.stringify(this.opinions));
    this.changed();
  }

  /** @param {string} key */
  see(key) { if (!this.of(key).seen) this.set(key, { seen: true }); }

  /** Judge an image; the same verdict again takes it back. @param {string} key @param {"fine" | "wrong"} verdict */
  judge(key, verdict) { this.set(key, { verdict: this.of(key).verdict === verdict ? undefined : verdict }); }

  /** @param {string} key @param {Note} note */
  note(key, note) { this.set(key, { notes: [...(this.of(key).notes || []), note] }); }

  /** @param {string} key @param {number} index */
  removeNote(key, index) { this.set(key, { notes: (this.of(key).notes || []).filter((_, i) => i !== index) }); }

  /** Tell whether an image fits a choice of the filter. @param {string} key @param {string} choice */
  fits(key, choice) {
    const { seen, verdict, notes = [] } = this.of(key);
    return { unseen: !seen, seen: Boolean(seen), fine: verdict === "fine", wrong: verdict === "wrong", notes: notes.length > 0 }[choice] ?? true;
  }

  /** Return what was judged, in the order of the items. @param {Item[]} items */
  judged(items) {
    return items.filter(({ key }) => this.of(key).verdict || this.of(key).notes?.length)
      .map(({ key, task, link }) => ({ key, task, link, verdict: this.of(key).verdict ?? null, notes: this.of(key).notes ?? [] }));
  }

  /** @param {Item[]} items @param {string} title */
  markdown(items, title) {
    const seen = items.filter(({ key }) => this.of(key).seen).length;
    const rows = this.judged(items).flatMap(({ key, task, link, verdict, notes }) => [
      `- ${link ? `[task ${task}](<${link}>)` : `task ${task}`} ${code(key)}${verdict ? `: **${verdict}**` : ""}`,
      ...notes.map(({ x, y, text }) => `  - pixel (${x}, ${y}): ${escaped(text)}`),
    ]);
    return [`### ${escaped(title)}`, "", `${count(seen)} of ${count(items.length)} images seen.`, "", ...rows, ""].join("\n");
  }

  /** @param {Item[]} items @param {string} title */
  json(items, title) {
    return `${JSON.stringify({ page: title, seen: items.filter(({ key }) => this.of(key).seen).map(({ key }) => key), judged: this.judged(items) }, null, 2)}\n`;
  }
}

/** The choices of a page's filter by triage. @type {[string, string][]} */
export const TRIAGE_CHOICES = [["unseen", "not seen"], ["seen", "seen"], ["wrong", "wrong"], ["fine", "fine"], ["notes", "with a note"]];

/**
 * Return the buttons and notes of an image.
 * @param {Triage} triage
 * @param {string} key
 * @param {{ask: () => void, go: (at: [number, number]) => void}} events a note is asked for; go to a note's pixel
 */
export function triageBar(triage, key, { ask, go }) {
  const { verdict, notes = [] } = triage.of(key);
  const judge = (/** @type {"fine" | "wrong"} */ word, /** @type {string} */ icon, /** @type {string} */ hint) => make("button", {
    type: "button", class: `judge ${word}`, "aria-pressed": String(verdict === word), title: hint, on: { click: () => triage.judge(key, word) } }, `${icon} ${word}`);
  const listed = notes.map(({ x, y, text }, i) => make("li", {},
    make("button", { type: "button", class: "link", on: { click: () => go([x, y]) } }, `(${x}, ${y})`), ` ${text} `,
    make("button", { type: "button", class: "link", "aria-label": `Remove the note on (${x}, ${y})`, on: { click: () => triage.removeNote(key, i) } }, "✕")));
  return make("div", { class: "triage", role: "group", "aria-label": "What you think of this image" }, judge("fine", "✓", "g"), judge("wrong", "✗", "x"),
    make("button", { type: "button", title: "n", on: { click: ask } }, "✎ note"), notes.length ? make("ul", { class: "notes" }, ...listed) : null);
}

/** Ask for the text of a note. @param {[number, number]} at @param {(text: string) => void} done */
export function askNote([x, y], done) {
  const input = make("textarea", { rows: "3", "aria-label": `Note on pixel (${x}, ${y})` });
  const dialog = make("dialog", { "aria-label": "Note" }, make("h2", {}, `Note on pixel (${x}, ${y})`),
    make("form", { method: "dialog" }, input, make("div", { class: "row" }, make("button", { value: "save" }, "Save"), make("button", { value: "" }, "Cancel"))));
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && event.ctrlKey) dialog.close("save"); });
  dialog.addEventListener("close", () => { dialog.remove(); if (dialog.returnValue === "save" && input.value.trim()) done(input.value.trim()); });
  document.body.append(dialog);
  dialog.showModal();
}

/** Show what was judged as Markdown, to copy, and as JSON, to save. @param {Triage} triage @param {Item[]} items @param {string} title */
export function takeAlong(triage, items, title) {
  const text = make("textarea", { rows: "14", readonly: true, "aria-label": "Markdown" });
  text.value = triage.markdown(items, title);
  const address = URL.createObjectURL(new Blob([triage.json(items, title)], { type: "application/json" }));
  const copy = make("button", { type: "button", on: { click: () => {
    text.select();
    navigator.clipboard?.writeText(text.value).then(() => { copy.textContent = "Copied"; }, () => {});
  } } }, "Copy as Markdown");
  const dialog = make("dialog", { "aria-label": "Take along", class: "wide" }, make("h2", {}, "Take along"),
    make("p", { class: "hint" }, "Kept in this browser only: paste it into a pull request, or give it to whoever corrects the labels."), text,
    make("form", { method: "dialog", class: "row" }, copy, make("a", { href: address, download: "triage.json", class: "button" }, "Download JSON"), make("button", {}, "Close")));
  dialog.addEventListener("close", () => { dialog.remove(); URL.revokeObjectURL(address); });
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {string | null} text @returns {Record<string, Opinion>} */
function parsed(text) {
  try { return JSON.parse(text || "{}") || {}; } catch { return {}; }
}

/** Return a name as code in Markdown. @param {string} name */
function code(name) {
  const fence = "`".repeat(Math.max(0, ...[...name.matchAll(/`+/g)].map((run) => run[0].length)) + 1);
  return `${fence}${fence.length > 1 ? ` ${name} ` : name}${fence}`;
}

/** Return text that Markdown shows as it is, on one line: no markup, links or mentions. @param {string} text */
const escaped = (text) => text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>#!|&~@:$.]/g, (c) => `&#${c.charCodeAt(0)};${"@#".includes(c) ? "&#8203;" : ""}`);
