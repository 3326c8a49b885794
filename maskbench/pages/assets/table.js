// The table of the pages: markup as tables.py writes it; headings sort: up, down, as it was.
import { make } from "pages/elements.js";

/**
 * Return a titled table; nothing without rows. A > before a column's name: numbers, to the right.
 * @param {string} title
 * @param {string[]} columns
 * @param {(string | Node)[][]} rows
 * @param {"h2" | "h3"} heading
 * @returns {HTMLElement[]}
 */
export function table(title, columns, rows, heading = "h3") {
  if (!rows.length) return [];
  const kinds = columns.map((name) => (name.startsWith(">") ? "number" : null));
  const head = columns.map((name, i) => make("th", { scope: "col", class: kinds[i] }, name.replace(">", "")));
  const body = rows.map((row) => make("tr", {}, ...row.map((cell, i) => make("td", { class: kinds[i] }, cell))));
  const element = make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body));
  makeSortable(element);
  return [make(heading, {}, title), make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, element)];
}

/**
 * Let the headings of a table sort its rows: up, down, as it was.
 * @param {HTMLTableElement} element
 */
export function makeSortable(element) {
  const body = element.tBodies[0];
  const rows = [...body.rows];
  if (rows.length < 2) return;
  const headings = [...element.rows[0].cells];
  headings.forEach((heading, column) => {
    const steps = ["ascending", "descending"];
    if (heading.classList.contains("number")) steps.reverse();
    const turn = () => {
      const next = steps[steps.indexOf(heading.getAttribute("aria-sort") || "") + 1];
      for (const other of headings) other.removeAttribute("aria-sort");
      if (next) heading.setAttribute("aria-sort", next);
      body.append(...(next ? sorted(rows, column, next) : rows));
    };
    heading.replaceChildren(make("button", { type: "button", class: "sort", on: { click: turn } }, ...heading.childNodes));
  });
}

/** @param {HTMLTableRowElement[]} rows @param {number} column @param {string} direction */
function sorted(rows, column, direction) {
  const sign = direction === "ascending" ? 1 : -1;
  const values = new Map(rows.map((row) => [row, sortValue(row.cells[column])]));
  return [...rows].sort((a, b) => sign * compare(values.get(a), values.get(b)));
}

/**
 * Return what a cell is sorted by: its data-value or text, as a number where it is one.
 * @param {HTMLTableCellElement} cell
 */
function sortValue(cell) {
  const text = cell.dataset.value ?? cell.textContent ?? "";
  const number = Number(text.replace(/,|\s*%$/g, "") || NaN);
  return Number.isNaN(number) ? text : number;
}

/**
 * Compare two values; numbers come before words.
 * @param {any} a
 * @param {any} b
 */
function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a.localeCompare(b, "en", { numeric: true });
}

/** Make all tables of a part of the page sortable. @param {ParentNode} root */
export function sortTables(root) {
  for (const element of root.querySelectorAll("table")) makeSortable(element);
}
